//! That one `prometheus.yml` serves both who runs the demo on this machine and the compose file.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::yaml::{document, elements};

/// Prometheus, wherever it runs.
const ITSELF: &str = "127.0.0.1:9090";

/// Every list of targets that a configuration asks for.
fn target_files(value: &Value, files: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(lists) = members.get("static_configs") {
                assert_eq!(
                    *lists,
                    json!([{"targets": [ITSELF]}]),
                    "targets stand in files, so that compose.yml can put others in their place"
                );
            }
            if let Some(lists) = members.get("file_sd_configs") {
                let lists = elements(lists).flat_map(|list| elements(&list["files"]));
                files.extend(lists.map(|file| file.as_str().unwrap().to_owned()));
            }
            members
                .values()
                .for_each(|member| target_files(member, files));
        }
        Value::Array(all) => all.iter().for_each(|each| target_files(each, files)),
        _ => {}
    }
}

#[test]
fn every_target_is_there_for_this_machine_and_for_compose() {
    let mut files = BTreeSet::new();
    target_files(&document("prometheus.yml"), &mut files);
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        let name = file.strip_prefix("targets/host/").unwrap();
        for folder in ["host", "compose"] {
            let groups = document(&format!("targets/{folder}/{name}"));
            assert!(
                elements(&groups[0]["targets"]).next().is_some(),
                "{folder}/{name}"
            );
        }
    }
}
