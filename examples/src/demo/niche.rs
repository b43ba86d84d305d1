/// What a script is about; it decides how its frames look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Niche {
    Finance,
    History,
    Science,
    Horror,
    Motivation,
}

impl Niche {
    pub(crate) const ALL: [Self; 5] = [
        Self::Finance,
        Self::History,
        Self::Science,
        Self::Horror,
        Self::Motivation,
    ];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|niche| niche.as_str() == name)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Finance => "finance",
            Self::History => "history",
            Self::Science => "science",
            Self::Horror => "horror",
            Self::Motivation => "motivation",
        }
    }
}
