use http::{HeaderMap, StatusCode, Version, header};

use super::{End, StreamKind, header::find};

/// How a gRPC call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrpcStatus {
    /// 0
    Ok,
    /// 1
    Cancelled,
    /// 2
    Unknown,
    /// 3
    InvalidArgument,
    /// 4
    DeadlineExceeded,
    /// 5
    NotFound,
    /// 6
    AlreadyExists,
    /// 7
    PermissionDenied,
    /// 8
    ResourceExhausted,
    /// 9
    FailedPrecondition,
    /// 10
    Aborted,
    /// 11
    OutOfRange,
    /// 12
    Unimplemented,
    /// 13
    Internal,
    /// 14
    Unavailable,
    /// 15
    DataLoss,
    /// 16
    Unauthenticated,
    /// A `grpc-status` that is none of these.
    Other,
}

impl GrpcStatus {
    /// Every status, in the order of the codes.
    pub const ALL: [Self; 18] = [
        Self::Ok,
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
        Self::Other,
    ];

    /// The value of the `grpc_status` label: the code's name, else `_other`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Other => "_other",
        }
    }

    /// The status that a head or trailers tell.
    fn told_by(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get("grpc-status")?.to_str().ok();
        let code = value.and_then(|value| value.parse::<usize>().ok());
        let known = code.and_then(|code| Self::ALL.get(code)).copied();
        Some(known.unwrap_or(Self::Other))
    }

    /// What a client makes of an answer without a status: gRPC's "HTTP to gRPC Status Code Mapping".
    const fn of_http(status: StatusCode) -> Self {
        match status.as_u16() {
            400 => Self::Internal,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::Unimplemented,
            429 | 502 | 503 | 504 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }
}

/// What is known so far of an exchange's gRPC status.
#[derive(Clone, Copy)]
pub(super) enum Grpc {
    /// No gRPC.
    No,
    Untold,
    Told(GrpcStatus),
}

impl Grpc {
    /// gRPC needs HTTP/2: requests of other versions are not looked at.
    #[inline]
    pub(super) fn of_request(version: Version, headers: &HeaderMap) -> Self {
        match version == Version::HTTP_2 && is_grpc(headers) {
            true => Self::Untold,
            false => Self::No,
        }
    }

    /// `stream` is what the response is; others than gRPC's are not looked at again.
    #[inline]
    pub(super) fn see_head(&mut self, headers: &HeaderMap, stream: Option<StreamKind>) {
        if matches!(self, Self::No) && stream == Some(StreamKind::Grpc) && is_grpc(headers) {
            *self = Self::Untold;
        }
        // `Trailers-Only` of "gRPC over HTTP2", "Responses": one block of headers is head and trailers.
        self.see_trailers(headers);
    }

    #[inline]
    pub(super) fn see_trailers(&mut self, trailers: &HeaderMap) {
        if !matches!(self, Self::No)
            && let Some(status) = GrpcStatus::told_by(trailers)
        {
            *self = Self::Told(status);
        }
    }

    /// The status in the end; `head` is the response's own.
    ///
    /// Where none was told, it is what the client synthesizes, as "gRPC over HTTP2", "Responses" has it do.
    #[inline]
    pub(super) fn status(self, end: End, head: Option<StatusCode>) -> Option<GrpcStatus> {
        match self {
            Self::No => None,
            Self::Told(status) => Some(status),
            Self::Untold => Some(match end {
                End::Cancelled | End::Aborted => GrpcStatus::Cancelled,
                End::Failed | End::Panicked => GrpcStatus::Unknown,
                End::Completed | End::Upgraded => {
                    head.map_or(GrpcStatus::Unknown, GrpcStatus::of_http)
                }
            }),
        }
    }
}

/// `application/grpc`, alone or with `+` and the messages' format. gRPC-Web is another protocol: its status is in
/// the body.
fn is_grpc(headers: &HeaderMap) -> bool {
    const GRPC: &[u8] = b"application/grpc";

    let Some(value) = find(headers, &header::CONTENT_TYPE) else {
        return false;
    };
    let Some((start, rest)) = value.as_bytes().split_at_checked(GRPC.len()) else {
        return false;
    };
    start.eq_ignore_ascii_case(GRPC) && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
}
