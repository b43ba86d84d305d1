use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Arc, OnceLock, Weak, mpsc},
    thread,
    time::{Duration, Instant},
};

use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{
    BatchConfig, BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanProcessor as _,
};

use super::{
    InvalidOtlp, Keep, Otlp,
    queue::Queue,
    sender::{Destination, Sender, scope},
};
use crate::{metrics::Metrics, monitor::Core};

/// Takes spans that are over, and has them sent by a thread of its own.
pub(crate) struct Exporter {
    processor: Arc<BatchSpanProcessor>,
    queue: Arc<Queue>,
    service: Arc<str>,
    scope: InstrumentationScope,
    pub(super) keep: Keep,
    monitor: Arc<OnceLock<Weak<Core>>>,
}

/// What an exporter is made from.
pub(crate) struct ExporterOptions {
    pub(crate) otlp: Otlp,
    pub(crate) service: Arc<str>,
    pub(crate) version: Option<String>,
    pub(crate) env: Arc<str>,
    /// From `OTEL_RESOURCE_ATTRIBUTES`; what the monitor knows itself wins.
    pub(crate) resource: Vec<(String, String)>,
    pub(crate) keep: Keep,
}

impl Exporter {
    pub(crate) fn new(
        options: ExporterOptions,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, InvalidOtlp> {
        let resource = resource(&options);
        let ExporterOptions {
            otlp,
            service,
            keep,
            ..
        } = options;
        let otlp = otlp.within_limits();
        let queue = Arc::new(Queue::new(otlp.queue, Arc::clone(metrics)));
        let monitor = Arc::<OnceLock<_>>::default();
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(otlp.queue)
            .with_max_export_batch_size(otlp.batch)
            .with_scheduled_delay(otlp.interval)
            .build();
        let destination = Destination::new(otlp, resource)?;
        let sender = Sender::new(destination, Arc::clone(&queue), Arc::clone(&monitor))?;
        Ok(Self {
            processor: Arc::new(processor(sender, config)?),
            queue,
            service,
            scope: scope(None),
            keep,
            monitor,
        })
    }

    /// Says which monitor's it is.
    pub(crate) fn belongs_to(&self, core: &Arc<Core>) {
        // It is made for one.
        let _ = self.monitor.set(Arc::downgrade(core));
    }

    /// The scope of spans of this monitor or worker.
    pub(crate) fn scope(&self, core: &Core) -> InstrumentationScope {
        match core.service == self.service {
            true => self.scope.clone(),
            false => scope(Some(&core.service)),
        }
    }

    /// Never blocks: where too many wait, the span is dropped and counted.
    pub(crate) fn send(&self, span: SpanData) {
        if self.queue.admit() {
            self.processor.on_end(span);
        }
    }

    /// So many spans are lost.
    pub(super) fn dropped(&self, spans: usize) {
        self.queue.dropped(spans);
    }

    /// Sends what waits, for at most `deadline`.
    pub(crate) fn flush(&self, deadline: Duration) {
        let start = Instant::now();
        while !self.queue.is_empty() {
            let left = deadline.saturating_sub(start.elapsed());
            if left.is_zero() {
                return;
            }
            let (done, flushed) = mpsc::sync_channel(1);
            let processor = Arc::clone(&self.processor);
            // The processor's own flush has a time limit of its own, so that it is waited for elsewhere.
            let waiting = thread::Builder::new()
                .name("monitor-layer flush".to_owned())
                .spawn(move || {
                    let _ = processor.force_flush();
                    let _ = done.send(());
                });
            if waiting.is_err() {
                // What waits goes out by itself, later.
                thread::sleep(left.min(Duration::from_millis(10)));
                continue;
            }
            if flushed.recv_timeout(left).is_err() {
                return;
            }
            // A span may be between its admission and the processor, which takes no longer.
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The SDK's, which panics where it gets no thread. So there is a first one to try, for a panic may end the process.
fn processor(sender: Sender, config: BatchConfig) -> Result<BatchSpanProcessor, InvalidOtlp> {
    thread::Builder::new()
        .spawn(|| ())
        .map_err(|error| InvalidOtlp::Thread(error.to_string()))?;
    panic::catch_unwind(AssertUnwindSafe(|| BatchSpanProcessor::new(sender, config)))
        .map_err(|_| InvalidOtlp::Thread("the SDK's processor panicked".to_owned()))
}

fn resource(options: &ExporterOptions) -> Vec<KeyValue> {
    let given = options.resource.iter();
    let mut attributes: Vec<_> = given
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
        .collect();
    // The later one of a key wins.
    attributes.extend([
        KeyValue::new("telemetry.distro.name", env!("CARGO_PKG_NAME")),
        KeyValue::new("telemetry.distro.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.name", Arc::clone(&options.service)),
        KeyValue::new("deployment.environment.name", Arc::clone(&options.env)),
    ]);
    if let Some(version) = &options.version {
        attributes.push(KeyValue::new("service.version", version.clone()));
    }
    attributes
}
