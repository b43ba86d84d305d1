//! What operators' tools cost: a probe of `/health`, one of `/ready` with three checks, and raising an alert that two
//! channels take.
//!
//! The channels take nothing, so that all alerts wait: the dearest case, but for the ones that the queue has no room for.
//! Known costs of an alert: its texts are scanned for secrets, it is known by a key made of its labels, and each channel
//! has a lock that its own thread takes five times a second.

use std::{
    io,
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::Request;
use monitor_layer::{Alert, AlertNotice, AlertSeverity, AlertSink, DeliveryError, Monitor};
use tower::ServiceExt as _;

struct Hangs(Receiver<()>);

impl AlertSink for Hangs {
    fn send(&mut self, _: &AlertNotice) -> Result<(), DeliveryError> {
        let _ = self.0.recv();
        Ok(())
    }
}

fn probes(criterion: &mut Criterion) {
    let Ok(runtime) = tokio::runtime::Runtime::new() else {
        return;
    };
    let _entered = runtime.enter();
    let fine = async || Ok::<_, io::Error>(());
    let builder = Monitor::builder("bench").log_to(io::sink());
    let builder = builder.check("database", fine).check("cache", fine);
    let Ok(monitor) = builder.check("storage", fine).build() else {
        return;
    };
    let endpoints = monitor.endpoints();
    for path in ["/health", "/ready"] {
        let probe = || {
            endpoints
                .clone()
                .oneshot(Request::get(path).body(()).unwrap_or_default())
        };
        // Waits for the first answers.
        drop(runtime.block_on(probe()));
        criterion.bench_function(path, |bencher| {
            bencher.iter(|| runtime.block_on(probe()));
        });
    }
}

fn alerts(criterion: &mut Criterion) {
    let (one, other) = (channel(), channel());
    let builder = Monitor::builder("bench")
        .log_to(io::sink())
        .alert_sink("one", AlertSeverity::Critical, Hangs(one.1))
        .alert_sink("other", AlertSeverity::Info, Hangs(other.1));
    let Ok(monitor) = builder.build() else { return };
    let alert = |disk: String| {
        let alert = Alert::critical("Disk almost full").label("disk", disk);
        alert.description("17 MB are left").detail("free_mb", 17)
    };
    let mut number = 0;
    criterion.bench_function("alert, one of its own", |bencher| {
        let next = || {
            number += 1;
            alert(number.to_string())
        };
        bencher.iter_batched(next, |alert| monitor.alert(alert), BatchSize::SmallInput);
    });
    criterion.bench_function("alert, the same again", |bencher| {
        let next = || alert("0".to_owned());
        bencher.iter_batched(next, |alert| monitor.alert(alert), BatchSize::SmallInput);
    });
    drop((one.0, other.0));
    monitor.flush(Duration::ZERO);
}

criterion_group!(benches, probes, alerts);
criterion_main!(benches);
