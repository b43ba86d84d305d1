//! What a `tracing` span of two fields costs that is not sampled: made, entered, left and closed.
//!
//! Beside the registry alone, which every subscriber of layers pays. Two looks at the thread's current scope, one id
//! and three locks that nobody else holds are ours.

use criterion::{Criterion, criterion_group, criterion_main};
use futures_executor::block_on;
use monitor_layer::{Monitor, Sampler, TraceContext};
use tracing::{Subscriber, info_span};
use tracing_subscriber::layer::SubscriberExt as _;

fn spans(criterion: &mut Criterion) {
    let monitor = Monitor::builder("bench")
        .log_to(std::io::sink())
        .build()
        .ok();
    let Some(monitor) = monitor else { return };
    let registry = tracing_subscriber::registry;
    bench(criterion, "span, registry alone", registry());
    bench(
        criterion,
        "span, span layer",
        registry().with(monitor.span_layer()),
    );
    bench(
        criterion,
        "span, log layer",
        registry().with(monitor.log_layer()),
    );
}

fn bench(criterion: &mut Criterion, name: &str, subscriber: impl Subscriber + Send + Sync) {
    let Ok(sampler) = Sampler::ratio(0.0) else {
        return;
    };
    tracing::subscriber::with_default(subscriber, || {
        block_on(TraceContext::root(&sampler).scope(async {
            criterion.bench_function(name, |bencher| {
                bencher.iter(|| info_span!("charge", amount = 12, plan = "pro").in_scope(|| ()));
            });
        }));
    });
}

criterion_group!(benches, spans);
criterion_main!(benches);
