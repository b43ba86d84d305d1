//! A log line of five fields in a span of three, to nowhere: what it takes to make it, and to hand it over.

use std::io;

use monitor_layer::Monitor;
use tracing::{Dispatch, Span, dispatcher};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::workload::Random;

/// The five fields.
#[derive(Clone, Debug)]
pub struct Event {
    /// A text.
    pub path: &'static str,
    /// A small number.
    pub status: u32,
    /// A large one.
    pub bytes: u64,
    /// A time to the microsecond.
    pub seconds: f64,
    /// A truth.
    pub cached: bool,
}

/// The three of the span, or of the peer's like.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// A text.
    pub tenant: &'static str,
    /// A number.
    pub attempt: u32,
    /// A text.
    pub region: &'static str,
}

/// What surrounds all events.
pub const SURROUNDINGS: Surroundings = Surroundings {
    tenant: "shop-17",
    attempt: 2,
    region: "eu-central-1",
};

/// Events without end.
pub fn events(seed: u64) -> impl Iterator<Item = Event> {
    let paths = ["/jobs/7", "/jobs/42/video", "/api/v1/orders", "/health"];
    let mut random = Random::new(seed);
    std::iter::repeat_with(move || {
        let bits = random.bits();
        Event {
            path: paths[(bits % 4) as usize],
            status: [200, 201, 404, 500][(bits >> 2) as usize % 4],
            bytes: (bits >> 4) % 1_000_000,
            seconds: ((bits >> 24) % 2_000_000) as f64 / 1e6,
            cached: bits >> 63 == 1,
        }
    })
}

/// Our layer in a subscriber, written by whoever logs, to nowhere.
#[derive(Debug)]
pub struct Ours {
    dispatch: Dispatch,
    span: Span,
    _monitor: Monitor,
}

impl Ours {
    /// Within a span of the surroundings.
    #[must_use]
    pub fn new(surroundings: &Surroundings) -> Self {
        let monitor = Monitor::builder("versus")
            .env("test")
            .log_to(io::sink())
            .build()
            .unwrap();
        let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
        let dispatch = Dispatch::new(subscriber);
        let span = dispatcher::with_default(&dispatch, || {
            tracing::info_span!(
                "span",
                tenant = surroundings.tenant,
                attempt = surroundings.attempt,
                region = surroundings.region
            )
        });
        Self {
            dispatch,
            span,
            _monitor: monitor,
        }
    }

    /// Does something within the span.
    pub fn within(&self, work: impl FnOnce()) {
        dispatcher::with_default(&self.dispatch, || self.span.in_scope(work));
    }
}

/// One line, within what [`Ours::within`] runs.
pub fn log(event: &Event) {
    tracing::info!(
        path = event.path,
        status = event.status,
        bytes = event.bytes,
        seconds = event.seconds,
        cached = event.cached,
        "Job picked up"
    );
}
