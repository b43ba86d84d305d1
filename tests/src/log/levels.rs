//! Levels that change while the service runs, in subscribers of one's own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use monitor_layer::{Monitor, testing::TestMonitor};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
};

use crate::support::eventually;

/// Counts the events that reach it.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for Count {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn log() {
    tracing::debug!("Debug");
    tracing::info!("Info");
}

fn at_info() -> TestMonitor {
    TestMonitor::build("api", |builder| builder.log_level("info")).unwrap()
}

/// The lines that come of one more round.
fn lines(monitor: &TestMonitor) -> usize {
    let before = monitor.lines().len();
    log();
    monitor.lines().len() - before
}

#[test]
fn a_layer_without_a_filter_obeys_and_leaves_other_layers_their_events() {
    let monitor = at_info();
    let count = Count::default();
    let subscriber = tracing_subscriber::registry()
        .with(monitor.log_layer())
        .with(count.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    assert_eq!(lines(&monitor), 1);
    monitor.set_log_level("debug").unwrap();
    assert_eq!(lines(&monitor), 2);
    monitor
        .set_log_level_for("off", Duration::from_secs(60))
        .unwrap();
    assert_eq!(lines(&monitor), 0);
    monitor.reset_log_level();
    assert_eq!(lines(&monitor), 1);
    assert_eq!(count.0.load(Ordering::Relaxed), 8);
}

#[tokio::test]
async fn a_filter_of_the_monitor_s_obeys_and_falls_back() {
    let monitor = at_info();
    let count = Count::default();
    let subscriber = tracing_subscriber::registry()
        .with(monitor.log_layer().with_filter(monitor.log_filter()))
        .with(count.clone().with_filter(monitor.log_filter()));
    let _guard = tracing::subscriber::set_default(subscriber);
    assert_eq!(lines(&monitor), 1);
    monitor.set_log_level("debug").unwrap();
    assert_eq!(lines(&monitor), 2);
    monitor
        .set_log_level_for("off", Duration::from_secs(60))
        .unwrap();
    assert_eq!(lines(&monitor), 0);
    assert_eq!(
        count.0.load(Ordering::Relaxed),
        3,
        "others' events are not made"
    );
    let soon = Duration::from_millis(50);
    monitor.set_log_level_for("off", soon).unwrap();
    let both = || (lines(&monitor) == 2).then_some(());
    eventually("the level that was set for good", both).await;
}

#[test]
fn a_level_that_is_none_stops_the_start_and_says_why() {
    let error = Monitor::builder("api").log_level("info,sqlx").build();
    assert_eq!(
        error.unwrap_err().to_string(),
        "the log level has \"sqlx\", which is no level; expected a level (trace, debug, info, warn, error, off) or \
         directives as info,sqlx=warn"
    );
}
