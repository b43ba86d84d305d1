/// What a user can subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Plan {
    Basic,
    Pro,
}

impl Plan {
    pub(crate) const ALL: [Self; 2] = [Self::Basic, Self::Pro];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Pro => "pro",
        }
    }
}
