#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alerts")]
mod alert;
mod clock;
mod endpoints;
mod error;
mod exchange;
#[cfg(feature = "server")]
mod health;
#[cfg(any(feature = "alerts", feature = "otlp", feature = "sentry"))]
mod http_client;
mod job;
mod log;
mod metrics;
mod monitor;
#[cfg(feature = "server")]
mod queue;
mod redact;
#[cfg(feature = "axum")]
mod routes;
#[cfg(feature = "server")]
mod serve;
mod step;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "server")]
mod timers;
mod trace;
mod unit;
mod work;

#[cfg(feature = "alerts")]
pub use self::alert::{
    Alert, AlertNotice, AlertSelfTest, AlertSeverity, AlertSink, Alertmanager, DeliveryError,
    PagerDuty, Slack,
};
#[cfg(feature = "server")]
pub use self::endpoints::{Endpoints, EndpointsFuture, ServingEndpoints};
#[cfg(feature = "server")]
pub use self::health::{HealthCheck, InvalidCheck};
#[cfg(feature = "server")]
pub use self::queue::QueueCounts;
#[cfg(feature = "axum")]
pub use self::serve::{CountedConnection, CountedListener};
#[cfg(feature = "server")]
pub use self::serve::{Serve, ServeError};
#[cfg(feature = "otlp")]
pub use self::trace::Otlp;
pub use self::{
    error::{
        AsReported, Breadcrumb, Categorize, Category, Classification, ErrorEvent, ErrorLevel,
        ErrorReport, Reported, UnknownCategory, capture_error, capture_message,
    },
    exchange::{
        Admission, Cause, CountRequestBody, End, ExchangeLayer, ExchangeService, GrpcStatus,
        Observe, Outcome, PassRequestBody, RequestBodies, RequestBody, RequestBytes, RequestHead,
        ResponseBody, ResponseFuture, ResponseHead, Route, RouteLayer, RouteService, StreamKind,
        UnmeasuredLayer, UnmeasuredService,
    },
    job::{
        AttemptError, InJob, Job, JobAttempt, JobGuard, JobHandle, Pipeline, Progress, RetriedJob,
        Retries, RetryWhen, Transient,
    },
    log::{AccessLog, InvalidLogLevel, LogFilter, LogLayer, LogWriter},
    metrics::{
        ActiveWindow, Business, HttpExchange, HttpMetrics, HttpMetricsBuilder, InvalidAmount,
        JobEnd, JobStatus, LabelValues, Queue, RegisterError, Revenue,
    },
    monitor::{
        BuildError, InvalidSetting, Monitor, MonitorBuilder, MonitorLayer, MonitorObserver,
        MonitorService,
    },
    trace::{
        Carrier, ClientLayer, ClientObserver, ClientService, Current, InScope, Inbound,
        InvalidNetwork, InvalidRatio, Network, Parent, PeerAddress, Sampler, SpanId, SpanLayer,
        TraceContext, TraceContextFuture, TraceContextLayer, TraceContextService, TraceFlags,
        TraceId, TraceState, Trust, TrustPolicy, current,
    },
};
pub use monitor_macros::{Categorize, instrument_step};

/// What `#[instrument_step]` expands to; no part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use core::module_path;

    pub use tracing::Level;

    pub use crate::{
        error::Category,
        step::{
            FieldRecorder, Kind, Look, LookBorrowed, Never, Recorded, Returns, Step, StepSite,
            make, never, no_error, none_is_error, run, run_sync, value_of_type, via,
        },
    };
}

/// What the benchmarks measure; no part of the public interface.
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod __bench {
    pub use crate::metrics::bench::DurationHistogram;
    #[cfg(feature = "server")]
    pub use crate::metrics::bench::RequestSeries;
    #[cfg(feature = "otlp")]
    pub use crate::trace::otlp::bench::discarding;
}

/// What `monitor-layer/fuzz` and the property tests call with any bytes; no part of the public interface.
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod __fuzz {
    pub use crate::{
        log::fuzz::event,
        trace::fuzz::{carrier, trace_headers, traceparent, tracestate},
    };
}

#[cfg(all(doctest, feature = "alerts", feature = "axum", feature = "testing"))]
#[doc = include_str!("../../README.md")]
struct Readme;
