//! That the compose file can start all of it.

use std::{collections::BTreeSet, path::Path, process::Command};

use serde_json::{Value, json};

use super::yaml::{document, elements, members, path};
use crate::parts::{Demo, Output, changed, installed, program, run, until};

/// There is nothing in its image that could ask.
const WITHOUT_CHECK: [&str; 1] = ["collector"];

fn compose() -> Value {
    document("compose.yml")
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("expected a text, found {value}"))
}

/// Source and target of each volume of a service.
fn volumes(service: &Value) -> impl Iterator<Item = (&str, &str)> {
    elements(&service["volumes"]).map(|volume| {
        let (source, rest) = text(volume).split_once(':').unwrap();
        (source, rest.trim_end_matches(":ro"))
    })
}

#[test]
fn it_is_what_the_specification_takes() {
    let Some(read) = reader() else {
        return;
    };
    let said = read(&compose());
    assert!(said.succeeded, "{}", said.stderr);
}

#[test]
fn a_broken_one_is_not_what_the_specification_takes() {
    let Some(read) = reader() else {
        return;
    };
    for (expected, pointer, value) in [
        ("restarts", "/services/demo/restarts", "always"),
        (
            "service_happy",
            "/services/grafana/depends_on/loki/condition",
            "service_happy",
        ),
        (
            "duration",
            "/services/demo/healthcheck/interval",
            "10 moons",
        ),
        ("port", "/services/demo/ports/0", "127.0.0.1:90900:3000"),
    ] {
        let said = read(&changed(&compose(), pointer, json!(value)));
        assert!(
            !said.succeeded && said.stderr.contains(expected),
            "{expected}: {said:?}"
        );
    }
}

/// What reads a file by the specification; `None` where it is not installed.
fn reader() -> Option<impl Fn(&Value) -> Output> {
    let python = program("python3")?;
    let installed = installed("compose")?;
    Some(move |file: &Value| {
        let mut command = Command::new(&python);
        command
            .env("PYTHONPATH", &installed)
            // No `__pycache__` among the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/src/counterparts/deployment/compose.py"
            ));
        run(command, file.to_string().as_bytes())
    })
}

#[test]
fn what_services_mount_and_name_is_there() {
    let compose = compose();
    for (name, service) in members(&compose["services"]) {
        for (source, _) in volumes(service) {
            if source.starts_with('.') {
                assert!(path(source).exists(), "{name}: {source}");
            } else if !source.starts_with('/') {
                assert!(compose["volumes"].get(source).is_some(), "{name}: {source}");
            }
        }
        for secret in elements(&service["secrets"]) {
            let source = text(&secret["source"]);
            assert!(compose["secrets"].get(source).is_some(), "{name}: {source}");
        }
        for (other, waits_for) in members(&service["depends_on"]) {
            let other = &compose["services"][other];
            assert!(other["healthcheck"].is_object(), "{name}: {waits_for}");
        }
        if let Some(file) = service["build"]["dockerfile"].as_str() {
            let context = text(&service["build"]["context"]);
            assert!(path(context).join(file).is_file(), "{name}: {file}");
        }
    }
}

#[test]
fn secrets_are_where_their_readers_look() {
    let compose = compose();
    let mounted = |service: &str| -> BTreeSet<_> {
        let secrets = elements(&compose["services"][service]["secrets"]);
        secrets
            .map(|secret| text(&secret["target"]).to_owned())
            .collect()
    };
    let mut named = BTreeSet::new();
    files_named_in(&document("alertmanager.yml"), &mut named);
    assert_eq!(mounted("alertmanager"), named);
    let of_grafana =
        &compose["services"]["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD__FILE"];
    assert!(mounted("grafana").contains(text(of_grafana)));
}

/// Where Alertmanager looks for the files that its configuration names.
fn files_named_in(value: &Value, named: &mut BTreeSet<String>) {
    for (name, member) in members(value) {
        match member.as_str() {
            Some(file) if name.ends_with("_file") => {
                // A path that begins at the root stays as it is.
                let path = Path::new("/etc/alertmanager").join(file);
                named.insert(path.display().to_string());
            }
            _ => files_named_in(member, named),
        }
    }
    elements(value).for_each(|each| files_named_in(each, named));
}

