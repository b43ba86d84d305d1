//! What holds of each parser whatever bytes come in; no part of the public interface.
//!
//! `monitor-layer/fuzz` calls these with what a fuzzer finds, a property test with random bytes. They panic where
//! something does not hold.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    Sampler, SpanId, TraceContext, TraceId, TraceState, X_TRACE_ID,
    w3c::{TRACEPARENT, TRACESTATE, format_traceparent, parse_traceparent},
};

/// Any bytes as the value of `traceparent`: read as another reader reads them, field by field.
pub fn traceparent(value: &[u8]) {
    let parent = parse_traceparent(value);
    assert_eq!(
        parent.map(|parent| (parent.trace_id, parent.span_id, parent.flags.bits())),
        read_by_fields(value)
    );
    if let Some(parent) = parent {
        let child = TraceContext::from_parent(parent, None, &Sampler::default());
        assert_eq!(child.trace_id(), parent.trace_id);
        assert_eq!(child.parent_span_id(), Some(parent.span_id));
        assert_ne!(child.span_id(), parent.span_id);
        let sent = parse_traceparent(&format_traceparent(&child));
        assert_eq!(sent.map(|sent| sent.span_id), Some(child.span_id()));
    }
}

/// Any bytes as the values of `tracestate` headers, divided by line feeds: what is taken can be sent and is read alike.
pub fn tracestate(values: &[u8]) {
    let Some(state) = TraceState::parse(lines(values)) else {
        return;
    };
    let sent = state.as_str().as_bytes();
    assert_eq!(TraceState::parse([sent]).as_ref(), Some(&state));
    assert!(HeaderValue::from_bytes(sent).is_ok());
    assert!(!sent.contains(&b'\n') && !sent.contains(&b'\r'));
    assert_eq!(sent.trim_ascii(), sent);
    let members = state.as_str().split(',').map(str::trim);
    let members: Vec<_> = members.filter(|member| !member.is_empty()).collect();
    assert!((1..=32).contains(&members.len()));
    let keys: BTreeMap<_, _> = members
        .iter()
        .filter_map(|member| member.split_once('='))
        .collect();
    assert_eq!(keys.len(), members.len());
}

/// Any headers, one a line, the first byte of which says its name: one good `traceparent` is continued, and nothing else
/// has a parent.
pub fn trace_headers(lines_of_headers: &[u8]) {
    const NAMES: [HeaderName; 3] = [TRACEPARENT, TRACESTATE, X_TRACE_ID];

    let mut headers = HeaderMap::new();
    for line in lines(lines_of_headers) {
        if let Some((name, value)) = line.split_first()
            && let Ok(value) = HeaderValue::from_bytes(value)
        {
            headers.append(&NAMES[usize::from(*name) % NAMES.len()], value);
        }
    }
    let inbound = TraceContext::from_headers(&headers, &Sampler::default());
    let context = inbound.context;
    let mut traceparents = headers.get_all(TRACEPARENT).iter();
    let parent = match (traceparents.next(), traceparents.next()) {
        (Some(only), None) => read_by_fields(only.as_bytes()),
        _ => None,
    };
    let (trace_id, span_id) = (
        parent.map(|(trace_id, ..)| trace_id),
        parent.map(|(_, span_id, _)| span_id),
    );
    assert_eq!(context.parent_span_id(), span_id);
    assert!(trace_id.is_none_or(|trace_id| trace_id == context.trace_id()));
    assert!(parent.is_some() || context.tracestate().is_none());
    if let Some(kept) = inbound.client_trace_id {
        assert!((1..=64).contains(&kept.len()));
        assert!(kept.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }
    context.inject(&mut headers);
    let next = TraceContext::from_headers(&headers, &Sampler::default()).context;
    assert_is_child(&next, &context);
}

/// Any bytes as a queued message's fields: the first line is its `traceparent`, the others its `tracestate`.
pub fn carrier(fields: &[u8]) {
    let text = String::from_utf8_lossy(fields);
    let (traceparent, tracestate) = text.split_once('\n').unwrap_or((&text, ""));
    let carrier = BTreeMap::from([
        (TRACEPARENT.to_string(), traceparent.to_owned()),
        (TRACESTATE.to_string(), tracestate.to_owned()),
    ]);
    let Some(context) = TraceContext::from_carrier(&carrier, &Sampler::default()) else {
        assert_eq!(read_by_fields(traceparent.as_bytes()), None);
        return;
    };
    let next = TraceContext::from_carrier(&context.to_carrier(), &Sampler::default());
    assert!(next.is_some());
    if let Some(next) = next {
        assert_is_child(&next, &context);
    }
}

fn assert_is_child(child: &TraceContext, parent: &TraceContext) {
    assert_eq!(child.trace_id(), parent.trace_id());
    assert_eq!(child.parent_span_id(), Some(parent.span_id()));
    assert_eq!(child.tracestate(), parent.tracestate());
    assert_eq!(child.flags().is_random(), parent.flags().is_random());
}

/// The same grammar by other means: fields between hyphens instead of places.
fn read_by_fields(value: &[u8]) -> Option<(TraceId, SpanId, u8)> {
    let is_hex = |field: &[u8], digits| {
        let mut bytes = field.iter();
        field.len() == digits && bytes.all(|byte| b"0123456789abcdef".contains(byte))
    };
    let fields: Vec<_> = value.splitn(5, |byte| *byte == b'-').collect();
    let [version, trace_id, span_id, flags, further @ ..] = &fields[..] else {
        return None;
    };
    let is_read = is_hex(version, 2)
        && *version != b"ff"
        && (*version != b"00" || further.is_empty())
        && is_hex(trace_id, 32)
        && is_hex(span_id, 16)
        && is_hex(flags, 2);
    if !is_read {
        return None;
    }
    let flags = u8::from_str_radix(std::str::from_utf8(flags).ok()?, 16).ok()?;
    Some((
        TraceId::from_hex(trace_id)?,
        SpanId::from_hex(span_id)?,
        flags & 0x03,
    ))
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n')
}
