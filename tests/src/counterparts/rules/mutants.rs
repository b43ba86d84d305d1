//! Each rule, changed in one place, and the rule's tests run against it: a change that no test notices is a failure here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
};

use promql_parser::parser;
use serde_json::{Value, json};

use super::{
    equivalent::EQUIVALENT,
    mutation::mutants,
    promtool::{INFRA, test_files},
};
use crate::{
    contract::{Rule, Rules},
    parts::{Folder, program, run},
};

/// A rule that is another than it should be.
struct Mutant {
    rule: String,
    /// What it says, and what it should say.
    change: String,
    changed: Rule,
}

/// A file of tests with the rules that it is about, and those that they ask for.
struct Suite {
    name: String,
    text: String,
    rules: Vec<Rule>,
    /// The rules whose tests these are.
    tested: BTreeSet<String>,
}

#[test]
fn a_test_notices_every_change_to_a_rule() {
    let Some(promtool) = program("promtool") else {
        return;
    };
    let rules: Vec<_> = Rules::read().all().cloned().collect();
    let suites = suites(&rules);
    let untested: Vec<_> = rules
        .iter()
        .filter(|rule| {
            !suites
                .iter()
                .any(|suite| suite.tested.contains(rule.name()))
        })
        .map(Rule::name)
        .collect();
    assert_eq!(
        untested,
        Vec::<&str>::new(),
        "rules without a test in infra/tests"
    );

    let folder = Folder::new();
    for suite in &suites {
        let said = fails(&promtool, &folder, suite, None);
        assert_eq!(said, None, "{} fails with its own rules alone", suite.name);
    }
    let mutants: Vec<_> = rules.iter().flat_map(of_rule).collect();
    let count = mutants.len();
    let (waiting, survivors) = (Mutex::new(mutants), Mutex::new(BTreeSet::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let folder = Folder::new();
                loop {
                    let Some(mutant) = waiting.lock().unwrap().pop() else {
                        return;
                    };
                    let mut of_it = suites
                        .iter()
                        .filter(|suite| suite.tested.contains(&mutant.rule));
                    if !of_it.any(|suite| fails(&promtool, &folder, suite, Some(&mutant)).is_some())
                    {
                        survivors
                            .lock()
                            .unwrap()
                            .insert((mutant.rule, mutant.change));
                    }
                }
            });
        }
    });
    assert!(count > 300, "only {count} mutants");
    let survivors = survivors.into_inner().unwrap();
    let equivalent: BTreeSet<_> = EQUIVALENT
        .iter()
        .flat_map(|(_, mutants)| *mutants)
        .map(|(rule, change)| ((*rule).to_owned(), (*change).to_owned()))
        .collect();
    let unnoticed: Vec<_> = survivors.difference(&equivalent).collect();
    assert!(
        unnoticed.is_empty(),
        "{count} mutants; unnoticed: {unnoticed:#?}"
    );
    let unneeded: Vec<_> = equivalent.difference(&survivors).collect();
    assert!(
        unneeded.is_empty(),
        "tests notice what is listed as equivalent, or it is no mutant: {unneeded:#?}"
    );
}

/// The changes to a rule's expression and to how long it has to hold.
fn of_rule(rule: &Rule) -> Vec<Mutant> {
    let original = parser::parse(rule.expr()).unwrap();
    let text = original.to_string();
    let mutants = mutants(&original)
        .into_iter()
        .map(|mutant| mutant.to_string());
    let mut seen = BTreeSet::new();
    let mut found: Vec<_> = mutants
        .filter(|mutant| *mutant != text && seen.insert(mutant.clone()))
        // One that changes a type is none that a server would take.
        .filter(|mutant| parser::parse(mutant).is_ok())
        .map(|mutant| {
            let mut changed = rule.clone();
            match &mut changed {
                Rule::Recording { expr, .. } => expr.clone_from(&mutant),
                Rule::Alerting(alert) => alert.expr.clone_from(&mutant),
            }
            Mutant {
                rule: rule.name().to_owned(),
                change: difference(&text, &mutant),
                changed,
            }
        })
        .collect();
    if let Rule::Alerting(alert) = rule {
        let hold = alert.hold.as_deref().unwrap();
        let others: &[&str] = match hold {
            "0s" => &["1m"],
            "1m" => &["0s", "2m"],
            "2m" => &["0s", "1m", "4m"],
            "5m" => &["0s", "2m", "10m"],
            "10m" => &["0s", "5m", "20m"],
            "15m" => &["0s", "7m", "30m"],
            hold => panic!("{hold} has no mutants yet"),
        };
        found.extend(others.iter().map(|other| {
            let mut changed = alert.clone();
            changed.hold = Some((*other).to_owned());
            Mutant {
                rule: alert.name.clone(),
                change: format!("for: {hold} -> {other}"),
                changed: Rule::Alerting(changed),
            }
        }));
    }
    found
}

