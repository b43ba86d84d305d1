use std::{collections::HashMap, error::Error, fmt};

use prometheus::{
    Registry,
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::catalog::Definition;

/// A registry has a metric that the monitor was to put there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisterError {
    /// The metric's name, where it can be told.
    pub metric: Option<String>,
    reason: String,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.metric {
            Some(name) => write!(
                formatter,
                "the registry has a metric {name} already; give the monitor's metrics a registry of \
                 their own"
            ),
            None => write!(
                formatter,
                "the registry refuses the monitor's metrics: {}; give them a registry of their own",
                self.reason
            ),
        }
    }
}

impl Error for RegisterError {}

/// Lets `registry` gather what `collect` makes of these definitions.
///
/// A collector of our own, for `HistogramVec` finds series by a hash of their values without comparing them.
pub(super) fn register(
    registry: &Registry,
    definitions: &[&'static Definition],
    collect: impl Fn() -> Vec<MetricFamily> + Send + Sync + 'static,
) -> Result<(), RegisterError> {
    let error = |error: &prometheus::Error, metric: Option<String>| RegisterError {
        metric,
        reason: error.to_string(),
    };
    let descriptions = definitions
        .iter()
        .map(|definition| {
            Desc::new(
                definition.name.to_owned(),
                definition.help.to_owned(),
                definition
                    .labels
                    .iter()
                    .map(|label| label.name.to_owned())
                    .collect(),
                HashMap::new(),
            )
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|failure| error(&failure, None))?;
    // Empty families of others are not gathered, and only then is the registry's own text all there is.
    let taken = registry.gather().into_iter().find_map(|family| {
        let name = family.name();
        definitions
            .iter()
            .any(|definition| definition.name == name)
            .then(|| name.to_owned())
    });
    if let Some(name) = taken {
        return Err(error(&prometheus::Error::AlreadyReg, Some(name)));
    }
    registry
        .register(Box::new(Described {
            descriptions,
            collect,
        }))
        .map_err(|failure| error(&failure, None))
}

struct Described<F> {
    descriptions: Vec<Desc>,
    collect: F,
}

impl<F> Collector for Described<F>
where
    F: Fn() -> Vec<MetricFamily> + Send + Sync,
{
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        (self.collect)()
    }
}
