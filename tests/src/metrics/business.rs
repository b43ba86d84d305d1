//! What the service earns, spends and wins: amounts that are none, and budgets.

use std::{io, time::Duration};

use monitor_layer::{Business, InvalidAmount, JobEnd, Revenue, testing::TestMonitor};

use super::{Form, scrape, value};

type Add = fn(&Business, f64) -> Result<(), InvalidAmount>;

const AMOUNTS: [(&str, Add); 4] = [
    ("credits_used_total", Business::credits_used),
    ("revenue_usd_total", |business, usd| {
        business.revenue(Revenue::Subscription, usd)
    }),
    ("refunds_usd_total", |business, usd| {
        business.refund(Revenue::Purchase, usd)
    }),
    ("job_cost_usd_total", |business, usd| {
        business.job_cost("history", JobEnd::Failed, "gpu", usd)
    }),
];

fn lost(monitor: &TestMonitor) -> f64 {
    monitor.metric("telemetry_dropped_total", [("signal", "observers")])
}

#[test]
fn an_amount_that_is_none_changes_nothing_and_is_counted_as_lost() {
    let monitor = TestMonitor::new("worker");
    let business = monitor.business();
    let mut refusals = 0.0;
    for (name, add) in AMOUNTS {
        add(&business, 0.0).unwrap();
        add(&business, 2.5).unwrap();
        for (amount, text) in [
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (-0.01, "-0.01"),
        ] {
            let refused = add(&business, amount).unwrap_err().to_string();
            let expected = "is no amount that can be added; expected a finite number from 0 up";
            assert_eq!(refused, format!("{text} {expected}"), "{name}");
            refusals += 1.0;
        }
        assert_eq!(monitor.metric(name, []), 2.5, "{name}");
        assert_eq!(lost(&monitor), refusals, "{name}");
    }
}

#[test]
fn a_refused_cost_makes_no_series_and_takes_nothing_off_a_budget() {
    let monitor = with_budget(1);
    let refused = monitor
        .business()
        .job_cost("typo", JobEnd::Completed, "gpu", f64::NAN);
    assert!(refused.is_err());
    assert!(!monitor.has_metric("job_cost_usd_total", []));
    cost(&monitor, "history", "gpu");
    let history = [("niche", "history")];
    assert_eq!(monitor.metric("job_cost_usd_total", history), 1.0);
}

#[test]
fn an_amount_that_would_make_the_sum_infinite_is_none() {
    let monitor = TestMonitor::new("worker");
    let business = monitor.business();
    for (place, (name, add)) in AMOUNTS.into_iter().enumerate() {
        add(&business, f64::MAX).unwrap();
        assert!(add(&business, f64::MAX).is_err(), "{name}");
        assert_eq!(monitor.metric(name, []), f64::MAX, "{name}");
        assert_eq!(lost(&monitor), (place + 1) as f64);
    }
}

#[test]
fn cents_add_up_without_drift_worth_a_cent() {
    let monitor = TestMonitor::new("worker");
    let business = monitor.business();
    for _ in 0..10_000 {
        business.revenue(Revenue::Purchase, 0.01).unwrap();
    }
    let sum = monitor.metric("revenue_usd_total", [("type", "purchase")]);
    assert!((sum - 100.0).abs() < 1e-6, "{sum}");
}

#[tokio::test]
async fn subscriptions_are_what_was_said_last() {
    let monitor = TestMonitor::new("api");
    let business = monitor.business();
    for (plan, count) in [("pro", 7), ("team \"x\"", 2), ("pro", 5), ("team \"x\"", 0)] {
        business.active_subscriptions(plan, count);
    }
    for form in Form::ALL {
        let read = scrape(&monitor, form).await;
        for (plan, count) in [("pro", 5.0), ("team \"x\"", 0.0)] {
            let shown = value(&read, "active_subscriptions", &[("plan", plan)]);
            assert_eq!(shown, Some(count), "{form:?} {plan}");
        }
    }
}

fn with_budget(values: usize) -> TestMonitor {
    TestMonitor::build("worker", |builder| builder.label_budget(values)).unwrap()
}

fn overflows(monitor: &TestMonitor, metric: &str, label: &str) -> f64 {
    let labels = [("metric", metric), ("label", label)];
    assert!(monitor.has_metric("metrics_label_overflow_total", labels));
    monitor.metric("metrics_label_overflow_total", labels)
}

