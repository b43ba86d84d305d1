use std::{error::Error, fmt, str::FromStr};

use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;

/// A level, or directives `target=level` divided by commas, as it was written.
#[derive(Clone, Debug)]
pub(crate) struct Directives {
    text: Box<str>,
    targets: Targets,
    /// What no target has is told by one comparison.
    lowest: LevelFilter,
    /// Whether all targets have it.
    is_uniform: bool,
}

/// A log level that is neither a level nor directives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLogLevel {
    pub(crate) problem: String,
}

impl Directives {
    /// Whether an event of this target and level is logged.
    #[inline]
    pub(crate) fn enable(&self, target: &str, level: Level) -> bool {
        level <= self.lowest && (self.is_uniform || self.targets.would_enable(target, &level))
    }

    /// The lowest level that any target has.
    pub(super) const fn lowest_level(&self) -> LevelFilter {
        self.lowest
    }

    fn new(text: Box<str>, targets: Targets, is_uniform: bool) -> Self {
        // Only its layer's interface has it, and of that each subscriber has one of its own.
        let filter: &dyn tracing_subscriber::layer::Filter<tracing_subscriber::Registry> = &targets;
        Self {
            lowest: filter.max_level_hint().unwrap_or(LevelFilter::TRACE),
            text,
            targets,
            is_uniform,
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Directives {
    type Err = InvalidLogLevel;

    fn from_str(text: &str) -> Result<Self, InvalidLogLevel> {
        let invalid = |problem| InvalidLogLevel { problem };
        let parts = text.split(',').map(str::trim);
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        if parts.is_empty() {
            return Err(invalid("is empty".to_owned()));
        }
        // `Targets` takes a bare word that is no level for a target that is to be shown whole.
        let mut words = parts.iter().filter(|part| !part.contains('='));
        if let Some(part) = words.find(|part| part.parse::<LevelFilter>().is_err()) {
            return Err(invalid(format!("has {part:?}, which is no level")));
        }
        // A space would be taken for a part of the target.
        let text = parts.join(",");
        let targets =
            Targets::from_str(&text).map_err(|error| invalid(format!("is {text:?}: {error}")))?;
        let is_uniform = matches!(parts[..], [only] if !only.contains('='));
        Ok(Self::new(text.into(), targets, is_uniform))
    }
}

/// The level `info`.
impl Default for Directives {
    fn default() -> Self {
        let targets = Targets::new().with_default(LevelFilter::INFO);
        Self::new("info".into(), targets, true)
    }
}

impl fmt::Display for InvalidLogLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the log level {}; expected a level (trace, debug, info, warn, error, off) or directives as \
             info,sqlx=warn",
            self.problem
        )
    }
}

impl Error for InvalidLogLevel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_set_levels_by_target() {
        let directives: Directives = " info, sqlx=debug, ".parse().unwrap();
        assert!(directives.enable("app", Level::INFO));
        assert!(!directives.enable("app", Level::DEBUG));
        assert!(directives.enable("sqlx::query", Level::DEBUG));
        assert_eq!(directives.lowest_level(), LevelFilter::DEBUG);
        assert_eq!(directives.as_str(), "info,sqlx=debug");
    }

    #[test]
    fn what_is_no_level_says_what_is_wrong_and_what_is_expected() {
        for (bad, problem) in [
            ("loud", "has \"loud\", which is no level"),
            ("info,sqlx", "has \"sqlx\", which is no level"),
            (" ", "is empty"),
        ] {
            let error = bad.parse::<Directives>().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "the log level {problem}; expected a level (trace, debug, info, warn, error, off) or directives \
                     as info,sqlx=warn"
                )
            );
        }
        assert!("sqlx=loud".parse::<Directives>().is_err());
    }
}
