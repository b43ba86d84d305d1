//! That the rules of `infra/` hold the contract.

use std::{fs, path::Path};

use super::{Contract, Rules};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const RUNBOOKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/runbooks");

/// What the contract fixes: severity, `for` and summary.
const FIXED: [(&str, &str, &str, &str); 4] = [
    (
        "HighErrorRate",
        "critical",
        "5m",
        "High error rate detected",
    ),
    ("QueueBacklog", "warning", "10m", "Job queue backlog"),
    (
        "HighJobFailureRate",
        "critical",
        "15m",
        "High job failure rate",
    ),
    ("SlowResponses", "warning", "5m", "Slow API responses"),
];

#[test]
fn every_rule_asks_only_for_what_there_is() {
    let (rules, contract) = (Rules::read(), Contract::read());
    let problems: Vec<_> = rules
        .all()
        .flat_map(|rule| {
            let problems = contract.check(rule.expr()).problems.into_iter();
            problems.map(move |problem| format!("{}: {problem}", rule.name()))
        })
        .collect();
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn the_alerts_of_the_contract_are_as_it_says() {
    let rules = Rules::read();
    for (name, severity, hold, summary) in FIXED {
        let alert = rules.alerts().find(|alert| alert.name == name);
        let alert = alert.unwrap_or_else(|| panic!("there is no {name}"));
        assert_eq!(alert.labels["severity"], severity, "{name}");
        assert_eq!(alert.hold.as_deref(), Some(hold), "{name}");
        assert_eq!(alert.annotations["summary"], summary, "{name}");
    }
}

#[test]
fn every_alert_says_how_bad_it_is_and_leads_to_its_runbook() {
    let rules = Rules::read();
    for alert in rules.alerts() {
        let name = &alert.name;
        let severity = alert.labels["severity"].as_str();
        assert!(
            ["critical", "warning", "info"].contains(&severity),
            "{name}"
        );
        assert_eq!(
            alert.labels.len(),
            1,
            "{name}: Alertmanager routes by severity alone"
        );
        assert!(alert.hold.is_some(), "{name} has no `for`");
        assert!(
            !alert.annotations["summary"].contains("{{"),
            "{name}: its summary is the same for all"
        );
        assert!(!alert.annotations["description"].is_empty(), "{name}");
        let page = format!("docs/runbooks/{name}.md");
        assert_eq!(alert.annotations["runbook_url"], page, "{name}");
        let text = fs::read_to_string(Path::new(ROOT).join(&page)).unwrap();
        let parts: Vec<_> = text.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(parts[0], format!("# {name}"));
        for part in ["## What to look at", "## What to do"] {
            assert!(parts.contains(&part), "{page} has no {part:?}");
        }
    }
}

#[test]
fn every_runbook_is_of_an_alert_and_leads_only_to_pages_that_exist() {
    let rules = Rules::read();
    let mut names: Vec<_> = rules.alerts().map(|alert| alert.name.clone()).collect();
    names.push("README".to_owned());
    names.sort();
    let mut pages = vec![];
    for (name, text) in runbooks() {
        for link in text.split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            let path = Path::new(RUNBOOKS).join(target);
            assert!(path.exists(), "{name} leads to {target}");
        }
        pages.push(name);
    }
    pages.sort();
    assert_eq!(pages, names);
}

/// Queries stand in blocks of their own, or are what `query` is in a command.
#[test]
fn every_query_of_a_runbook_asks_only_for_what_there_is() {
    let contract = Contract::read();
    let (mut problems, mut count) = (vec![], 0);
    for (name, text) in runbooks() {
        let blocks = text
            .split("```promql\n")
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap());
        let commands = text
            .split("'query=")
            .skip(1)
            .map(|rest| rest.split('\'').next().unwrap());
        for query in blocks.chain(commands) {
            count += 1;
            let found = contract.check(query).problems.into_iter();
            problems.extend(found.map(|problem| format!("{name}: {problem}")));
        }
    }
    assert!(count > 30, "{count}");
    assert_eq!(problems, Vec::<String>::new());
}

/// By name.
fn runbooks() -> Vec<(String, String)> {
    let entries = fs::read_dir(RUNBOOKS).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let pages = paths.map(|path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    });
    pages.collect()
}