#[test]
fn open_values_past_their_budget_are_other_and_counted() {
    let monitor = with_budget(2);
    let business = monitor.business();
    for value in ["a", "b", "c", "d", "a", "c"] {
        business.signup(value);
        business.conversion(value);
        business.active_subscriptions(value, 1);
    }
    for (metric, label) in [
        ("signups_total", "method"),
        ("conversions_total", "type"),
        ("active_subscriptions", "plan"),
    ] {
        let count = |value| monitor.metric(metric, [(label, value)]);
        let is_gauge = metric.starts_with("active");
        let (a, other) = if is_gauge { (1.0, 1.0) } else { (2.0, 3.0) };
        assert_eq!(
            [count("a"), count("b"), count("_other")],
            [a, 1.0, other],
            "{metric}"
        );
        assert!(!monitor.has_metric(metric, [(label, "c")]), "{metric}");
        assert_eq!(overflows(&monitor, metric, label), 3.0, "{metric}");
    }
}

#[test]
fn signup_methods_that_are_known_take_nothing_off_the_budget() {
    let monitor = with_budget(1);
    for method in ["email", "github", "google", "apple"] {
        monitor.business().signup(method);
    }
    for method in ["email", "google", "github", "_other"] {
        assert_eq!(monitor.metric("signups_total", [("method", method)]), 1.0);
    }
}

async fn run_jobs(monitor: &TestMonitor, niches: [&str; 3]) {
    for niche in niches {
        let job = monitor.job("job-1").niche(niche);
        let job = job.queued_for(Duration::ZERO);
        job.run(async { Ok::<_, io::Error>(()) }).await.unwrap();
    }
}

#[tokio::test]
async fn niches_past_their_budget_are_other_and_counted() {
    let monitor = with_budget(1);
    run_jobs(&monitor, ["history", "finance", "finance"]).await;
    for metric in ["job_duration_seconds", "job_queue_wait_seconds"] {
        let count = |niche| monitor.metric(&format!("{metric}_count"), [("niche", niche)]);
        assert_eq!([count("history"), count("_other")], [1.0, 2.0], "{metric}");
        assert!(overflows(&monitor, metric, "niche") > 0.0, "{metric}");
    }
    assert_eq!(overflows(&monitor, "job_queue_wait_seconds", "niche"), 2.0);
}

#[tokio::test]
async fn a_job_past_a_budget_is_one_overflow() {
    let monitor = with_budget(1);
    run_jobs(&monitor, ["history", "finance", "finance"]).await;
    assert_eq!(overflows(&monitor, "job_duration_seconds", "niche"), 2.0);
}

fn cost(monitor: &TestMonitor, niche: &str, resource: &str) {
    let business = monitor.business();
    business
        .job_cost(niche, JobEnd::Completed, resource, 1.0)
        .unwrap();
}

#[test]
fn costs_past_the_budgets_of_niche_and_resource_are_other() {
    let monitor = with_budget(1);
    for (niche, resource) in [
        ("history", "gpu"),
        ("history", "cpu"),
        ("finance", "gpu"),
        ("x", "y"),
    ] {
        cost(&monitor, niche, resource);
    }
    for (niche, resource) in [
        ("history", "gpu"),
        ("history", "_other"),
        ("_other", "gpu"),
        ("_other", "_other"),
    ] {
        let labels = [
            ("niche", niche),
            ("resource", resource),
            ("status", "COMPLETED"),
        ];
        assert_eq!(
            monitor.metric("job_cost_usd_total", labels),
            1.0,
            "{labels:?}"
        );
    }
    assert!(overflows(&monitor, "job_cost_usd_total", "niche") > 0.0);
    assert!(overflows(&monitor, "job_cost_usd_total", "resource") > 0.0);
}

#[test]
fn a_cost_past_a_budget_is_one_overflow() {
    let monitor = with_budget(1);
    for resource in ["gpu", "cpu", "tpu"] {
        cost(&monitor, "history", resource);
    }
    assert_eq!(overflows(&monitor, "job_cost_usd_total", "resource"), 2.0);
}

#[test]
fn a_cost_has_its_three_ends_from_the_first_on() {
    let monitor = TestMonitor::new("worker");
    cost(&monitor, "history", "gpu");
    for (status, usd) in [("COMPLETED", 1.0), ("FAILED", 0.0), ("CANCELLED", 0.0)] {
        let labels = [
            ("niche", "history"),
            ("resource", "gpu"),
            ("status", status),
        ];
        assert!(monitor.has_metric("job_cost_usd_total", labels));
        assert_eq!(monitor.metric("job_cost_usd_total", labels), usd);
    }
}
