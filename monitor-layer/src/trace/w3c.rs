//! `traceparent`, as W3C Trace Context level 2 has it.

use http::HeaderName;

use super::{
    Carrier, SpanId, TraceContext, TraceFlags, TraceId,
    hex::{hex, parse_lower_hex},
};

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// `00-<32>-<16>-<2>`.
pub(crate) const TRACEPARENT_LENGTH: usize = 55;
const INVALID_VERSION: u128 = 0xff;

/// What a caller tells of itself: its trace, its span and its flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parent {
    /// The trace.
    pub trace_id: TraceId,
    /// The caller's span.
    pub span_id: SpanId,
    /// The flags that are defined.
    pub flags: TraceFlags,
}

impl Parent {
    /// What this context tells those whom it calls.
    #[must_use]
    pub const fn of(context: &TraceContext) -> Self {
        Self {
            trace_id: context.trace_id(),
            span_id: context.span_id(),
            flags: context.flags(),
        }
    }

    /// What stands in a message; `None` where there is nothing usable.
    pub(crate) fn from_carrier(carrier: &(impl Carrier + ?Sized)) -> Option<Self> {
        parse_traceparent(carrier.field(TRACEPARENT.as_str())?.as_bytes())
    }
}

/// Reads one header's value; anything malformed is as if it were absent.
///
/// A version above 00 is read by its first four fields, if nothing follows them but a hyphen and more (3.2.4).
pub(crate) fn parse_traceparent(value: &[u8]) -> Option<Parent> {
    let (fixed, further) = value.split_at_checked(TRACEPARENT_LENGTH)?;
    if [2, 35, 52].iter().any(|place| fixed[*place] != b'-') {
        return None;
    }
    match parse_lower_hex(&fixed[..2])? {
        0 if !further.is_empty() => return None,
        INVALID_VERSION => return None,
        _ if further.first().is_some_and(|next| *next != b'-') => return None,
        _ => {}
    }
    Some(Parent {
        trace_id: TraceId::from_hex(&fixed[3..35])?,
        span_id: SpanId::from_hex(&fixed[36..52])?,
        flags: TraceFlags::from_bits(parse_lower_hex(&fixed[53..])? as u8),
    })
}

/// Writes version 00: the highest that this parser knows (3.2.4).
pub(crate) fn format_traceparent(context: &TraceContext) -> [u8; TRACEPARENT_LENGTH] {
    let mut value = *b"00-00000000000000000000000000000000-0000000000000000-00";
    value[3..35].copy_from_slice(&context.trace_id().to_hex());
    value[36..52].copy_from_slice(&context.span_id().to_hex());
    let [.., high, low] = hex(context.flags().bits().into());
    value[53..].copy_from_slice(&[high, low]);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn parse(value: &str) -> Option<Parent> {
        parse_traceparent(value.as_bytes())
    }

    #[test]
    fn the_four_fields_are_read() {
        let parent = parse(VALID).unwrap();
        assert_eq!(
            parent.trace_id.to_string(),
            "0af7651916cd43dd8448eb211c80319c"
        );
        assert_eq!(parent.span_id.to_string(), "b7ad6b7169203331");
        assert_eq!(parent.flags, TraceFlags::SAMPLED);
    }

    #[test]
    fn version_00_is_exactly_55_characters() {
        assert!(parse(&VALID[..54]).is_none());
        assert!(parse(&format!("{VALID}-")).is_none());
        assert!(parse(&format!("{VALID}-00")).is_none());
        assert!(parse("").is_none());
    }

    #[test]
    fn a_higher_version_is_read_by_its_first_four_fields() {
        let higher = VALID.replacen("00", "cc", 1);
        assert_eq!(parse(&higher), parse(VALID));
        assert_eq!(parse(&format!("{higher}-what-will-be")), parse(VALID));
        assert!(parse(&format!("{higher}.what")).is_none());
        assert!(parse(&higher[..54]).is_none());
    }

    #[test]
    fn version_ff_is_invalid() {
        assert!(parse(&VALID.replacen("00", "ff", 1)).is_none());
    }

    #[test]
    fn a_version_is_two_lower_case_hex_digits() {
        for version in ["0", ".0", "0.", "0A", "g0"] {
            assert!(
                parse(&VALID.replacen("00", version, 1)).is_none(),
                "{version}"
            );
        }
    }

    #[test]
    fn ids_of_zeros_are_invalid() {
        assert!(parse("00-00000000000000000000000000000000-b7ad6b7169203331-01").is_none());
        assert!(parse("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01").is_none());
    }

    #[test]
    fn upper_case_and_other_characters_are_invalid() {
        assert!(parse("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").is_none());
        assert!(parse("00-0af7651916cd43dd8448eb211c80319c-B7ad6b7169203331-01").is_none());
        assert!(parse("00-.af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").is_none());
        assert!(parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0G").is_none());
        assert!(parse("00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01").is_none());
        assert!(parse(&format!(" {VALID}")).is_none());
    }

    #[test]
    fn flags_that_are_not_defined_are_not_passed_on() {
        let flags = |bits: &str| {
            parse(&format!("{}{bits}", &VALID[..53]))
                .unwrap()
                .flags
                .bits()
        };
        assert_eq!(flags("ff"), 0x03);
        assert_eq!(flags("02"), 0x02);
        assert_eq!(flags("fc"), 0x00);
    }

    #[test]
    fn what_is_written_is_read_again_and_of_version_00() {
        let context = TraceContext::root(&crate::trace::Sampler::default());
        let value = format_traceparent(&context);
        assert!(value.starts_with(b"00-"));
        let parent = parse_traceparent(&value).unwrap();
        assert_eq!(parent.trace_id, context.trace_id());
        assert_eq!(parent.span_id, context.span_id());
        assert_eq!(parent.flags, context.flags());
    }
}
