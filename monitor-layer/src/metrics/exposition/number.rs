//! Numbers as the text formats have them.

use std::io::Write as _;

use super::text::Dialect;

/// A bound as a label's value; in OpenMetrics with the point and the exponent that make it canonical.
pub(super) fn bound_text(bound: f64, dialect: Dialect) -> Box<str> {
    if bound.is_infinite() || dialect == Dialect::Text {
        let mut text = Vec::new();
        push_float(&mut text, bound);
        return String::from_utf8_lossy(&text).into();
    }
    if bound < 1e6 {
        return format!("{bound:?}").into();
    }
    let scientific = format!("{bound:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) => format!("{digits}e+{exponent:0>2}").into(),
        None => scientific.into(),
    }
}

pub(super) fn push_count(out: &mut Vec<u8>, count: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
}

pub(super) fn push_float(out: &mut Vec<u8>, value: f64) {
    if value.is_infinite() {
        let text: &[u8] = if value > 0.0 { b"+Inf" } else { b"-Inf" };
        return out.extend_from_slice(text);
    }
    let start = out.len();
    // Writing into memory does not fail.
    let _ = write!(out, "{value:?}");
    if out[start..].ends_with(b".0") {
        out.truncate(out.len() - 2);
    }
}

/// A sum of whole nanoseconds or bytes, exactly.
pub(super) fn push_sum(out: &mut Vec<u8>, sum: u128, scale: f64) {
    let scale = scale as u64;
    let (whole, rest) = match u64::try_from(sum) {
        Ok(sum) => (u128::from(sum / scale), sum % scale),
        Err(_) => (sum / u128::from(scale), (sum % u128::from(scale)) as u64),
    };
    match u64::try_from(whole) {
        Ok(whole) => push_count(out, whole),
        Err(_) => out.extend_from_slice(whole.to_string().as_bytes()),
    }
    if rest > 0 {
        // A leading one keeps the zeros behind the point.
        let start = out.len();
        push_count(out, scale + rest);
        out[start] = b'.';
        while out.ends_with(b"0") {
            out.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn sums_are_exact() {
        for (sum, seconds) in [
            (0, "0"),
            (1, "0.000000001"),
            (1_500_000_000, "1.5"),
            (10_000_000_000, "10"),
            (u128::from(u64::MAX) * 10, "184467440737.09551615"),
        ] {
            assert_eq!(text(|out| push_sum(out, sum, 1e9)), seconds);
        }
        assert_eq!(
            text(|out| push_sum(out, 1 << 70, 1.0)),
            (1_u128 << 70).to_string()
        );
    }

    #[test]
    fn numbers_are_written_as_prometheus_reads_them() {
        for (value, written) in [
            (3.0, "3"),
            (0.1, "0.1"),
            (-2.5, "-2.5"),
            (1e21, "1e21"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(text(|out| push_float(out, value)), written);
        }
    }

    #[test]
    fn bounds_are_canonical_in_openmetrics() {
        let bounds = [0.005, 1.0, 65_536.0, 1e6, 67_108_864.0, f64::INFINITY];
        let texts = |dialect| bounds.map(|bound| bound_text(bound, dialect).into_string());
        assert_eq!(
            texts(Dialect::OpenMetrics),
            ["0.005", "1.0", "65536.0", "1e+06", "6.7108864e+07", "+Inf"]
        );
        assert_eq!(
            texts(Dialect::Text),
            ["0.005", "1", "65536", "1000000", "67108864", "+Inf"]
        );
    }
}
