use std::cmp::Reverse;

use http::{
    HeaderMap,
    header::{ACCEPT, ACCEPT_ENCODING},
};

use super::header_list::Element;
use crate::metrics::Format;

/// What a client takes best of what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) format: Format,
    pub(super) gzip: bool,
}

impl Accepted {
    /// Whatever the headers say there is an answer: text, unpacked, where nothing else is asked for.
    pub(super) fn by(headers: &HeaderMap) -> Self {
        Self {
            format: format(headers),
            gzip: gzip(headers),
        }
    }
}

/// Of what is valued the same, the later one is taken.
const FORMATS: [Format; 3] = [Format::Protobuf, Format::OpenMetrics, Format::Text];

/// RFC 9110 section 12.5.1: each format is worth what the range says that fits it closest.
fn format(headers: &HeaderMap) -> Format {
    let mut values: [Option<Value>; FORMATS.len()] = [None; FORMATS.len()];
    let lines = headers.get_all(ACCEPT).into_iter();
    let ranges = lines.flat_map(|line| Element::all(line.as_bytes()));
    for (position, range) in ranges.enumerate() {
        for (format, value) in FORMATS.into_iter().zip(&mut values) {
            let Some(fit) = Fit::of(&range, format) else {
                continue;
            };
            let quality = range.quality;
            if value.is_none_or(|value| (fit, quality) > (value.fit, value.quality)) {
                *value = Some(Value {
                    quality,
                    fit,
                    position: Reverse(position),
                });
            }
        }
    }
    FORMATS
        .into_iter()
        .zip(values)
        .filter_map(|(format, value)| Some((format, value?)))
        .filter(|(_, value)| value.quality > 0)
        .max_by_key(|(_, value)| *value)
        .map_or(Format::Text, |(format, _)| format)
}

/// What a format is worth to the client; the greater the better, compared in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Value {
    quality: u16,
    fit: Fit,
    position: Reverse<usize>,
}

/// How closely a range names a format.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// `*/*`
    Anything,
    /// `text/*`
    Type,
    /// In an earlier version, whose readers take this one.
    Earlier,
    Name,
    NameAndParameters,
}

impl Fit {
    fn of(range: &Element<'_>, format: Format) -> Option<Self> {
        let name = range.name;
        let is = |expected: &str| name.eq_ignore_ascii_case(expected.as_bytes());
        let version = |version: &str| range.parameter("version").map(|value| value.is(version));
        match format {
            Format::Text if is("text/plain") => match version("0.0.4") {
                None => Some(Self::Name),
                Some(true) => Some(Self::NameAndParameters),
                Some(false) => None,
            },
            Format::OpenMetrics if is("application/openmetrics-text") => match version("1.0.0") {
                None => Some(Self::Name),
                Some(true) => Some(Self::NameAndParameters),
                Some(false) => version("0.0.1")?.then_some(Self::Earlier),
            },
            Format::Protobuf if is("application/vnd.google.protobuf") => {
                let says = |name: &str, expected: &str| {
                    let value = range.parameter(name);
                    value.is_some_and(|value| value.is(expected))
                };
                (says("proto", "io.prometheus.client.MetricFamily")
                    && says("encoding", "delimited"))
                .then_some(Self::NameAndParameters)
            }
            // Binary is for those alone who name it.
            Format::Protobuf => None,
            Format::Text if is("text/*") => Some(Self::Type),
            Format::OpenMetrics if is("application/*") => Some(Self::Type),
            // The short form is of old clients.
            Format::Text | Format::OpenMetrics => (is("*/*") || is("*")).then_some(Self::Anything),
        }
    }
}

/// RFC 9110 section 12.5.3: gzip where it is asked for, and no less than what is not packed.
fn gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut identity, mut others) = (None, None, None);
    let lines = headers.get_all(ACCEPT_ENCODING).into_iter();
    for coding in lines.flat_map(|line| Element::all(line.as_bytes())) {
        let is = |expected: &str| coding.name.eq_ignore_ascii_case(expected.as_bytes());
        // Section 8.4.1.3: the two names are the same.
        let named = if is("gzip") || is("x-gzip") {
            &mut gzip
        } else if is("identity") {
            &mut identity
        } else if is("*") {
            &mut others
        } else {
            continue;
        };
        *named = (*named).max(Some(coding.quality));
    }
    let gzip = gzip.or(others).unwrap_or(0);
    gzip > 0 && gzip >= identity.or(others).unwrap_or(0)
}

#[cfg(test)]
mod tests;