#[test]
fn every_service_is_pinned_limited_checked_and_started_again() {
    for (name, service) in members(&compose()["services"]) {
        if service["build"].is_null() {
            let (_, tag) = text(&service["image"]).rsplit_once(':').unwrap();
            let version = tag.trim_start_matches('v');
            assert_eq!(
                version.split('.').count(),
                3,
                "{name}: {tag} is no whole version"
            );
        }
        assert_eq!(service["restart"], "unless-stopped", "{name}");
        let limits = &service["deploy"]["resources"]["limits"];
        assert!(
            limits["memory"].is_string() && limits["cpus"].is_string(),
            "{name}"
        );
        let checked = service["healthcheck"]["test"].is_array();
        assert_ne!(checked, WITHOUT_CHECK.contains(&name), "{name}");
    }
}

#[test]
fn ports_are_open_to_this_machine_alone_and_given_once() {
    let mut taken = BTreeSet::new();
    for (name, service) in members(&compose()["services"]) {
        for port in elements(&service["ports"]) {
            let outside = text(port).strip_prefix("127.0.0.1:");
            let outside = outside.unwrap_or_else(|| panic!("{name}: {port} is open to others"));
            let (outside, _) = outside.split_once(':').unwrap();
            assert!(taken.insert(outside.to_owned()), "{name}: {port} is taken");
        }
    }
}

#[test]
fn hosts_that_parts_are_told_to_ask_are_services() {
    let compose = compose();
    let mut told = vec![
        text(&compose["services"]["demo"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"]).to_owned(),
    ];
    for (_, exporter) in members(&document("collector.yml")["exporters"]) {
        let endpoint = text(&exporter["endpoint"]);
        let (_, default) = endpoint.split_once(":-").unwrap();
        told.push(default.trim_end_matches('}').to_owned());
    }
    for source in
        elements(&document("grafana/provisioning/datasources/datasources.yml")["datasources"])
    {
        told.push(text(&source["url"]).to_owned());
    }
    for file in ["demo", "alertmanager"] {
        let groups = document(&format!("targets/compose/{file}.yml"));
        let targets = elements(&groups).flat_map(|group| elements(&group["targets"]));
        told.extend(targets.map(|target| text(target).to_owned()));
    }
    assert!(told.len() >= 9, "{told:?}");
    for address in told {
        let authority = address
            .trim_start_matches("http://")
            .split('/')
            .next()
            .unwrap();
        let (host, port) = authority.split_once(':').unwrap();
        let service = &compose["services"][host];
        assert!(service.is_object(), "{address}: there is no service {host}");
        let known =
            elements(&service["ports"]).any(|each| text(each).ends_with(&format!(":{port}")));
        let of_jaeger_s_own = (host, port) == ("jaeger", "4317");
        assert!(
            known || of_jaeger_s_own,
            "{address}: {host} has other ports"
        );
    }
}

#[test]
fn grafana_finds_the_dashboards_where_they_are_mounted() {
    let provider = document("grafana/provisioning/dashboards/dashboards.yml");
    let folder = text(&provider["providers"][0]["options"]["path"]).to_owned();
    let compose = compose();
    let mounted = volumes(&compose["services"]["grafana"]).find(|(_, target)| *target == folder);
    assert_eq!(mounted.unwrap().0, "./grafana/dashboards");
}

#[cfg(unix)]
#[tokio::test]
async fn the_demo_s_check_tells_one_that_is_ready_from_one_that_is_gone() {
    let Some(bash) = program("bash") else {
        return;
    };
    let mut demo = Demo::start().await;
    let (_, port) = demo.url.rsplit_once(':').unwrap();
    let check = compose()["services"]["demo"]["healthcheck"]["test"].clone();
    assert_eq!([&check[0], &check[1], &check[2]], ["CMD", "bash", "-c"]);
    let script = text(&check[3]).replace("/3000", &format!("/{port}"));
    let healthy = || {
        let mut command = Command::new(&bash);
        command.args(["-c", &script]);
        run(command, b"").succeeded
    };
    until("the demo to be ready", async || match healthy() {
        true => Ok(()),
        false => Err("it is not".to_owned()),
    })
    .await;
    demo.terminate();
    assert!(demo.stopped().await);
    assert!(!healthy());
}
