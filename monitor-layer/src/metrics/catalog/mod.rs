//! What is measured: every metric's name, kind, help, labels and buckets, in one place.
//!
//! Names, labels and closed values are public API. `docs/metrics.md` is written from here.

mod business;
mod client;
#[cfg(test)]
mod document;
mod http;
mod operations;
mod work;

pub(crate) use self::{business::*, client::*, http::*, operations::*, work::*};

/// One metric.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) help: &'static str,
    pub(crate) labels: &'static [Label],
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    /// Of durations, with upper bounds in seconds.
    Seconds(&'static [f64]),
    /// Of sizes, with upper bounds in bytes.
    Bytes(&'static [f64]),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Label {
    pub(crate) name: &'static str,
    pub(crate) values: Values,
}

/// What bounds the number of a label's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Values {
    /// These alone.
    Closed(&'static [&'static str]),
    /// As many as the code has: routes, steps, checks, statuses.
    Code,
    /// Whatever comes in, up to the budget; then `_other`.
    Budgeted,
}

/// What stands for label values beyond a budget.
pub(crate) const OTHER: &str = "_other";

/// The units that names end in.
const UNITS: [&str; 3] = ["seconds", "bytes", "usd"];

impl Definition {
    /// The unit that the name ends in, where it has one.
    pub(crate) fn unit(&self) -> Option<&'static str> {
        let name = self.name.strip_suffix("_total").unwrap_or(self.name);
        UNITS.into_iter().find(|unit| {
            name.strip_suffix(unit)
                .is_some_and(|rest| rest.ends_with('_'))
        })
    }

    /// The classic upper bounds of a histogram.
    pub(crate) const fn bounds(&self) -> &'static [f64] {
        match self.kind {
            Kind::Seconds(bounds) | Kind::Bytes(bounds) => bounds,
            Kind::Counter | Kind::Gauge => &[],
        }
    }
}

/// Every metric, in the order of the parts that they belong to.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = &'static Definition> {
    HTTP.into_iter().chain(beside_http())
}

/// Those of a monitor that are not of its requests.
pub(crate) fn beside_http() -> impl Iterator<Item = &'static Definition> {
    CLIENT
        .into_iter()
        .chain(WORK)
        .chain(BUSINESS)
        .chain(OPERATIONS)
}

const fn closed(name: &'static str, values: &'static [&'static str]) -> Label {
    Label {
        name,
        values: Values::Closed(values),
    }
}

const fn code(name: &'static str) -> Label {
    Label {
        name,
        values: Values::Code,
    }
}

const fn budgeted(name: &'static str) -> Label {
    Label {
        name,
        values: Values::Budgeted,
    }
}

/// The label values of an enum's variants: a constant of their texts.
macro_rules! label_values {
    ($type:ty) => {{
        const VALUES: [&str; <$type>::ALL.len()] = {
            let mut values = [""; <$type>::ALL.len()];
            let mut at = 0;
            while at < values.len() {
                values[at] = <$type>::ALL[at].as_str();
                at += 1;
            }
            values
        };
        &VALUES
    }};
}
use label_values;
