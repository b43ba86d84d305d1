//! That each panel shows data of the demo, asked as Grafana asks.

use super::{
    dashboard::{Dashboard, Query},
    variables::Variables,
};
use crate::parts::{
    Demo, Http, Job, Prometheus, Proxy, ask_for_everything, drive_everything, program, slack, until,
};

/// Short, for Prometheus scrapes every second here.
const BUILT_IN: [(&str, &str); 2] = [("__rate_interval", "20s"), ("__range", "5m")];

/// What is empty with right, and why.
const EMPTY: [(&str, &str); 2] = [
    ("Firing Alerts", "nothing fires while all is well"),
    ("Firing alerts", "nothing fires while all is well"),
];

struct Shown<'a> {
    dashboard: &'a Dashboard,
    variables: Variables,
    query: Query,
}

#[tokio::test]
async fn every_panel_shows_data_of_the_demo() {
    let Some(binary) = program("prometheus") else {
        return;
    };
    let slack = ("SLACK_WEBHOOK_URL", slack().await);
    let (demo, http) = (Demo::start_with(&[slack]).await, Http::new());
    // Over protobuf the native histograms would stand in place of the buckets.
    let proxy = Proxy::start(&demo.url).await;
    let jobs = [Job {
        name: "demo",
        address: proxy.address,
        path: "/openmetrics",
    }];
    let prometheus = Prometheus::start(&binary, &jobs).await;
    drive_everything(&http, &demo).await;

    let dashboards = Dashboard::all();
    let mut empty = vec![];
    for dashboard in &dashboards {
        for query in dashboard.queries() {
            empty.push(Shown {
                dashboard,
                variables: chosen(dashboard, &prometheus).await,
                query,
            });
        }
    }
    let asked = empty.len();
    until("every panel to show data", async || {
        ask_for_everything(&http, &demo).await;
        let mut still = vec![];
        for shown in std::mem::take(&mut empty) {
            if !shown.has_data(&prometheus).await? {
                still.push(shown);
            }
        }
        empty = still;
        let unexpected: Vec<_> = empty
            .iter()
            .filter(|shown| EMPTY.iter().all(|(title, _)| shown.query.title != *title))
            .map(|shown| {
                format!(
                    "{}, {}: {}",
                    shown.dashboard.name, shown.query.title, shown.query.expr
                )
            })
            .collect();
        match unexpected.is_empty() {
            true => Ok(()),
            false => Err(unexpected.join("\n")),
        }
    })
    .await;
    assert!(asked > 80, "{asked}");
    for (title, reason) in EMPTY {
        assert!(
            empty.iter().any(|shown| shown.query.title == title),
            "{title} shows data, so it is to be taken off the list of those that do not because {reason}"
        );
    }
}

impl Shown<'_> {
    /// Whether there is a finite number to show, and an exemplar where there should be.
    async fn has_data(&self, prometheus: &Prometheus) -> Result<bool, String> {
        let expr = self.variables.resolve(&self.query.expr)?;
        let answer = prometheus.query(&expr).await?;
        if !answer.values().any(|value| value.is_finite()) {
            return Ok(false);
        }
        Ok(!self.query.shows_exemplars || !prometheus.exemplars(&expr).await?.is_empty())
    }
}

/// Each value that a label has, as if all of them were chosen one by one.
async fn chosen(dashboard: &Dashboard, prometheus: &Prometheus) -> Variables {
    let mut variables = Variables::of(dashboard, &BUILT_IN);
    for (name, (selector, label)) in dashboard.label_variables() {
        let asked = variables.resolve(&format!("count by ({label}) ({selector})"));
        let asked = asked.unwrap();
        let values = until(&format!("values of {name}"), async || {
            let answer = prometheus.query(&asked).await?;
            let values: Vec<_> = answer
                .into_keys()
                .map(|mut labels| labels.remove(label).unwrap_or_default())
                .collect();
            match values.is_empty() {
                true => Err("there is none".to_owned()),
                false => Ok(values),
            }
        })
        .await;
        variables.choose(name, &values);
    }
    variables
}
