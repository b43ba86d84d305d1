//! Sinks of one's own.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use monitor_layer::{
    Alert, AlertNotice, AlertSeverity, AlertSink, DeliveryError, Monitor, testing::TestMonitor,
};

use super::{LONG, lost, monitor, outcomes};

/// Does whatever a test needs.
struct Does<F>(F);

impl<F> AlertSink for Does<F>
where
    F: FnMut(&AlertNotice) -> Result<(), DeliveryError> + Send + 'static,
{
    fn send(&mut self, notice: &AlertNotice) -> Result<(), DeliveryError> {
        (self.0)(notice)
    }
}

#[test]
fn a_sink_gets_what_its_severity_admits_on_a_thread_of_its_own() {
    let (tell, told) = mpsc::channel();
    let monitor = monitor(|builder| {
        let sink = Does(move |notice: &AlertNotice| {
            let name = thread::current().name().map(str::to_owned);
            tell.send((notice.headline(), name)).unwrap();
            Ok(())
        });
        builder.alert_sink("sms", AlertSeverity::Warning, sink)
    });
    monitor.alert(Alert::info("a"));
    monitor.worker("worker").alert(Alert::warning("b"));
    monitor.alert(Alert::critical("c"));
    monitor.flush(LONG);
    let mut told: Vec<_> = told.try_iter().collect();
    told.sort();
    let thread = Some("monitor-sms".to_owned());
    assert_eq!(
        told,
        [
            ("[critical] c".to_owned(), thread.clone()),
            ("[warning] b".to_owned(), thread),
        ]
    );
    assert!(!monitor.has_metric("alert_notifications_total", [("severity", "info")]));
}

#[test]
fn a_sink_that_panics_has_lost_that_alert_alone_and_nobody_is_alerted_by_it() {
    let (tell, told) = mpsc::channel();
    let monitor = monitor(|builder| {
        let sink = Does(move |notice: &AlertNotice| {
            assert!(notice.summary() != "bad", "the sink broke");
            tell.send(notice.headline()).unwrap();
            Ok(())
        });
        builder
            .alert_sink("own", AlertSeverity::Info, sink)
            .alert_on_panics()
    });
    monitor.alert(Alert::critical("bad"));
    monitor.alert(Alert::critical("good"));
    monitor.flush(LONG);
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["[critical] good"]);
    assert_eq!(outcomes(&monitor, "own"), [1.0, 0.0, 1.0, 0.0]);
    assert_eq!(lost(&monitor), 1.0);
    let lines = monitor.raw_lines().join("\n");
    assert!(
        lines.contains("The alert channel own does not work: it panicked: the sink broke."),
        "{lines}"
    );
}

#[test]
fn what_a_sink_raises_does_not_go_through_it() {
    let raises = Arc::new(Mutex::new(None::<Monitor>));
    let raised = Arc::clone(&raises);
    let (tell, told) = mpsc::channel();
    let monitor = monitor(|builder| {
        let sink = Does(move |_: &AlertNotice| {
            if let Some(monitor) = &*raised.lock().unwrap() {
                monitor.alert(Alert::critical("the sink does not work"));
            }
            Err(DeliveryError::permanent("no"))
        });
        let other = Does(move |notice: &AlertNotice| {
            tell.send(notice.headline()).unwrap();
            Ok(())
        });
        builder
            .alert_sink("own", AlertSeverity::Info, sink)
            .alert_sink("other", AlertSeverity::Info, other)
    });
    *raises.lock().unwrap() = Some(Monitor::clone(&monitor));
    monitor.alert(Alert::critical("Disk full"));
    monitor.flush(LONG);
    monitor.flush(LONG);
    *raises.lock().unwrap() = None;
    assert_eq!(outcomes(&monitor, "own"), [0.0, 0.0, 1.0, 1.0]);
    let told: Vec<_> = told.try_iter().collect();
    assert_eq!(
        told,
        ["[critical] Disk full", "[critical] the sink does not work"]
    );
}

#[test]
fn a_sink_is_gone_with_its_monitor_after_one_more_try_of_what_waits() {
    let (tell, told) = mpsc::channel();
    let monitor = monitor(|builder| {
        let sink = Does(move |notice: &AlertNotice| {
            tell.send(notice.headline()).unwrap();
            Err(DeliveryError::transient("busy").retry_after(Duration::from_secs(3600)))
        });
        builder.alert_sink("own", AlertSeverity::Info, sink)
    });
    monitor.alert(Alert::critical("a"));
    assert_eq!(told.recv_timeout(LONG).unwrap(), "[critical] a");
    drop(monitor);
    // Over once the sink, which holds the other end, is dropped.
    let rest: Vec<_> = told.iter().collect();
    assert!(rest.len() <= 1, "{rest:?}");
}

#[test]
fn alike_alerts_are_folded_on_the_way_to_tests_as_they_are_elsewhere() {
    let monitor = TestMonitor::new("api");
    for _ in 0..38 {
        monitor.alert(Alert::critical("Disk full"));
    }
    monitor.resolve_alert(Alert::critical("Disk full"));
    monitor.resolve_alert(Alert::critical("Disk full"));
    let told: Vec<_> = monitor.alerts().iter().map(AlertNotice::headline).collect();
    assert_eq!(
        told,
        ["[critical] Disk full", "[resolved] Disk full (+37 more)"]
    );
    assert!(!monitor.has_metric("alert_notifications_total", []));
}
