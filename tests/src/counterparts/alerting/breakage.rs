use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::scene::Scene;
use crate::parts::program;

/// Holds the demo's database as another process would that does not let go.
const LOCK: &str = "import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
sys.stdin.read()";

fn job(script: &str) -> String {
    json!({"title": "Salt", "niche": "history", "script": script}).to_string()
}

#[tokio::test]
async fn jobs_that_fail_page_and_are_told_and_resolved() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let url = format!("{}/jobs", scene.demo.url);
    for _ in 0..4 {
        scene
            .http
            .ask(Method::POST, &url, job("[image: lost.gif]"))
            .await;
    }
    let summary = "High job failure rate: demo";
    let description = "100% of the jobs of demo that ended within an hour failed, over 10 % and at least 3, the last one within 30 minutes.";
    let paged = scene.paged("trigger", summary).await;
    assert_eq!(paged["routing_key"], "a-routing-key");
    assert_eq!(
        paged["payload"],
        json!({
            "summary": summary,
            "source": "Alertmanager",
            "severity": "critical",
            "custom_details": {
                "alerts": format!("{description} "),
                "firing": "1",
                "runbook": "docs/runbooks/HighJobFailureRate.md",
                "num_firing": "1",
                "num_resolved": "0",
                "resolved": "",
            },
        })
    );
    let told = scene.told("[critical] High job failure rate (demo)").await;
    assert_eq!(
        told["text"],
        format!(
            "[critical] High job failure rate (demo)\n{description}\nRunbook: docs/runbooks/HighJobFailureRate.md"
        )
    );
    assert_eq!(told["color"], "danger");

    // None fails any more.
    let resolved = scene.paged("resolve", summary).await;
    assert_eq!(resolved["dedup_key"], paged["dedup_key"]);
    let told = scene
        .told("[critical] High job failure rate (demo): resolved")
        .await;
    assert_eq!(told["color"], "good");
    scene.hears_the_watchdog_again().await;
}

#[tokio::test]
async fn a_blocked_database_pages_for_errors_and_tells_slack_alone_of_slowness() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let Some(python) = program("python3") else {
        return;
    };
    let mut lock = lock(&python, &scene.demo.data_dir().join("jobs.db"));
    let mut users = JoinSet::new();
    for user in 0..60 {
        let (http, url) = (scene.http.clone(), format!("{}/jobs", scene.demo.url));
        users.spawn(async move {
            // Not all at once: each of them waits for 10 seconds, as long as two windows of the rule.
            tokio::time::sleep(Duration::from_millis(170) * user).await;
            loop {
                http.ask(Method::POST, &url, job("Salt.")).await;
                // Between two requests of one user.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
    }
    let errors = "High error rate detected: demo";
    let paged = scene.paged("trigger", errors).await;
    let told = scene
        .told("[critical] High error rate detected (demo)\n")
        .await;
    let slow = scene.told("[warning] Slow API responses (demo)\n").await;
    assert!(
        told["text"]
            .as_str()
            .unwrap()
            .contains("of the requests to demo in 5 minutes were answered with 5xx")
    );
    assert_eq!(
        (&told["color"], &slow["color"]),
        (&json!("danger"), &json!("warning"))
    );

    drop(lock.stdin.take());
    lock.wait().unwrap();
    let resolved = scene.paged("resolve", errors).await;
    assert_eq!(resolved["dedup_key"], paged["dedup_key"]);
    scene
        .told("[critical] High error rate detected (demo): resolved")
        .await;
    scene
        .told("[warning] Slow API responses (demo): resolved")
        .await;
    let paged = scene.receivers.pagerduty();
    let of_warnings: Vec<_> = paged
        .iter()
        .filter(|event| event["payload"]["severity"] != "critical")
        .collect();
    assert_eq!(of_warnings, Vec::<&Value>::new());
}

#[tokio::test]
async fn what_cannot_be_stored_and_a_process_that_hangs_page() {
    let Some(scene) = Scene::start().await else {
        return;
    };
    let (videos, away) = (
        scene.demo.data_dir().join("videos"),
        scene.demo.data_dir().join("away"),
    );
    fs::rename(&videos, &away).unwrap();
    let mut prober = JoinSet::new();
    let (http, ready) = (scene.http.clone(), format!("{}/ready", scene.demo.url));
    // As an orchestrator would.
    prober.spawn(async move {
        loop {
            // One that hangs does not answer.
            let _ = tokio::time::timeout(Duration::from_secs(1), http.get(&ready)).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    let summary = "Service not ready: demo";
    let paged = scene.paged("trigger", summary).await;
    assert_eq!(
        paged["payload"]["custom_details"]["alerts"],
        "Every instance of demo finds storage unhealthy. "
    );
    fs::rename(&away, &videos).unwrap();
    scene.paged("resolve", summary).await;

    scene.demo.signal("STOP");
    let summary = "Service down: demo";
    let paged = scene.paged("trigger", summary).await;
    assert_eq!(
        paged["payload"]["custom_details"]["alerts"],
        "No instance of demo answers Prometheus. "
    );
    scene.demo.signal("CONT");
    scene.paged("resolve", summary).await;
    scene.told("[critical] Service down (demo): resolved").await;
}

/// Waits until the file is held.
fn lock(python: &Path, database: &Path) -> Child {
    let mut child = Command::new(python)
        .args(["-c", LOCK])
        .arg(database)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "locked\n");
    child
}
