//! That Grafana's data sources are linked with each other, and the dashboards with them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::yaml::{document, elements, path};

/// Type and settings of each data source, by its uid.
fn sources() -> BTreeMap<String, Value> {
    let file = document("grafana/provisioning/datasources/datasources.yml");
    let all: Vec<_> = elements(&file["datasources"]).cloned().collect();
    let count = all.len();
    let by_uid: BTreeMap<_, _> = all
        .into_iter()
        .map(|source| (source["uid"].as_str().unwrap().to_owned(), source))
        .collect();
    assert_eq!(by_uid.len(), count, "a uid is given twice");
    by_uid
}

#[test]
fn exemplars_lead_to_traces_traces_to_lines_and_lines_to_traces() {
    let sources = sources();
    let settings = |uid: &str| &sources[uid]["jsonData"];
    let exemplars = &settings("prometheus")["exemplarTraceIdDestinations"][0];
    // The exemplar's label, by the contract.
    assert_eq!(exemplars["name"], "trace_id");
    assert_eq!(exemplars["datasourceUid"], "jaeger");
    let lines = &settings("jaeger")["tracesToLogsV2"];
    assert_eq!(lines["datasourceUid"], "loki");
    assert!(
        lines["query"]
            .as_str()
            .unwrap()
            .contains("trace_id=\"$${__trace.traceId}\"")
    );
    let traces = &settings("loki")["derivedFields"][0];
    assert_eq!(traces["matcherRegex"], "trace_id");
    assert_eq!(traces["datasourceUid"], "jaeger");
    for (uid, kind) in [
        ("prometheus", "prometheus"),
        ("jaeger", "jaeger"),
        ("loki", "loki"),
        ("alertmanager", "alertmanager"),
    ] {
        assert_eq!(sources[uid]["type"], kind);
    }
}

#[test]
fn grafana_knows_how_often_prometheus_scrapes() {
    let interval = &document("prometheus.yml")["global"]["scrape_interval"];
    assert_eq!(
        &sources()["prometheus"]["jsonData"]["timeInterval"],
        interval
    );
}

#[test]
fn dashboards_open_with_a_source_that_is_provisioned() {
    let sources = sources();
    for file in ["overview", "pipeline", "business"] {
        let text =
            std::fs::read_to_string(path(&format!("grafana/dashboards/{file}.json"))).unwrap();
        let dashboard: Value = serde_json::from_str(&text).unwrap();
        let chosen = &dashboard["templating"]["list"][0]["current"];
        let source = &sources[chosen["value"].as_str().unwrap()];
        assert_eq!(source["name"], chosen["text"], "{file}");
    }
}
