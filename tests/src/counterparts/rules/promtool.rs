use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::parts::{program, run};

pub(super) const INFRA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra");

#[test]
fn promtool_takes_the_rules_with_every_lint() {
    let Some(promtool) = program("promtool") else {
        return;
    };
    let mut command = Command::new(promtool);
    command
        .args(["check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"])
        .current_dir(INFRA);
    let output = run(command, b"");
    assert!(output.succeeded, "{output:?}");
    assert!(output.stdout.contains("SUCCESS"), "{output:?}");
}

#[test]
fn promtool_takes_the_configuration_of_prometheus() {
    let Some(promtool) = program("promtool") else {
        return;
    };
    let mut command = Command::new(promtool);
    command
        .args(["check", "config", "prometheus.yml"])
        .current_dir(INFRA);
    let output = run(command, b"");
    assert!(output.succeeded, "{output:?}");
    assert!(
        output.stdout.contains("SUCCESS: 1 rule files found"),
        "{output:?}"
    );
}

#[test]
fn the_rules_do_what_their_tests_say() {
    let Some(promtool) = program("promtool") else {
        return;
    };
    let mut command = Command::new(promtool);
    command
        .args(["test", "rules"])
        .args(test_files())
        .current_dir(INFRA);
    let output = run(command, b"");
    assert!(output.succeeded, "{output:?}");
}

/// Those of `infra/tests`.
pub(super) fn test_files() -> Vec<PathBuf> {
    let tests = Path::new(INFRA).join("tests");
    let mut files = vec![];
    for folder in [tests.clone(), tests.join("recorded")] {
        let entries = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        files.extend(
            entries.filter(|path| path.extension().is_some_and(|extension| extension == "yml")),
        );
    }
    files.sort();
    files
}
