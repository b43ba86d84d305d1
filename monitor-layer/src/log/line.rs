//! The entry as one JSON object, its keys in the order that is promised.

use tracing::Level;

use super::{
    Entry, Message, Timestamp,
    identity::SpanIds,
    json::{push_escaped, push_redacted},
};

/// Of a user's and a job's id, in bytes as written.
const LONGEST_ID: usize = 1024;

pub(super) fn write(line: &mut Vec<u8>, entry: &mut Entry<'_>, now: Timestamp) {
    line.extend_from_slice(b"{\"timestamp\":\"");
    now.push_to(line);
    match entry.level {
        Level::ERROR => line.extend_from_slice(b"\",\"level\":\"error\",\"message\":\""),
        Level::WARN => line.extend_from_slice(b"\",\"level\":\"warn\",\"message\":\""),
        Level::INFO => line.extend_from_slice(b"\",\"level\":\"info\",\"message\":\""),
        _ => line.extend_from_slice(b"\",\"level\":\"debug\",\"message\":\""),
    }
    let mut is_whole = match entry.message {
        Message::Own(text) => {
            line.extend_from_slice(text.as_bytes());
            true
        }
        Message::Any(text) => push_redacted(line, text, entry.redactor),
    };
    line.push(b'"');
    line.extend_from_slice(&entry.origin.json);
    let identity = entry.identity;
    if let Some(span) = &identity.span {
        line.extend_from_slice(&ids(span));
    }
    for (key, told, known) in [
        (
            b",\"userId\":\"".as_slice(),
            &entry.ids.user,
            &identity.user,
        ),
        (b",\"jobId\":\"", &entry.ids.job, &identity.job),
    ] {
        if !told.is_empty() {
            line.extend_from_slice(key);
            line.extend_from_slice(told);
            line.push(b'"');
        } else if let Some(known) = known {
            line.extend_from_slice(key);
            let longest = line.len() + LONGEST_ID;
            is_whole &= push_escaped(line, known, longest);
            line.push(b'"');
        }
    }
    entry.members.close(!is_whole);
    let members = entry.members.json();
    if !members.is_empty() {
        line.extend_from_slice(b",\"metadata\":{");
        line.extend_from_slice(members);
        line.push(b'}');
    }
    line.push(b'}');
}

/// Their members, in one piece.
fn ids(span: &SpanIds) -> [u8; 73] {
    let mut members =
        *b",\"traceId\":\"________________________________\",\"spanId\":\"________________\"";
    members[12..44].copy_from_slice(&span.trace.to_hex());
    members[56..72].copy_from_slice(&span.span.to_hex());
    members
}
