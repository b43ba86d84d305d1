use http::{HeaderValue, Uri, Version, header, uri::Authority};

use super::attributes::{Attributes, method};
use crate::exchange::{End, Outcome, RequestHead, Route};

/// What a request's span tells of its head. Holds parts of the request as they are, none of them copied.
#[derive(Debug)]
pub(crate) struct RequestFacts {
    uri: Uri,
    host: Option<HeaderValue>,
    user_agent: Option<HeaderValue>,
    version: Version,
}

impl RequestFacts {
    pub(crate) fn of(request: &RequestHead<'_>) -> Self {
        let header = |name| request.headers.get(name).cloned();
        Self {
            uri: request.uri.clone(),
            host: header(header::HOST),
            user_agent: header(header::USER_AGENT),
            version: request.version,
        }
    }

    /// By the stable semantic conventions for HTTP servers.
    pub(super) fn describe(&self, attributes: &mut Attributes<'_>, outcome: &Outcome<'_>) {
        self.describe_method(attributes, outcome);
        if let Some(route) = outcome.route {
            attributes.known("http.route", route.as_str().to_owned());
        }
        attributes.text("url.path", self.uri.path());
        attributes.known(
            "url.scheme",
            self.uri.scheme_str().unwrap_or("http").to_owned(),
        );
        if let Some(authority) = self.authority() {
            attributes.text("server.address", authority.host());
            if let Some(port) = authority.port_u16() {
                attributes.known("server.port", i64::from(port));
            }
        }
        if let Some(Ok(agent)) = self.user_agent.as_ref().map(HeaderValue::to_str) {
            attributes.text("user_agent.original", agent);
        }
        self.describe_answer(attributes, outcome);
    }

    /// By those for HTTP clients. The URL stands without its query, where secrets are sent.
    pub(super) fn describe_call(&self, attributes: &mut Attributes<'_>, outcome: &Outcome<'_>) {
        self.describe_method(attributes, outcome);
        if let Some(authority) = self.authority() {
            let scheme = self.uri.scheme_str().unwrap_or("http");
            let (host, port) = (authority.host(), authority.port_u16());
            let known = if scheme == "https" { 443 } else { 80 };
            let shown = port.map_or_else(String::new, |port| format!(":{port}"));
            let url = format!("{scheme}://{host}{shown}{}", self.uri.path());
            attributes.text("url.full", &url);
            attributes.text("server.address", host);
            attributes.known("server.port", i64::from(port.unwrap_or(known)));
        }
        self.describe_answer(attributes, outcome);
    }

    fn describe_method(&self, attributes: &mut Attributes<'_>, outcome: &Outcome<'_>) {
        let known = method(outcome.method);
        attributes.known("http.request.method", known);
        if known == "_OTHER" {
            attributes.text("http.request.method_original", outcome.method.as_str());
        }
        if let Some(version) = version(self.version) {
            attributes.known("network.protocol.version", version);
        }
    }

    fn describe_answer(&self, attributes: &mut Attributes<'_>, outcome: &Outcome<'_>) {
        // What was never sent is no answer's status.
        if outcome.responded || outcome.end == End::Panicked {
            let status = outcome.status.as_u16();
            attributes.known("http.response.status_code", i64::from(status));
        }
    }

    fn authority(&self) -> Option<Authority> {
        let host = self.host.as_ref().and_then(|host| host.to_str().ok());
        let host = host.and_then(|host| host.parse().ok());
        host.or_else(|| self.uri.authority().cloned())
    }
}

/// `{method} {route}`; the method alone where no route matched.
pub(super) fn name(outcome: &Outcome<'_>) -> String {
    match outcome.route.map(Route::as_str) {
        Some(route) => format!("{} {route}", call_name(outcome)),
        None => call_name(outcome).to_owned(),
    }
}

pub(super) fn call_name(outcome: &Outcome<'_>) -> &'static str {
    match method(outcome.method) {
        "_OTHER" => "HTTP",
        known => known,
    }
}

fn version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        Version::HTTP_3 => Some("3"),
        _ => None,
    }
}
