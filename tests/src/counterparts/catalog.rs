//! That the demo, having done everything, shows the catalogue: all of it, and nothing else.

use std::collections::BTreeMap;

use crate::{
    contract::{Described, document},
    exposition::{Exposition, Family, Kind, assert_same, bound_text},
    parts::{Demo, Form, Http, drive_everything, slack, until},
};

/// Those of the process, which its collector has on Linux alone.
const OF_THE_PROCESS: &[&str] = if cfg!(target_os = "linux") {
    &[
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_threads",
        "process_virtual_memory_bytes",
    ]
} else {
    &[]
};

/// Those that are at 0 where all is over and nothing was lost.
const AT_REST: [&str; 6] = [
    "http_active_connections",
    "job_queue_depth",
    "log_lines_suppressed_total",
    "metrics_label_overflow_total",
    "pipeline_steps_active",
    "telemetry_dropped_total",
];

#[tokio::test]
async fn driving_every_part_of_the_demo_shows_exactly_the_metrics_of_the_catalogue() {
    let slack = ("SLACK_WEBHOOK_URL", slack().await);
    let (demo, http) = (Demo::start_with(&[slack]).await, Http::new());
    drive_everything(&http, &demo).await;
    until("the alert of the failed job to be sent", async || {
        let read = Form::Text.read(&Form::Text.scrape(&http, &demo.url).await);
        match read.sum("alert_notifications_total", "outcome", "sent") {
            1.0 => Ok(()),
            sent => Err(format!("{sent}")),
        }
    })
    .await;
    // A scrape tells of the one before.
    Form::OpenMetrics.scrape(&http, &demo.url).await;
    let read = Form::OpenMetrics.read(&Form::OpenMetrics.scrape(&http, &demo.url).await);
    let (mut shown, mut of_the_process) = (BTreeMap::new(), vec![]);
    for family in &read.families {
        let name = whole_name(family);
        if name.starts_with("process_") {
            of_the_process.push(name);
            continue;
        }
        let moved = family.samples.iter().any(|sample| sample.value > 0.0);
        assert_eq!(moved, !AT_REST.contains(&name.as_str()), "{family:?}");
        shown.insert(name, described(family));
    }
    let (documented, closed) = document();
    assert!(documented.len() > 30, "{documented:?}");
    assert_same("docs/metrics.md and the demo", &documented, &shown);
    of_the_process.sort();
    assert_eq!(of_the_process, OF_THE_PROCESS);
    for ((metric, label), declared) in closed {
        for value in values(&read, &metric, &label) {
            assert!(declared.contains(&value), "{metric} {label}={value:?}");
        }
    }
}

/// A counter's is with `_total`.
fn whole_name(family: &Family) -> String {
    match family.kind {
        Kind::Counter => format!("{}_total", family.name),
        _ => family.name.clone(),
    }
}

fn described(family: &Family) -> Described {
    let mut bounds = vec![];
    let mut labels: Option<Vec<String>> = None;
    for sample in &family.samples {
        let mut own = sample.labels.clone();
        if let Some(bound) = own
            .remove("le")
            .filter(|bound| *bound != bound_text(f64::INFINITY))
            && !bounds.contains(&bound)
        {
            bounds.push(bound);
        }
        let own: Vec<_> = own.into_keys().collect();
        let labels = labels.get_or_insert_with(|| own.clone());
        assert_eq!(*labels, own, "{sample:?}");
    }
    Described {
        help: family.help.clone(),
        kind: format!("{:?}", family.kind).to_lowercase(),
        unit: family.unit.clone(),
        labels: labels.unwrap_or_else(|| panic!("{} has no series", family.name)),
        bounds,
    }
}

/// The values of a label in all of a metric's series.
fn values(read: &Exposition, metric: &str, label: &str) -> Vec<String> {
    let families = read.families.iter();
    families
        .filter(|family| whole_name(family) == metric)
        .flat_map(|family| &family.samples)
        .filter_map(|sample| sample.labels.get(label).cloned())
        .collect()
}
