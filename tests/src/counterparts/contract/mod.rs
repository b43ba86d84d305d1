//! The contract between the catalogue and those who ask for its metrics: rules and dashboards name only what there is.
//! Queries are parsed, not searched.

mod document;
mod expression;
mod infra;
mod metric;
mod rules;
mod tests;

pub(crate) use self::{
    document::{Described, document},
    metric::Contract,
    rules::{Rule, Rules},
};
