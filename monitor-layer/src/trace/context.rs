use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue};

use super::{
    Carrier, Inbound, Parent, Sampler, SpanId, TraceFlags, TraceId, TraceState, Trust,
    sampling::RouteSampler,
    w3c::{TRACEPARENT, TRACESTATE, format_traceparent, parse_traceparent},
};

/// Where a piece of work stands in its trace.
///
/// ```
/// use monitor_layer::{Sampler, TraceContext};
///
/// let request = TraceContext::root(&Sampler::default());
/// let step = request.child();
/// assert_eq!(step.trace_id(), request.trace_id());
/// assert_eq!(step.parent_span_id(), Some(request.span_id()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceContext {
    trace_id: TraceId,
    span_id: SpanId,
    parent_span_id: Option<SpanId>,
    flags: TraceFlags,
    tracestate: Option<TraceState>,
    /// Boxed, for there is rarely one.
    link: Option<Box<Parent>>,
}

impl TraceContext {
    /// Starts a trace.
    #[must_use]
    pub fn root(sampler: &Sampler) -> Self {
        Self::new_root(None, sampler.at(None))
    }

    /// Starts a trace of this id, of which nobody knows whether it is random.
    #[must_use]
    pub fn root_with_trace_id(trace_id: TraceId, sampler: &Sampler) -> Self {
        Self::new_root(Some(trace_id), sampler.at(None))
    }

    /// Continues a caller's trace.
    #[must_use]
    pub fn from_parent(parent: Parent, tracestate: Option<TraceState>, sampler: &Sampler) -> Self {
        Self::continued(parent, tracestate, sampler.at(None))
    }

    pub(super) fn new_root(trace_id: Option<TraceId>, sampler: RouteSampler<'_>) -> Self {
        let (trace_id, flags) = match trace_id {
            Some(given) => (given, TraceFlags::default()),
            None => (TraceId::generate(), TraceFlags::RANDOM),
        };
        Self {
            trace_id,
            span_id: SpanId::generate(),
            parent_span_id: None,
            flags: flags.with_sampled(sampler.decide(trace_id)),
            tracestate: None,
            link: None,
        }
    }

    pub(super) fn continued(
        parent: Parent,
        tracestate: Option<TraceState>,
        sampler: RouteSampler<'_>,
    ) -> Self {
        let sampled = sampler.decide_with_parent(parent.trace_id, parent.flags.is_sampled());
        Self {
            trace_id: parent.trace_id,
            span_id: SpanId::generate(),
            parent_span_id: Some(parent.span_id),
            flags: parent.flags.with_sampled(sampled),
            tracestate,
            link: None,
        }
    }

    /// The same with a link to a span of another trace, which did not become its parent.
    ///
    /// ```
    /// use monitor_layer::{Parent, Sampler, TraceContext};
    ///
    /// let caller = TraceContext::root(&Sampler::default());
    /// let ours = TraceContext::root(&Sampler::default()).with_link(Parent::of(&caller));
    /// assert_ne!(ours.trace_id(), caller.trace_id());
    /// assert_eq!(ours.link().map(|link| link.span_id), Some(caller.span_id()));
    /// assert_eq!(ours.child().link(), None);
    /// ```
    #[must_use]
    pub fn with_link(mut self, link: Parent) -> Self {
        self.link = Some(Box::new(link));
        self
    }

