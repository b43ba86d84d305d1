use std::{error::Error, fmt, str::FromStr};

/// What kind of failure an error is: the label `category` of `errors_total`, of log lines and of error events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Category {
    /// Who is asking could not be established, or may not do this.
    Auth,
    /// The service's own processing failed.
    Pipeline,
    /// A payment failed.
    Payment,
    /// Something took too long.
    Timeout,
    /// Too much was asked for in too short a time.
    RateLimit,
    /// None of the others.
    Unknown,
}

impl Category {
    /// Every category, in the order of their declaration.
    pub const ALL: [Self; 6] = [
        Self::Auth,
        Self::Pipeline,
        Self::Payment,
        Self::Timeout,
        Self::RateLimit,
        Self::Unknown,
    ];

    /// The name as it stands in metrics, logs and events, and as it is parsed.
    ///
    /// ```
    /// use monitor_layer::Category;
    ///
    /// assert_eq!(Category::RateLimit.as_str(), "rate_limit");
    /// assert_eq!("rate_limit".parse(), Ok(Category::RateLimit));
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Pipeline => "pipeline",
            Self::Payment => "payment",
            Self::Timeout => "timeout",
            Self::RateLimit => "rate_limit",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for Category {
    type Err = UnknownCategory;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|category| category.as_str() == name)
            .ok_or_else(|| UnknownCategory {
                name: name.chars().take(LONGEST_QUOTED_NAME).collect(),
            })
    }
}

const LONGEST_QUOTED_NAME: usize = 64;

/// A name that is none of a [`Category`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCategory {
    name: String,
}

impl fmt::Display for UnknownCategory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} is no error category; expected ", self.name)?;
        for (place, category) in Category::ALL.into_iter().enumerate() {
            let separator = match place {
                0 => "",
                _ if place + 1 == Category::ALL.len() => " or ",
                _ => ", ",
            };
            write!(formatter, "{separator}{category}")?;
        }
        Ok(())
    }
}

impl Error for UnknownCategory {}

/// What an error says of itself.
///
/// A category decides. Else a code with the prefix `AUTH_`, `PIPELINE_` or `PAYMENT_` does, and else what is known
/// of the error's type and text. Steps see this trait on the error that they return; errors further down the source
/// chain are asked where their type is registered with the monitor's builder. Mostly derived, by
/// [`derive(Categorize)`](macro@crate::Categorize); by hand it is:
///
/// ```
/// use std::{error::Error, fmt};
///
/// use monitor_layer::{Categorize, Category};
///
/// #[derive(Debug)]
/// enum CheckoutError {
///     CardDeclined,
///     TooManyAttempts,
///     AssetMissing,
/// }
///
/// impl Categorize for CheckoutError {
///     fn category(&self) -> Option<Category> {
///         matches!(self, Self::TooManyAttempts).then_some(Category::RateLimit)
///     }
///
///     fn code(&self) -> Option<&str> {
///         match self {
///             Self::CardDeclined => Some("PAYMENT_CARD_DECLINED"),
///             Self::TooManyAttempts => None,
///             Self::AssetMissing => Some("PIPELINE_ASSET_MISSING"),
///         }
///     }
/// }
///
/// impl fmt::Display for CheckoutError {
///     fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
///         formatter.write_str("the checkout failed")
///     }
/// }
///
/// impl Error for CheckoutError {}
///
/// assert_eq!(CheckoutError::TooManyAttempts.category(), Some(Category::RateLimit));
/// assert_eq!(CheckoutError::CardDeclined.code(), Some("PAYMENT_CARD_DECLINED"));
/// assert_eq!(CheckoutError::AssetMissing.category(), None); // its code tells: `pipeline`
/// ```
pub trait Categorize {
    /// The error's category, where the error itself knows best.
    fn category(&self) -> Option<Category> {
        None
    }

    /// A stable code to search for, such as `PAYMENT_CARD_DECLINED`.
    fn code(&self) -> Option<&str> {
        None
    }

    /// Whether another try may succeed, as after a time-out: a job that may be tried again then is.
    fn is_transient(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_is_parsed_from_its_own_name() {
        let names = Category::ALL.map(Category::as_str);
        assert_eq!(
            names,
            [
                "auth",
                "pipeline",
                "payment",
                "timeout",
                "rate_limit",
                "unknown"
            ]
        );
        for category in Category::ALL {
            assert_eq!(category.to_string().parse(), Ok(category));
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_what_is_expected() {
        assert_eq!(
            "Quota".parse::<Category>().unwrap_err().to_string(),
            "\"Quota\" is no error category; expected auth, pipeline, payment, timeout, rate_limit or unknown"
        );
        let long = "x".repeat(1_000).parse::<Category>().unwrap_err();
        assert!(long.to_string().len() < 200);
    }

    #[test]
    fn an_error_that_says_nothing_of_itself_has_neither_category_nor_code() {
        struct Silent;
        impl Categorize for Silent {}
        assert_eq!((Silent.category(), Silent.code()), (None, None));
        assert!(!Silent.is_transient());
    }
}
