//! That the Kubernetes examples fit the demo and each other. `UPDATE=1 cargo test` writes the rules anew.

use std::{env, fs};

use serde_json::Value;

use super::yaml::{document, documents, path};

const RULE: &str = "kubernetes/prometheus-rule.yml";
const HEAD: &str = "\
# The rules of ../alerts.yml for the Prometheus operator: written from there, and held equal by a test.
# UPDATE=1 cargo test --workspace rewrites it.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: monitor-layer
spec:
";
/// What a service that is asked to stop takes past its deadline: letting go of what is left, and sending. In seconds.
const LAST_SECONDS: u64 = 1 + 3;

fn of_kind(kind: &str) -> Value {
    let all = documents("kubernetes/demo.yml");
    all.into_iter().find(|each| each["kind"] == kind).unwrap()
}

#[test]
fn the_pod_is_probed_where_the_monitor_answers_and_has_the_time_to_stop() {
    let pod = &of_kind("Deployment")["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let seconds = |name: &str| -> u64 {
        let settings = container["env"].as_array().unwrap();
        let setting = settings.iter().find(|each| each["name"] == name).unwrap();
        setting["value"].as_str().unwrap().parse().unwrap()
    };
    let stopping = seconds("GRACE_SECONDS") + seconds("DEADLINE_SECONDS") + LAST_SECONDS;
    assert!(pod["terminationGracePeriodSeconds"].as_u64().unwrap() > stopping);
    let port = &container["ports"][0];
    assert_eq!(port["containerPort"], 3000);
    for (probe, asked) in [
        ("livenessProbe", "/health"),
        ("startupProbe", "/health"),
        ("readinessProbe", "/ready"),
    ] {
        let get = &container[probe]["httpGet"];
        assert_eq!(get["path"], asked, "{probe}");
        assert_eq!(get["port"], port["name"], "{probe}");
    }
    assert_eq!(
        container["volumeMounts"][0]["name"],
        pod["volumes"][0]["name"]
    );
}

#[test]
fn the_service_finds_the_pod_and_the_service_monitor_finds_the_service() {
    let (deployment, service) = (of_kind("Deployment"), of_kind("Service"));
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    assert_eq!(&deployment["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&service["spec"]["selector"], labels);
    let port = &service["spec"]["ports"][0];
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(port["targetPort"], container["ports"][0]["name"]);
    let monitor = document("kubernetes/service-monitor.yml");
    assert_eq!(
        monitor["spec"]["selector"]["matchLabels"],
        service["metadata"]["labels"]
    );
    assert_eq!(monitor["spec"]["endpoints"][0]["port"], port["name"]);
    assert_eq!(monitor["spec"]["endpoints"][0]["path"], "/metrics");
}

#[test]
fn the_prometheus_rule_has_the_groups_of_the_rules() {
    let rules = fs::read_to_string(path("alerts.yml")).unwrap();
    let mut expected = HEAD.to_owned();
    for line in rules.lines().skip_while(|line| line.starts_with('#')) {
        let indent = if line.is_empty() { "" } else { "  " };
        expected += &format!("{indent}{line}\n");
    }
    if env::var_os("UPDATE").is_some() {
        fs::write(path(RULE), &expected).unwrap();
    }
    let written = fs::read_to_string(path(RULE)).unwrap_or_default();
    assert!(
        written == expected,
        "infra/{RULE} is not what alerts.yml says; UPDATE=1 cargo test --workspace rewrites it"
    );
    assert_eq!(
        document(RULE)["spec"]["groups"],
        document("alerts.yml")["groups"]
    );
}
