//! That dashboards ask for what there is, and show all of it.

use std::collections::BTreeSet;

use super::{dashboard::Dashboard, variables::Variables};
use crate::contract::Contract;

const BUILT_IN: [(&str, &str); 2] = [("__rate_interval", "1m"), ("__range", "1h")];

#[test]
fn every_query_asks_only_for_what_the_catalogue_has() {
    let contract = Contract::read();
    let mut problems = vec![];
    for dashboard in Dashboard::all() {
        let variables = Variables::of(&dashboard, &BUILT_IN);
        for query in dashboard.queries() {
            let found = match variables.resolve(&query.expr) {
                Ok(expr) => contract.check(&expr).problems,
                Err(problem) => vec![problem],
            };
            let place = format!("{}, {}", dashboard.name, query.title);
            problems.extend(
                found
                    .into_iter()
                    .map(|problem| format!("{place}: {problem}")),
            );
        }
    }
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn every_variable_takes_the_values_of_a_label_that_there_is() {
    let contract = Contract::read();
    let mut problems = vec![];
    for dashboard in Dashboard::all() {
        let variables = Variables::of(&dashboard, &BUILT_IN);
        let of_labels = dashboard.label_variables();
        assert!(of_labels.len() >= 2, "{of_labels:?}");
        for (name, (selector, label)) in of_labels {
            let asked = variables.resolve(&format!("count by ({label}) ({selector})"));
            let found = contract.check(&asked.unwrap()).problems;
            let place = format!("{}, {name}", dashboard.name);
            problems.extend(
                found
                    .into_iter()
                    .map(|problem| format!("{place}: {problem}")),
            );
        }
    }
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn every_variable_is_used() {
    for dashboard in Dashboard::all() {
        for variable in dashboard.variables() {
            let name = variable["name"].as_str().unwrap();
            let used = [format!("${name}"), format!("${{{name}}}")];
            assert!(
                used.iter().any(|used| dashboard.text.contains(used)),
                "{}: {name} changes nothing",
                dashboard.name
            );
        }
    }
}

#[test]
fn every_metric_of_the_catalogue_is_on_a_dashboard() {
    let contract = Contract::read();
    let mut shown = BTreeSet::new();
    for dashboard in Dashboard::all() {
        let variables = Variables::of(&dashboard, &BUILT_IN);
        for query in dashboard.queries() {
            shown.extend(
                contract
                    .check(&variables.resolve(&query.expr).unwrap())
                    .metrics,
            );
        }
    }
    let missing: Vec<_> = contract.catalogue().difference(&shown).collect();
    assert_eq!(missing, Vec::<&String>::new());
}
