//! The parts of `io.prometheus.client` messages, field by field, in protobuf's wire format.

use crate::metrics::instrument::Exemplar;

// Numbers of fields in `io.prometheus.client.Histogram` and `Bucket`.
pub(super) const SCHEMA: u32 = 5;
pub(super) const ZERO_THRESHOLD: u32 = 6;
pub(super) const ZERO_COUNT: u32 = 7;
pub(super) const POSITIVE_SPAN: u32 = 12;
pub(super) const POSITIVE_DELTA: u32 = 13;
pub(super) const BUCKET_EXEMPLAR: u32 = 3;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;

pub(super) const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

pub(super) fn raw_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn varint(out: &mut Vec<u8>, field: u32, number: u64) {
    raw_varint(out, u64::from(field << 3 | VARINT));
    raw_varint(out, number);
}

pub(super) fn double(out: &mut Vec<u8>, field: u32, number: f64) {
    raw_varint(out, u64::from(field << 3 | FIXED64));
    out.extend_from_slice(&number.to_le_bytes());
}

pub(super) fn bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    raw_varint(out, u64::from(field << 3 | LENGTH_DELIMITED));
    raw_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A message inside of another.
pub(super) fn message(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    raw_varint(out, u64::from(field << 3 | LENGTH_DELIMITED));
    delimited(out, write);
}

/// A message behind its length, which is known only once it is written.
pub(super) fn delimited(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    let end = out.len();
    raw_varint(out, (end - start) as u64);
    let head = out.len() - end;
    out[start..].rotate_right(head);
}

pub(super) fn label(out: &mut Vec<u8>, field: u32, name: &str, value: &str) {
    message(out, field, |out| {
        bytes(out, 1, name.as_bytes());
        bytes(out, 2, value.as_bytes());
    });
}

pub(super) fn span(out: &mut Vec<u8>, gap: i32, length: u32) {
    varint(out, 1, zigzag(gap.into()));
    varint(out, 2, length.into());
}

pub(super) fn exemplar(out: &mut Vec<u8>, exemplar: &Exemplar, scale: f64) {
    if let Some(trace_id) = exemplar.trace_id() {
        label(out, 1, "trace_id", &trace_id.to_string());
    }
    label(out, 1, "span_id", &exemplar.span_id().to_string());
    double(out, 2, exemplar.amount() as f64 / scale);
    let milliseconds = exemplar.milliseconds();
    message(out, 3, |out| {
        varint(out, 1, milliseconds / 1_000);
        varint(out, 2, milliseconds % 1_000 * 1_000_000);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_messages_are_encoded_as_the_wire_format_says() {
        let mut out = Vec::new();
        varint(&mut out, 1, 150);
        assert_eq!(out, [0x08, 0x96, 0x01]);
        out.clear();
        message(&mut out, 3, |out| varint(out, 1, 150));
        assert_eq!(out, [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert_eq!([0, -1, 1, -2].map(zigzag), [0, 1, 2, 3]);
    }
}
