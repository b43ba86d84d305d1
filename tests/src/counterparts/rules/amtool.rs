use std::process::Command;

use super::promtool::INFRA;
use crate::{
    contract::Rules,
    parts::{program, run},
};

#[test]
fn amtool_takes_the_configuration_of_alertmanager() {
    let Some(amtool) = program("amtool") else {
        return;
    };
    let mut command = Command::new(amtool);
    command
        .args(["check-config", "alertmanager.yml"])
        .current_dir(INFRA);
    let output = run(command, b"");
    assert!(output.succeeded, "{output:?}");
    assert!(output.stdout.contains("SUCCESS"), "{output:?}");
}

#[test]
fn each_alert_goes_to_whom_its_severity_says() {
    let Some(amtool) = program("amtool") else {
        return;
    };
    let rules = Rules::read();
    assert!(rules.alerts().count() > 10);
    for alert in rules.alerts() {
        let severity = alert.labels["severity"].as_str();
        let expected = match (alert.name.as_str(), severity) {
            ("Watchdog", _) => "dead_mans_switch",
            (_, "critical") => "pagerduty,slack",
            (_, "warning" | "info") => "slack",
            (name, severity) => panic!("{name} is {severity}"),
        };
        let mut command = Command::new(&amtool);
        command
            .args(["config", "routes", "test", "--config.file=alertmanager.yml"])
            .arg(format!("--verify.receivers={expected}"))
            .arg(format!("alertname={}", alert.name))
            .arg(format!("severity={severity}"))
            .arg("job=api")
            .current_dir(INFRA);
        let output = run(command, b"");
        assert!(output.succeeded, "{}: {output:?}", alert.name);
    }
}
