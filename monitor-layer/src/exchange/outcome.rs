use std::{error::Error, time::Duration};

use http::{Method, StatusCode};

use super::{GrpcStatus, Route, StreamKind};

/// How an exchange ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Outcome<'a> {
    /// Which way it ended.
    pub end: End,
    /// The request's method, as sent.
    pub method: &'a Method,
    /// The matched template; `None` where no route matched.
    pub route: Option<&'a Route>,
    /// The response's status once a head was out; else 499 where the client went away, 500 on a panic or an error.
    pub status: StatusCode,
    /// Whether the head of a response was out.
    pub responded: bool,
    /// From arrival to the response's head: of streams, and of others where an observer
    /// [asks](super::Observe::times_response_start) for it.
    pub response_start: Option<Duration>,
    /// From arrival to the end.
    pub elapsed: Duration,
    /// What kind of stream the response is, if it is one: its life says nothing of how fast the service answers.
    pub stream: Option<StreamKind>,
    /// How a gRPC call ended, as its client sees it; `None` for other exchanges. Told by the trailers or by the head;
    /// where neither did, [`Cancelled`](GrpcStatus::Cancelled) if the client went away, else by the HTTP status.
    pub grpc_status: Option<GrpcStatus>,
    /// Bytes of the request's body that were read, where they are counted.
    pub request_bytes: Option<u64>,
    /// Bytes of the response's body that were handed on; none of an upgraded connection.
    pub response_bytes: u64,
    /// Why it failed or panicked.
    pub cause: Option<Cause<'a>>,
}

impl Outcome<'_> {
    /// The value of the `route` label: the matched template, else `unmatched`.
    #[must_use]
    pub fn route_label(&self) -> &str {
        Route::label(self.route)
    }
}

/// Why an exchange failed or panicked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Cause<'a> {
    /// The panic's message.
    Panic(&'a str),
    /// An error whose text and sources can be read.
    Error(&'a (dyn Error + 'static)),
    /// An error of this type, which is no [`Error`].
    Opaque(&'static str),
}

/// Which way an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The response ended in full, whatever its status.
    Completed,
    /// Dropped before a head.
    Cancelled,
    /// Dropped after the head, before the end.
    Aborted,
    /// The service or the body returned an error.
    Failed,
    /// Handler or body panicked.
    Panicked,
    /// The upgraded connection was closed.
    Upgraded,
}

impl End {
    /// Every end, in the order of the label values.
    pub const ALL: [Self; 6] = [
        Self::Completed,
        Self::Cancelled,
        Self::Aborted,
        Self::Failed,
        Self::Panicked,
        Self::Upgraded,
    ];

    /// The value of the `outcome` label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Aborted => "aborted",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Upgraded => "upgraded",
        }
    }
}
