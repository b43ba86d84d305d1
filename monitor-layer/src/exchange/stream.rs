use http::{HeaderMap, Method, Request, header};

use super::header::find;

/// Which kind of stream a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamKind {
    /// `text/event-stream`.
    ServerSentEvents,
    /// A connection upgraded to WebSocket.
    WebSocket,
    /// A connection upgraded to another protocol, tunnels by CONNECT included.
    Upgrade,
    /// `application/grpc`, and what begins so.
    Grpc,
}

impl StreamKind {
    /// Every kind, in the order of the label values.
    pub const ALL: [Self; 4] = [
        Self::ServerSentEvents,
        Self::WebSocket,
        Self::Upgrade,
        Self::Grpc,
    ];

    /// The value of the `kind` label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServerSentEvents => "sse",
            Self::WebSocket => "websocket",
            Self::Upgrade => "upgrade",
            Self::Grpc => "grpc",
        }
    }

    /// By the response's content type.
    #[inline]
    pub(super) fn of_content(response: &HeaderMap) -> Option<Self> {
        let value = find(response, &header::CONTENT_TYPE)?.as_bytes();
        // Told apart by one letter from what most responses are.
        let (start, kind): (&[u8], _) = match value.get(12)? {
            b't' | b'T' => (b"text/event-stream", Self::ServerSentEvents),
            b'g' | b'G' => (b"application/grpc", Self::Grpc),
            _ => return None,
        };
        starts_with_ignoring_case(value, start).then_some(kind)
    }

    /// By what the response says it switches to, which a 101 has to (RFC 9110, 7.8), else by what was asked for.
    pub(super) fn of_upgrade(response: &HeaderMap, asked: Option<Self>) -> Self {
        let said = response.get(header::UPGRADE).map(|_| by_upgrade(response));
        said.or(asked).unwrap_or(Self::Upgrade)
    }

    /// By what the request asks for.
    pub(super) fn asked_by<B>(request: &Request<B>) -> Self {
        // A WebSocket over HTTP/2 has no `Upgrade`; it keeps the handshake's version (RFC 8441, 5). The `:protocol`
        // itself is to be had only with hyper's whole HTTP/2.
        if request.method() == Method::CONNECT {
            return match request
                .headers()
                .contains_key(header::SEC_WEBSOCKET_VERSION)
            {
                true => Self::WebSocket,
                false => Self::Upgrade,
            };
        }
        by_upgrade(request.headers())
    }
}

fn by_upgrade(headers: &HeaderMap) -> StreamKind {
    let value = headers
        .get(header::UPGRADE)
        .map_or(&[][..], |value| value.as_bytes());
    // The first of `protocol-name ["/" protocol-version]`, divided by commas.
    let mut parts = value.split(|byte| matches!(byte, b',' | b'/'));
    let name = parts.next().unwrap_or_default().trim_ascii();
    match name.eq_ignore_ascii_case(b"websocket") {
        true => StreamKind::WebSocket,
        false => StreamKind::Upgrade,
    }
}

fn starts_with_ignoring_case(value: &[u8], prefix: &[u8]) -> bool {
    value
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