    /// A span below this one.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            trace_id: self.trace_id,
            span_id: SpanId::generate(),
            parent_span_id: Some(self.span_id),
            flags: self.flags,
            tracestate: self.tracestate.clone(),
            // The span's that has it, and no other's.
            link: None,
        }
    }

    /// Reads `traceparent` and `tracestate`; else `x-trace-id`; else starts a trace. What is malformed or doubled is
    /// as if it were absent.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap, sampler: &Sampler) -> Inbound {
        Inbound::read(headers, Trust::Continue, sampler.at(None))
    }

    /// Writes `traceparent` and `tracestate` in the place of what there is.
    pub fn inject(&self, headers: &mut HeaderMap) {
        headers.remove(TRACESTATE);
        // Hex digits and hyphens, and the printable ASCII that the parser took, are header values.
        if let Ok(value) = HeaderValue::from_bytes(&format_traceparent(self)) {
            headers.insert(TRACEPARENT, value);
        }
        if let Some(state) = &self.tracestate
            && let Ok(value) = HeaderValue::from_str(state.as_str())
        {
            headers.insert(TRACESTATE, value);
        }
    }

    /// The context as text, to travel with a queued message: a map that serde writes, and that extends a map of headers.
    ///
    /// ```
    /// use monitor_layer::{Sampler, TraceContext};
    ///
    /// let sampler = Sampler::default();
    /// let request = TraceContext::root(&sampler);
    /// let carrier = request.to_carrier();
    /// let job = TraceContext::from_carrier(&carrier, &sampler).unwrap();
    /// assert_eq!(job.trace_id(), request.trace_id());
    /// assert_eq!(job.parent_span_id(), Some(request.span_id()));
    /// ```
    #[must_use]
    pub fn to_carrier(&self) -> BTreeMap<String, String> {
        let traceparent = format_traceparent(self).map(char::from);
        let mut carrier =
            BTreeMap::from([(TRACEPARENT.to_string(), traceparent.into_iter().collect())]);
        if let Some(state) = &self.tracestate {
            carrier.insert(TRACESTATE.to_string(), state.to_string());
        }
        carrier
    }

    /// A child of what [`to_carrier`](Self::to_carrier) wrote; `None` where there is nothing usable.
    #[must_use]
    pub fn from_carrier(carrier: &(impl Carrier + ?Sized), sampler: &Sampler) -> Option<Self> {
        let parent = parse_traceparent(carrier.field(TRACEPARENT.as_str())?.as_bytes())?;
        let tracestate = carrier
            .field(TRACESTATE.as_str())
            .and_then(|state| TraceState::parse([state.as_bytes()]));
        Some(Self::from_parent(parent, tracestate, sampler))
    }

    /// The trace.
    #[must_use]
    pub const fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// This piece of work.
    #[must_use]
    pub const fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// What it is part of.
    #[must_use]
    pub const fn parent_span_id(&self) -> Option<SpanId> {
        self.parent_span_id
    }

    /// The flags as they go out.
    #[must_use]
    pub const fn flags(&self) -> TraceFlags {
        self.flags
    }

    /// Whether the trace is recorded.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.flags.is_sampled()
    }

    /// Vendors' own state.
    #[must_use]
    pub const fn tracestate(&self) -> Option<&TraceState> {
        self.tracestate.as_ref()
    }

    /// The span of another trace that a [`Trust::Link`] policy, or [`with_link`](Self::with_link), ties this one to.
    #[must_use]
    pub fn link(&self) -> Option<&Parent> {
        self.link.as_deref()
    }

    #[cfg(feature = "server")]
    pub(super) const fn set_unsampled(&mut self) {
        self.flags = self.flags.with_sampled(false);
    }

    /// Leaves its ids and flags alone.
    #[inline]
    pub(crate) fn drop_belongings(&mut self) {
        self.tracestate = None;
        self.link = None;
    }

    pub(crate) fn x_trace_id(&self) -> HeaderValue {
        // Hex digits are a header value.
        HeaderValue::from_bytes(&self.trace_id.to_hex()).unwrap_or(HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn read(headers: &[(&'static str, &str)]) -> Inbound {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        TraceContext::from_headers(&map, &Sampler::ratio(0.0).unwrap())
    }

    fn trace(headers: &[(&'static str, &str)]) -> String {
        read(headers).context.trace_id().to_string()
    }

    #[test]
    fn traceparent_wins_over_x_trace_id() {
        let other = "f".repeat(32);
        assert_eq!(
            trace(&[("traceparent", VALID), ("x-trace-id", &other)]),
            TRACE
        );
        assert_eq!(
            trace(&[("traceparent", "bad"), ("x-trace-id", &other)]),
            other
        );
    }

    #[test]
    fn several_traceparents_are_as_none() {
        assert_ne!(
            trace(&[("traceparent", VALID), ("traceparent", VALID)]),
            TRACE
        );
    }

    #[test]
    fn tracestate_is_kept_with_a_valid_traceparent_alone() {
        let state = |parent| {
            let inbound = read(&[
                ("traceparent", parent),
                ("tracestate", "a=1"),
                ("tracestate", "b=2"),
            ]);
            inbound.context.tracestate().map(ToString::to_string)
        };
        assert_eq!(state(VALID).as_deref(), Some("a=1,b=2"));
        assert_eq!(state("bad"), None);
    }

    #[test]
    fn a_malformed_tracestate_leaves_the_traceparent_be() {
        let inbound = read(&[("traceparent", VALID), ("tracestate", "A")]);
        assert_eq!(inbound.context.trace_id().to_string(), TRACE);
        assert_eq!(inbound.context.tracestate(), None);
    }

    #[test]
    fn the_random_flag_is_set_on_our_own_ids_and_passed_on_with_others() {
        let flags = |headers: &[_]| read(headers).context.flags();
        assert!(flags(&[]).is_random());
        assert!(!flags(&[("traceparent", VALID)]).is_random());
        let random = VALID.replace("-01", "-03");
        assert!(flags(&[("traceparent", &random)]).is_random());
        assert!(!flags(&[("x-trace-id", TRACE)]).is_random());
    }

    #[test]
    fn an_unusable_x_trace_id_is_kept_if_short_and_printable() {
        let kept = |text: &str| {
            read(&[("x-trace-id", text)])
                .client_trace_id
                .map(String::from)
        };
        assert_eq!(kept("order 17").as_deref(), Some("order 17"));
        assert_eq!(kept(&"x".repeat(64)).as_deref(), Some(&*"x".repeat(64)));
        assert_eq!(kept(&"x".repeat(65)), None);
        assert_eq!(kept(""), None);
        assert_eq!(kept("tab\there"), None);
        assert_eq!(kept("ümlaut"), None);
        assert_eq!(kept(&"0".repeat(32)).as_deref(), Some(&*"0".repeat(32)));
        assert_eq!(kept(TRACE), None);
    }

    #[test]
    fn an_unusable_x_trace_id_is_kept_beside_a_traceparent_too() {
        let inbound = read(&[("traceparent", VALID), ("x-trace-id", "order 17")]);
        assert_eq!(inbound.context.trace_id().to_string(), TRACE);
        assert_eq!(inbound.client_trace_id.as_deref(), Some("order 17"));
    }

    #[test]
    fn what_is_injected_replaces_what_there_was_and_is_read_as_a_child() {
        let inbound = read(&[("traceparent", VALID), ("tracestate", "a=1")]).context;
        let mut headers = HeaderMap::new();
        for name in ["traceparent", "tracestate"] {
            headers.append(name, HeaderValue::from_static("stale"));
            headers.append(name, HeaderValue::from_static("staler"));
        }
        inbound.inject(&mut headers);
        assert_eq!(headers.len(), 2);
        let next = TraceContext::from_headers(&headers, &Sampler::default()).context;
        assert_eq!(next.trace_id(), inbound.trace_id());
        assert_eq!(next.parent_span_id(), Some(inbound.span_id()));
        assert_eq!(next.tracestate(), inbound.tracestate());
        assert_eq!(next.is_sampled(), inbound.is_sampled());
    }
}
