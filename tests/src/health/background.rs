//! When checks are asked, and that asking for the answers does not ask them.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::join_all};
use http::Request;
use monitor_layer::testing::TestMonitor;
use tower::ServiceExt as _;

use super::{Dependency, is_healthy, ready};
use crate::support::{eventually, send};

const NEVER: Duration = Duration::from_secs(86_400);

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn with_check(dependency: &Dependency) -> TestMonitor {
    TestMonitor::build("api", |builder| {
        builder.check("database", dependency.check())
    })
    .unwrap()
}

#[tokio::test(start_paused = true)]
async fn checks_are_asked_every_five_seconds_or_so_though_nobody_asks_for_the_answers() {
    let dependency = Dependency::default();
    let monitor = with_check(&dependency);
    tokio::time::sleep(seconds(4.4)).await;
    assert_eq!(dependency.asked(), 1);
    assert_eq!(monitor.metric("health_check_status", []), 1.0);
    tokio::time::sleep(seconds(600.0)).await;
    assert!(
        (110..=134).contains(&dependency.asked()),
        "{}",
        dependency.asked()
    );
}

#[tokio::test(start_paused = true)]
async fn a_thousand_probes_a_second_ask_no_check() {
    let dependency = Dependency::default();
    let monitor = with_check(&dependency);
    let app = monitor.routes::<()>().with_state(());
    for second in 0..4 {
        let probes = (0..1_000).map(|_| send(&app, http::Method::GET, "/ready"));
        let answers = join_all(probes).await;
        assert!(
            answers.iter().all(|answer| answer.status == 200),
            "{second}"
        );
        tokio::time::sleep(seconds(1.0)).await;
    }
    assert_eq!(dependency.asked(), 1);
    tokio::time::sleep(seconds(1.6)).await;
    assert_eq!(dependency.asked(), 2);
}

#[test]
fn a_monitor_made_outside_of_a_runtime_asks_once_for_all_who_ask_first() {
    let asked = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&asked);
    let monitor = TestMonitor::build("api", |builder| {
        builder.check_interval(NEVER).check("slow", move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok::<_, io::Error>(())
            }
        })
    })
    .unwrap();
    let app = monitor.routes::<()>().with_state(());
    for threads in [1, 2] {
        // The checks outlive the runtime that they were first asked in.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let probes = (0..1_000).map(|_| send(&app, http::Method::GET, "/ready"));
            let answers = join_all(probes).await;
            assert!(answers.iter().all(|answer| answer.status == 200));
            let is_asked = || (asked.load(Ordering::Relaxed) == threads).then_some(());
            eventually("the check is asked in this runtime", is_asked).await;
        });
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[test]
fn a_probe_outside_of_a_runtime_or_in_one_without_timers_is_answered_that_nothing_is_known() {
    let monitor = with_check(&Dependency::default());
    let probe = || {
        let request = Request::get("/ready").body(()).unwrap();
        let answered = monitor.endpoints().oneshot(request).now_or_never();
        answered.unwrap().unwrap().status()
    };
    assert_eq!(probe(), 503);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    assert_eq!(runtime.unwrap().block_on(async { probe() }), 503);
}

#[test]
fn a_probe_that_is_called_outside_of_the_runtime_that_it_runs_in_is_answered() {
    let monitor = with_check(&Dependency::default());
    let mut endpoints = monitor.endpoints();
    let probe = tower::Service::call(&mut endpoints, Request::get("/ready").body(()).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert_eq!(runtime.block_on(probe).unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_scrape_begins_to_ask_where_nobody_else_does() {
    let dependency = Dependency::default();
    let check = dependency.check();
    let build = || TestMonitor::build("api", |builder| builder.check("database", check)).unwrap();
    let monitor = std::thread::spawn(build).join().unwrap();
    assert_eq!(
        super::ask(&monitor, http::Method::GET, "/health")
            .await
            .status,
        200
    );
    tokio::time::sleep(seconds(60.0)).await;
    assert_eq!(dependency.asked(), 0);
    super::ask(&monitor, http::Method::GET, "/metrics").await;
    let is_asked = || (dependency.asked() > 0).then_some(());
    eventually("the check is asked", is_asked).await;
}

#[tokio::test(start_paused = true)]
async fn a_dependency_that_goes_down_and_comes_back_is_noticed() {
    let dependency = Dependency::default();
    let monitor = with_check(&dependency);
    assert!(is_healthy(&monitor, "database").await);
    dependency.set_down(true);
    tokio::time::sleep(seconds(11.1)).await;
    assert_eq!(ready(&monitor).await.status, 503);
    dependency.set_down(false);
    tokio::time::sleep(seconds(5.6)).await;
    assert_eq!(ready(&monitor).await.status, 200);
}

#[tokio::test]
async fn asking_ends_with_the_last_monitor_and_layer_at_once() {
    for builds_in_runtime in [true, false] {
        let held = Arc::new(());
        let checked = Arc::clone(&held);
        let build = move || {
            TestMonitor::build("api", |builder| {
                builder.check_interval(NEVER).check("held", move || {
                    let held = Arc::clone(&checked);
                    async move {
                        drop(held);
                        Ok::<_, io::Error>(())
                    }
                })
            })
        };
        let monitor = match builds_in_runtime {
            true => build().unwrap(),
            false => std::thread::spawn(build).join().unwrap().unwrap(),
        };
        assert!(is_healthy(&monitor, "held").await);
        let layer = monitor.layer();
        drop(monitor);
        tokio::task::yield_now().await;
        assert_eq!(Arc::strong_count(&held), 2);
        drop(layer);
        let is_gone = || (Arc::strong_count(&held) == 1).then_some(());
        eventually("the function is gone", is_gone).await;
    }
}
