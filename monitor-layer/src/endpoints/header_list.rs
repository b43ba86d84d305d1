use std::slice::Split;

/// A weight in thousandths, where none is stated.
const FULL: u16 = 1000;

/// One element of `Accept` or `Accept-Encoding`: `name;parameter=value;q=weight`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) name: &'a [u8],
    /// In thousandths; 0 refuses.
    pub(super) quality: u16,
    parameters: &'a [u8],
}

impl<'a> Element<'a> {
    /// The elements of a header line whose weights can be read, in their order.
    pub(super) fn all(line: &'a [u8]) -> impl Iterator<Item = Self> {
        split(line, b',').filter_map(Self::read)
    }

    fn read(element: &'a [u8]) -> Option<Self> {
        let name = split(element, b';').next()?;
        let parameters = &element[name.len()..];
        let weight = parameters_of(parameters).find(|(name, _)| name.eq_ignore_ascii_case(b"q"));
        let quality = match weight {
            Some((_, weight)) => quality(weight)?,
            None => FULL,
        };
        let name = name.trim_ascii();
        (!name.is_empty()).then_some(Self {
            name,
            quality,
            parameters,
        })
    }

    /// What a parameter of this name says.
    pub(super) fn parameter(&self, name: &str) -> Option<Value<'a>> {
        parameters_of(self.parameters)
            .find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| Value(value))
    }
}

/// A token or a quoted string.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a>(&'a [u8]);

impl Value<'_> {
    /// Whether it is this, in any case.
    pub(super) fn is(self, expected: &str) -> bool {
        let [b'"', quoted @ .., b'"'] = self.0 else {
            return self.0.eq_ignore_ascii_case(expected.as_bytes());
        };
        let mut escaped = false;
        let bytes = quoted.iter().filter(|byte| {
            escaped = !escaped && **byte == b'\\';
            !escaped
        });
        bytes
            .map(u8::to_ascii_lowercase)
            .eq(expected.bytes().map(|byte| byte.to_ascii_lowercase()))
    }
}

fn parameters_of(parameters: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    split(parameters, b';').filter_map(|parameter| {
        let equals = parameter.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (&parameter[..equals], &parameter[equals + 1..]);
        Some((name.trim_ascii(), value.trim_ascii()))
    })
}

/// RFC 9110 section 12.4.2, and what clients make of it: no leading zero, more than three digits.
fn quality(weight: &[u8]) -> Option<u16> {
    let (whole, fraction) = match weight {
        [b'.', fraction @ ..] if !fraction.is_empty() => (b'0', fraction),
        [whole, b'.', fraction @ ..] => (*whole, fraction),
        [whole] => (*whole, &[][..]),
        _ => return None,
    };
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |place: usize| {
        fraction
            .get(place)
            .map_or(0, |digit| u16::from(digit - b'0'))
    };
    let thousandths = digit(0) * 100 + digit(1) * 10 + digit(2);
    let is_zero = fraction.iter().all(|digit| *digit == b'0');
    match whole {
        // However little, it is no refusal.
        b'0' => Some(thousandths.max(u16::from(!is_zero))),
        b'1' if is_zero => Some(FULL),
        _ => None,
    }
}

/// Splits where the delimiter stands in no quoted string (RFC 9110 section 5.6.4).
fn split(bytes: &[u8], delimiter: u8) -> Split<'_, u8, impl FnMut(&u8) -> bool> {
    let (mut quoted, mut escaped) = (false, false);
    bytes.split(move |byte| {
        if escaped {
            escaped = false;
        } else if quoted && *byte == b'\\' {
            escaped = true;
        } else if *byte == b'"' {
            quoted = !quoted;
        }
        !quoted && *byte == delimiter
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Vec<(String, u16)> {
        Element::all(line.as_bytes())
            .map(|element| {
                let name = String::from_utf8_lossy(element.name).into_owned();
                (name, element.quality)
            })
            .collect()
    }

    #[test]
    fn weights_are_read_as_clients_write_them() {
        for (weight, expected) in [
            ("1", Some(1000)),
            ("1.", Some(1000)),
            ("1.000", Some(1000)),
            ("0", Some(0)),
            ("0.000", Some(0)),
            ("0.5", Some(500)),
            ("0.25", Some(250)),
            ("0.333333", Some(333)),
            ("0.0001", Some(1)),
            (".2", Some(200)),
            ("", None),
            (".", None),
            ("1.1", None),
            ("2", None),
            ("-1", None),
            ("+1", None),
            ("1e0", None),
            ("0,5", None),
            ("NaN", None),
            ("inf", None),
            ("\"0.5\"", None),
            ("0.5 0.6", None),
        ] {
            assert_eq!(quality(weight.as_bytes()), expected, "{weight:?}");
        }
    }

    #[test]
    fn elements_end_at_commas_outside_of_quoted_strings() {
        for (line, expected) in [
            ("gzip", &[("gzip", 1000)][..]),
            (" a ;q=0.5 ,\tb; Q = 0.25", &[("a", 500), ("b", 250)]),
            (",, a,,;,b;;q=0.1;,", &[("a", 1000), ("b", 100)]),
            (r#"a;x="1,2;q=0";q=0.3,b"#, &[("a", 300), ("b", 1000)]),
            (r#"a;x="\",b;q=0.1";q=0.3,c"#, &[("a", 300), ("c", 1000)]),
            ("a;q=banana,b", &[("b", 1000)]),
            ("a;q=0.5;q=1", &[("a", 500)]),
            (r#"a;x="never closed, b;q=0.1"#, &[("a", 1000)]),
            ("", &[]),
        ] {
            let expected: Vec<_> = expected
                .iter()
                .map(|(name, quality)| ((*name).to_owned(), *quality))
                .collect();
            assert_eq!(read(line), expected, "{line:?}");
        }
    }

    #[test]
    fn a_value_is_the_same_quoted_and_in_any_case() {
        for (parameter, is) in [
            ("version=abc", true),
            ("VERSION=ABC", true),
            (r#"version="abc""#, true),
            (r#"version="a\bc""#, true),
            (r#"version="a\\bc""#, false),
            (r#"version="abc"#, false),
            ("version=\"", false),
            ("version=abcd", false),
            ("version=", false),
        ] {
            let line = format!("a;other=1;{parameter}");
            let element = Element::read(line.as_bytes()).unwrap();
            let value = element.parameter("version").unwrap();
            assert_eq!(value.is("abc"), is, "{parameter:?}");
        }
    }
}
