//! That dashboards have the form that operators and Grafana rely on.

use std::collections::BTreeSet;

use serde_json::Value;

use super::dashboard::{Dashboard, list, text};

/// What the contract promises to be there: file, title, panel and its type.
const PROMISED: [(&str, &str, &str, &str); 3] = [
    ("overview", "System Overview", "Request Rate", "timeseries"),
    ("overview", "System Overview", "Error Rate", "stat"),
    ("overview", "System Overview", "Job Queue Depth", "gauge"),
];
/// Of a dashboard, in Grafana's units.
const WIDTH: u64 = 24;

#[test]
fn the_promised_panels_are_there() {
    let dashboards = Dashboard::all();
    let titles: Vec<_> = dashboards
        .iter()
        .map(|each| text(&each.json["title"]))
        .collect();
    assert_eq!(
        titles,
        [
            "System Overview",
            "Pipeline Performance",
            "Business Metrics"
        ]
    );
    for (file, title, panel, kind) in PROMISED {
        let found = dashboards.iter().any(|dashboard| {
            dashboard.name == file
                && dashboard.json["title"] == title
                && dashboard
                    .panels()
                    .any(|each| each["title"] == panel && each["type"] == kind)
        });
        assert!(found, "{title} has no {kind} {panel}");
    }
}

#[test]
fn every_panel_says_what_it_shows_in_which_unit_and_from_where() {
    for dashboard in Dashboard::all() {
        for panel in dashboard.panels() {
            let title = text(&panel["title"]);
            let place = format!("{}, {title}", dashboard.name);
            assert!(
                text(&panel["description"]).ends_with('.'),
                "{place}: a description is a sentence"
            );
            let defaults = &panel["fieldConfig"]["defaults"];
            assert!(!text(&defaults["unit"]).is_empty(), "{place}: no unit");
            assert!(
                !list(&defaults["thresholds"]["steps"]).is_empty(),
                "{place}: no thresholds"
            );
            let targets = list(&panel["targets"]);
            assert!(!targets.is_empty(), "{place}: no query");
            for asking in targets.iter().chain([panel]) {
                assert_chosen_source(asking, &place);
            }
            let kind = text(&panel["type"]);
            assert!(
                !["graph", "singlestat", "table-old"].contains(&kind),
                "{place}: {kind} is gone"
            );
            for target in targets {
                let is_now = target["instant"] == true;
                assert!(
                    is_now != (target["range"] == true),
                    "{place}: asks for one time or for a range"
                );
                // The last value of a range would outlive what it tells of.
                let shows_now = ["stat", "gauge", "bargauge", "table"].contains(&kind);
                assert_eq!(is_now, shows_now, "{place}");
                assert_eq!(
                    target["interval"].as_str(),
                    (!is_now).then_some("$interval"),
                    "{place}"
                );
            }
        }
    }
}

#[test]
fn every_dashboard_marks_deployments_and_asks_the_chosen_source() {
    for dashboard in Dashboard::all() {
        let names: Vec<_> = dashboard
            .annotations()
            .iter()
            .map(|each| text(&each["name"]))
            .collect();
        assert_eq!(names, ["Deploys", "Firing alerts"], "{}", dashboard.name);
        assert_eq!(dashboard.annotations()[0]["enable"], true);
        let of_labels = dashboard
            .variables()
            .iter()
            .filter(|each| each["type"] == "query");
        for asking in dashboard.annotations().iter().chain(of_labels) {
            assert_chosen_source(asking, dashboard.name);
        }
    }
}

#[test]
fn titles_ids_and_places_are_given_once() {
    let mut uids = BTreeSet::new();
    for dashboard in Dashboard::all() {
        assert!(uids.insert(text(&dashboard.json["uid"]).to_owned()));
        let all = list(&dashboard.json["panels"]);
        let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
        for panel in all {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
            assert!(titles.insert(text(&panel["title"])), "{panel}");
        }
        for (index, panel) in all.iter().enumerate() {
            let place = Place::of(panel);
            assert!(
                place.x + place.width <= WIDTH,
                "{}: {}",
                dashboard.name,
                panel["title"]
            );
            for other in &all[..index] {
                assert!(
                    !place.overlaps(&Place::of(other)),
                    "{}: {} and {} overlap",
                    dashboard.name,
                    panel["title"],
                    other["title"]
                );
            }
        }
    }
}

fn assert_chosen_source(asking: &Value, place: &str) {
    assert_eq!(asking["datasource"]["type"], "prometheus", "{place}");
    assert_eq!(asking["datasource"]["uid"], "${datasource}", "{place}");
}

struct Place {
    x: u64,
    y: u64,
    width: u64,
    height: u64,
}

impl Place {
    fn of(panel: &Value) -> Self {
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        Self {
            x: side("x"),
            y: side("y"),
            width: side("w"),
            height: side("h"),
        }
    }

    const fn overlaps(&self, other: &Self) -> bool {
        self.x < other.x + other.width
            && other.x < self.x + self.width
            && self.y < other.y + other.height
            && other.y < self.y + self.height
    }
}