/// Where two expressions differ, with a word or two around it.
fn difference(one: &str, other: &str) -> String {
    let is_boundary = |character: char| " ({[".contains(character);
    let common = one
        .bytes()
        .zip(other.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    let start = one[..common]
        .rfind(is_boundary)
        .map_or(0, |position| position + 1);
    let rest = (one[start..].bytes().rev()).zip(other[start..].bytes().rev());
    let end = rest.take_while(|(a, b)| a == b).count();
    let (one_end, other_end) = (one.len() - end, other.len() - end);
    format!(
        "at {start}: {} -> {}",
        &one[start..one_end],
        &other[start..other_end]
    )
}

/// Each file with the rules that it names.
fn suites(rules: &[Rule]) -> Vec<Suite> {
    let by_name: BTreeMap<_, _> = rules.iter().map(|rule| (rule.name(), rule)).collect();
    let files = test_files().into_iter();
    files
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let of_records = file
                .parent()
                .is_some_and(|parent| parent.ends_with("recorded"));
            let tested: BTreeSet<_> = by_name
                .values()
                .filter(|rule| matches!(rule, Rule::Recording { .. }) == of_records)
                .filter(|rule| text.contains(rule.name()))
                .map(|rule| rule.name().to_owned())
                .collect();
            let mut needed = tested.clone();
            loop {
                let asked: BTreeSet<_> = by_name
                    .keys()
                    .filter(|name| {
                        needed
                            .iter()
                            .any(|rule| by_name[rule.as_str()].expr().contains(**name))
                    })
                    .map(|name| (*name).to_owned())
                    .collect();
                let count = needed.len();
                needed.extend(asked);
                if needed.len() == count {
                    break;
                }
            }
            let rules = rules
                .iter()
                .filter(|rule| needed.contains(rule.name()))
                .cloned();
            Suite {
                name: file.file_name().unwrap().to_string_lossy().into_owned(),
                text,
                rules: rules.collect(),
                tested,
            }
        })
        .collect()
}

/// What promtool says where a test fails.
fn fails(
    promtool: &Path,
    folder: &Folder,
    suite: &Suite,
    mutant: Option<&Mutant>,
) -> Option<String> {
    let rules = suite.rules.iter().map(|rule| match mutant {
        Some(mutant) if mutant.rule == rule.name() => &mutant.changed,
        _ => rule,
    });
    // JSON is YAML.
    let rules =
        json!({"groups": [{"name": "mutant", "rules": rules.map(of_yaml).collect::<Vec<_>>()}]});
    fs::write(folder.join("alerts.yml"), rules.to_string()).unwrap();
    let tests = suite
        .text
        .replace("../../alerts.yml", "alerts.yml")
        .replace("../alerts.yml", "alerts.yml");
    let file: PathBuf = folder.join("tests.yml");
    fs::write(&file, tests).unwrap();
    let mut command = Command::new(promtool);
    command
        .args(["test", "rules"])
        .arg(file)
        .current_dir(INFRA)
        // It is over before there is anything to collect.
        .env("GOGC", "off");
    let output = run(command, b"");
    if output.succeeded {
        return None;
    }
    let said = format!("{}{}", output.stdout, output.stderr);
    // One that a server refuses has not been tested.
    let has_run = said.contains("got:") || said.contains("found duplicate series");
    assert!(has_run, "{}: {said} {rules}", suite.name);
    Some(said)
}

fn of_yaml(rule: &Rule) -> Value {
    match rule {
        Rule::Recording {
            record,
            expr,
            labels,
        } => json!({"record": record, "expr": expr, "labels": labels}),
        Rule::Alerting(alert) => json!({
            "alert": alert.name,
            "expr": alert.expr,
            "for": alert.hold,
            "labels": alert.labels,
            "annotations": alert.annotations,
        }),
    }
}
