//! The entry as one JSON object, its keys in the order that is promised.

use super::{
    Entry, Origin, Timestamp,
    json::{push_escaped, push_hex, push_redacted},
    level_name,
};

/// Of a user's and a job's id, in bytes as written.
const LONGEST_ID: usize = 1024;

pub(super) fn write(line: &mut String, origin: Origin<'_>, entry: &mut Entry<'_>, now: Timestamp) {
    line.push_str("{\"timestamp\":\"");
    now.push_to(line);
    line.push_str("\",\"level\":\"");
    line.push_str(level_name(entry.level));
    line.push_str("\",\"message\":\"");
    let mut is_whole = push_redacted(line, entry.message, origin.redactor);
    line.push_str("\",\"service\":\"");
    push_escaped(line, origin.service, usize::MAX);
    line.push_str("\",\"env\":\"");
    push_escaped(line, origin.env, usize::MAX);
    let identity = entry.identity;
    if let Some(id) = identity.trace_id {
        line.push_str("\",\"traceId\":\"");
        push_hex(line, &id.to_bytes());
    }
    if let Some(id) = identity.span_id {
        line.push_str("\",\"spanId\":\"");
        push_hex(line, &id.to_bytes());
    }
    for (key, told, known) in [
        ("\",\"userId\":\"", &entry.ids.user, &identity.user),
        ("\",\"jobId\":\"", &entry.ids.job, &identity.job),
    ] {
        if !told.is_empty() {
            line.push_str(key);
            line.push_str(told);
        } else if let Some(known) = known {
            line.push_str(key);
            let longest = line.len() + LONGEST_ID;
            is_whole &= push_escaped(line, known, longest);
        }
    }
    line.push('"');
    entry.members.close(!is_whole);
    let members = entry.members.json();
    if !members.is_empty() {
        line.push_str(",\"metadata\":{");
        line.push_str(members);
        line.push('}');
    }
    line.push('}');
}
