use std::time::Duration;

use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body::Body;

use super::{StreamKind, header::find};

/// What the end of an exchange has to know of its response's head.
pub(super) struct ResponseFacts {
    pub(super) status: StatusCode,
    /// From arrival to the head, where somebody asks for it.
    pub(super) started: Option<Duration>,
    pub(super) stream: Option<StreamKind>,
    /// Whether the exchange lives on in an upgraded connection.
    pub(super) upgraded: bool,
    declared_length: Option<u64>,
    bodyless: bool,
}

impl ResponseFacts {
    /// `method` and `asked` are the request's.
    #[inline]
    pub(super) fn of<B: Body>(
        response: &Response<B>,
        method: &Method,
        asked: Option<StreamKind>,
    ) -> Self {
        let status = response.status();
        let headers = response.headers();
        let upgraded = status == StatusCode::SWITCHING_PROTOCOLS
            || (*method == Method::CONNECT && status.is_success());
        Self {
            status,
            started: None,
            stream: match upgraded {
                true => Some(StreamKind::of_upgrade(headers, asked)),
                false => StreamKind::of_content(headers),
            },
            upgraded,
            // Where both are there they say the same, and a header costs a search.
            declared_length: response
                .body()
                .size_hint()
                .exact()
                .or_else(|| content_length(headers)),
            bodyless: *method == Method::HEAD
                || status.is_informational()
                || status == StatusCode::NO_CONTENT
                || status == StatusCode::NOT_MODIFIED,
        }
    }

    /// Whether nothing is missing once so many bytes were handed on, though nobody read on to the end.
    pub(super) fn is_complete(&self, bytes: u64) -> bool {
        self.bodyless
            || self
                .declared_length
                .is_some_and(|declared| bytes >= declared)
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    find(headers, &header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
