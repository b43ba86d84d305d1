use std::sync::Arc;

use super::json::push_escaped;

/// Whose log entries they are, as it stands in each of them.
pub(crate) struct Origin {
    pub(super) service: Arc<str>,
    /// `,"service":"…","env":"…"`
    pub(super) json: Box<[u8]>,
}

impl Origin {
    pub(crate) fn new(service: &Arc<str>, env: &str) -> Self {
        let mut json = Vec::new();
        for (key, text) in [
            (b",\"service\":\"".as_slice(), &**service),
            (b",\"env\":\"", env),
        ] {
            json.extend_from_slice(key);
            push_escaped(&mut json, text, usize::MAX);
            json.push(b'"');
        }
        Self {
            service: Arc::clone(service),
            json: json.into(),
        }
    }
}
