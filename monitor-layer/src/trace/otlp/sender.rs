use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
    time::Instant,
};

use opentelemetry::{InstrumentationScope, Key, KeyValue, Value};
use opentelemetry_otlp::{
    Protocol, SpanExporter as OtlpExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    resource::TelemetryResourceDetector,
    trace::{SpanData, SpanExporter},
};

use super::{Otlp, client::Client, queue::Queue, settings::InvalidOtlp, warnings::Warnings};
use crate::monitor::Core;

/// Marks the spans of a worker, which has a service name of its own.
pub(super) const SERVICE: &str = "service.name";
/// How many workers' names are told apart; spans of further ones bear the service's.
const SERVICES: usize = 64;

/// Sends batches, each span under its own service's resource, and counts what is lost.
pub(super) struct Sender {
    to: Destination,
    queue: Arc<Queue>,
    main: OtlpExporter,
    /// Made when their first span comes.
    workers: Mutex<Vec<(Value, Arc<OtlpExporter>)>>,
    warnings: Warnings,
}

/// What each exporter is made from.
pub(super) struct Destination {
    url: String,
    otlp: Otlp,
    client: Client,
    resource: Vec<KeyValue>,
}

impl Destination {
    pub(super) fn new(otlp: Otlp, resource: Vec<KeyValue>) -> Result<Self, InvalidOtlp> {
        Ok(Self {
            url: otlp.traces_url()?,
            client: Client::new(otlp.header_map()?, otlp.gzip),
            otlp,
            resource,
        })
    }

    fn exporter(&self, service: Option<&Value>) -> Result<OtlpExporter, InvalidOtlp> {
        let mut exporter = OtlpExporter::builder()
            .with_http()
            .with_http_client(self.client.clone())
            .with_endpoint(&*self.url)
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(self.otlp.timeout)
            .build()
            .map_err(|error| InvalidOtlp::Refused(error.to_string()))?;
        let worker = service.map(|name| KeyValue::new(SERVICE, name.clone()));
        let resource = Resource::builder_empty()
            .with_detector(Box::new(TelemetryResourceDetector))
            .with_attributes(self.resource.iter().cloned().chain(worker))
            .build();
        exporter.set_resource(&resource);
        Ok(exporter)
    }
}

impl Sender {
    pub(super) fn new(
        to: Destination,
        queue: Arc<Queue>,
        monitor: Arc<OnceLock<Weak<Core>>>,
    ) -> Result<Self, InvalidOtlp> {
        Ok(Self {
            main: to.exporter(None)?,
            warnings: Warnings::new(&to.url, monitor),
            to,
            queue,
            workers: Mutex::default(),
        })
    }

    fn worker(&self, service: &Value) -> Option<Arc<OtlpExporter>> {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = workers.iter().find(|(name, _)| name == service) {
            return Some(Arc::clone(known));
        }
        if workers.len() == SERVICES {
            return None;
        }
        let made = Arc::new(self.to.exporter(Some(service)).ok()?);
        workers.push((service.clone(), Arc::clone(&made)));
        Some(made)
    }

    async fn send(&self, service: Option<Value>, spans: Vec<SpanData>) -> OTelSdkResult {
        let count = spans.len();
        let worker = service.and_then(|service| self.worker(&service));
        self.to.client.begin(Instant::now() + self.to.otlp.timeout);
        let sent = worker.as_deref().unwrap_or(&self.main).export(spans).await;
        match &sent {
            Ok(()) => {
                self.warnings.works();
                if let Some(partial) = self.to.client.partial_success() {
                    let rejected = usize::try_from(partial.rejected_spans).unwrap_or(0);
                    let rejected = rejected.min(count);
                    self.queue.dropped(rejected);
                    self.warnings.rejected(rejected, &partial.error_message);
                }
            }
            Err(error) => {
                self.queue.dropped(count);
                // The exporter says no more than that it was the network's fault.
                let reason = self.to.client.unanswered();
                self.warnings
                    .fails(&reason.unwrap_or_else(|| error.to_string()));
            }
        }
        self.queue.finished(count);
        sent
    }
}

impl SpanExporter for Sender {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.queue.taken(batch.len());
        #[cfg(feature = "testing")]
        if self.to.otlp.discard {
            self.queue.finished(batch.len());
            return Ok(());
        }
        let mut result = Ok(());
        for (service, spans) in by_service(batch) {
            let sent = self.send(service, spans).await;
            result = result.and(sent);
        }
        result
    }
}

/// A batch divided by service; most are all of one.
fn by_service(batch: Vec<SpanData>) -> Vec<(Option<Value>, Vec<SpanData>)> {
    let mut services: Vec<(Option<Value>, Vec<SpanData>)> = Vec::new();
    for mut span in batch {
        let service = span
            .instrumentation_scope
            .attributes()
            .find(|attribute| attribute.key == Key::from_static_str(SERVICE))
            .map(|attribute| attribute.value.clone());
        if service.is_some() {
            span.instrumentation_scope = scope(None);
        }
        match services.iter_mut().find(|(known, _)| *known == service) {
            Some((_, spans)) => spans.push(span),
            None => services.push((service, vec![span])),
        }
    }
    services
}

/// What the spans were made by; of a worker's, with the mark that says so.
pub(super) fn scope(worker: Option<&Arc<str>>) -> InstrumentationScope {
    let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
        .with_version(env!("CARGO_PKG_VERSION"));
    match worker {
        Some(name) => scope
            .with_attributes([KeyValue::new(SERVICE, Arc::clone(name))])
            .build(),
        None => scope.build(),
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").finish_non_exhaustive()
    }
}
