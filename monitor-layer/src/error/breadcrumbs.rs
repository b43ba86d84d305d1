use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::Breadcrumb;
use crate::redact::Redactor;

/// How many lines are kept of one exchange or job.
const MOST: usize = 32;
/// Of a message, in bytes.
const LONGEST_MESSAGE: usize = 256;
/// Of the fields of one line, in bytes; a part of them would be no JSON.
const LONGEST_FIELDS: usize = 512;

/// The last lines of one exchange or job, in case something in it fails. Takes memory when the first line comes, and
/// little for further ones: their texts are in one place, and it is used again when lines go.
#[derive(Default)]
pub(crate) struct Breadcrumbs(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    lines: VecDeque<Line>,
    /// Message and fields of each, one after the other.
    text: VecDeque<u8>,
}

struct Line {
    timestamp: SystemTime,
    level: &'static str,
    target: &'static str,
    message: usize,
    fields: usize,
}

impl Breadcrumbs {
    /// `message` may hold secrets, `fields` are redacted already.
    pub(crate) fn add(
        &self,
        level: &'static str,
        target: &'static str,
        message: &str,
        fields: &[u8],
    ) {
        let message = &message[..floor_char_boundary(message, LONGEST_MESSAGE)];
        let fields = match fields.len() <= LONGEST_FIELDS {
            true => fields,
            false => &[],
        };
        let mut kept = self.lock();
        if kept.lines.len() == MOST {
            kept.drop_oldest();
        }
        kept.lines.push_back(Line {
            timestamp: SystemTime::now(),
            level,
            target,
            message: message.len(),
            fields: fields.len(),
        });
        kept.text.extend(message.as_bytes());
        kept.text.extend(fields);
    }

    /// A copy of those so far, oldest first.
    pub(super) fn so_far(&self, redactor: &Redactor) -> Vec<Breadcrumb> {
        let kept = self.lock();
        let mut text = kept.text.iter().copied();
        let mut take = |length| {
            let bytes: Vec<u8> = text.by_ref().take(length).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let lines: Vec<_> = kept
            .lines
            .iter()
            .map(|line| Breadcrumb {
                timestamp: line.timestamp,
                level: line.level,
                target: line.target,
                message: take(line.message),
                fields: take(line.fields),
            })
            .collect();
        drop(kept);
        // The user's own redaction runs without the lock: it may log.
        let redacted = lines.into_iter().map(|line| Breadcrumb {
            message: redactor.text(&line.message).into_owned(),
            ..line
        });
        redacted.collect()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.lines.pop_front() {
            self.text.drain(..oldest.message + oldest.fields);
        }
    }
}

fn floor_char_boundary(text: &str, most: usize) -> usize {
    if text.len() <= most {
        return text.len();
    }
    let boundary = (0..=most).rev().find(|end| text.is_char_boundary(*end));
    boundary.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(breadcrumbs: &Breadcrumbs) -> Vec<String> {
        let lines = breadcrumbs.so_far(&Redactor::default());
        lines.into_iter().map(|line| line.message).collect()
    }

    #[test]
    fn the_last_lines_are_kept_whole_and_in_order() {
        let breadcrumbs = Breadcrumbs::default();
        for number in 0..MOST + 3 {
            let fields = format!("\"number\":{number}");
            breadcrumbs.add(
                "info",
                "tests",
                &format!("line {number}"),
                fields.as_bytes(),
            );
        }
        let kept = breadcrumbs.so_far(&Redactor::default());
        assert_eq!(kept.len(), MOST);
        assert_eq!(kept[0].message, "line 3");
        assert_eq!(kept[MOST - 1].fields, format!("\"number\":{}", MOST + 2));
    }

    #[test]
    fn what_is_kept_of_any_number_of_lines_is_bounded() {
        let breadcrumbs = Breadcrumbs::default();
        let (message, fields) = ("é".repeat(10_000), "1".repeat(10_000));
        for _ in 0..1_000 {
            breadcrumbs.add("info", "tests", &message, fields.as_bytes());
            breadcrumbs.add(
                "info",
                "tests",
                "short",
                "2".repeat(LONGEST_FIELDS).as_bytes(),
            );
        }
        let text = breadcrumbs.lock().text.capacity();
        assert!(
            text <= 2 * MOST * (LONGEST_MESSAGE + LONGEST_FIELDS),
            "{text}"
        );
        let kept = breadcrumbs.so_far(&Redactor::default());
        assert_eq!(kept[0].message, "é".repeat(LONGEST_MESSAGE / 2));
        assert_eq!(kept[0].fields, "", "a part of them would be no JSON");
    }

    #[test]
    fn a_message_is_redacted_when_it_is_told() {
        let breadcrumbs = Breadcrumbs::default();
        breadcrumbs.add("info", "tests", "postgres://me:hunter2@db", b"");
        assert_eq!(messages(&breadcrumbs), ["postgres://me:[REDACTED]@db"]);
    }
}
