use std::{
    borrow::Borrow,
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, Hash},
};

/// The fields of a queued message in which a [`TraceContext`](crate::TraceContext) travels: a map of strings, a list of
/// pairs, or a type of one's own.
///
/// ```
/// use monitor_layer::{Carrier, Sampler, TraceContext};
///
/// struct Message {
///     traceparent: Option<String>,
/// }
///
/// impl Carrier for Message {
///     fn field(&self, name: &str) -> Option<&str> {
///         (name == "traceparent").then_some(self.traceparent.as_deref()).flatten()
///     }
/// }
///
/// let request = TraceContext::root(&Sampler::default());
/// let message = Message { traceparent: request.to_carrier().remove("traceparent") };
/// let job = TraceContext::from_carrier(&message, &Sampler::default()).unwrap();
/// assert_eq!(job.parent_span_id(), Some(request.span_id()));
/// ```
pub trait Carrier {
    /// The value of the field of this name, all in lower case; `None` where it stands there more than once.
    fn field(&self, name: &str) -> Option<&str>;
}

impl<K: Borrow<str> + Ord, V: AsRef<str>> Carrier for BTreeMap<K, V> {
    fn field(&self, name: &str) -> Option<&str> {
        self.get(name).map(AsRef::as_ref)
    }
}

impl<K: Borrow<str> + Eq + Hash, V: AsRef<str>, S: BuildHasher> Carrier for HashMap<K, V, S> {
    fn field(&self, name: &str) -> Option<&str> {
        self.get(name).map(AsRef::as_ref)
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Carrier for [(K, V)] {
    fn field(&self, name: &str) -> Option<&str> {
        let mut named = self.iter().filter(|(key, _)| key.as_ref() == name);
        let (_, value) = named.next()?;
        named.next().is_none().then_some(value.as_ref())
    }
}

impl<K: AsRef<str>, V: AsRef<str>> Carrier for Vec<(K, V)> {
    fn field(&self, name: &str) -> Option<&str> {
        self.as_slice().field(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Sampler, TraceContext, TraceState};

    fn context() -> TraceContext {
        let caller = TraceContext::root(&Sampler::ratio(1.0).unwrap());
        let state = TraceState::parse([&b"a=1,b=2"[..]]);
        TraceContext::from_parent(crate::Parent::of(&caller), state, &Sampler::default())
    }

    fn assert_continued(carrier: &(impl Carrier + ?Sized), sent: &TraceContext) {
        let read = TraceContext::from_carrier(carrier, &Sampler::default()).unwrap();
        assert_eq!(read.trace_id(), sent.trace_id());
        assert_eq!(read.parent_span_id(), Some(sent.span_id()));
        assert_eq!(read.tracestate(), sent.tracestate());
        assert_eq!(read.flags(), sent.flags());
    }

    #[test]
    fn a_context_travels_in_whatever_holds_strings() {
        let context = context();
        let fields = context.to_carrier();
        assert_continued(&fields, &context);
        let pairs: Vec<_> = fields.clone().into_iter().collect();
        assert_continued(&pairs, &context);
        assert_continued(&pairs[..], &context);
        let mut headers = HashMap::from([("content-type".to_owned(), "text/plain".to_owned())]);
        headers.extend(fields);
        assert_continued(&headers, &context);
    }

    #[test]
    fn it_is_read_again_after_json() {
        let context = context();
        let json = serde_json::to_string(&context.to_carrier()).unwrap();
        let fields: BTreeMap<String, String> = serde_json::from_str(&json).unwrap();
        assert_continued(&fields, &context);
    }

    #[test]
    fn what_is_missing_malformed_or_said_twice_is_no_context() {
        let read =
            |fields: &[(&str, &str)]| TraceContext::from_carrier(fields, &Sampler::default());
        let sent = context().to_carrier();
        let good = ("traceparent", sent["traceparent"].as_str());
        assert!(read(&[good]).is_some());
        assert!(read(&[]).is_none());
        assert!(read(&[("tracestate", "a=1")]).is_none());
        assert!(read(&[("traceparent", "00-bad")]).is_none());
        assert!(read(&[good, good]).is_none());
        let without_state = read(&[good, ("tracestate", "A")]).unwrap();
        assert_eq!(without_state.tracestate(), None);
    }
}
