use syn::{
    LitStr,
    parse::{Parse, ParseStream},
};

const EXPECTED: &str = "expected a time such as \"250ms\", \"2s\", \"1.5s\", \"3m\" or \"1h\"";
/// In milliseconds; longest first, for `m` is the beginning of `ms`.
const UNITS: [(&str, f64); 4] = [
    ("ms", 1.0),
    ("s", 1_000.0),
    ("m", 60_000.0),
    ("h", 3_600_000.0),
];

/// The time that a step may take.
#[derive(Debug)]
pub(crate) struct Slow {
    pub(crate) milliseconds: u64,
}

impl Parse for Slow {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let text: LitStr = input
            .parse()
            .map_err(|error| syn::Error::new(error.span(), EXPECTED))?;
        match milliseconds(&text.value()) {
            Some(milliseconds) => Ok(Self { milliseconds }),
            None => Err(syn::Error::new(text.span(), EXPECTED)),
        }
    }
}

fn milliseconds(text: &str) -> Option<u64> {
    let (number, unit) = UNITS
        .into_iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    let number = number.trim_end();
    let is_decimal = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let number: f64 = number
        .bytes()
        .all(is_decimal)
        .then(|| number.parse().ok())??;
    let milliseconds = (number * unit).round();
    (1.0..=MOST)
        .contains(&milliseconds)
        .then_some(milliseconds as u64)
}

/// A year: what is longer was not meant.
const MOST: f64 = 365.0 * 24.0 * 3_600_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        let read = ["250ms", "2s", "1.5s", "3m", "1h", "2 s"].map(milliseconds);
        assert_eq!(
            read,
            [250, 2_000, 1_500, 180_000, 3_600_000, 2_000].map(Some)
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2",
            "s",
            "-1s",
            "0s",
            "1e3s",
            "infs",
            "NaNs",
            "2 days",
            "1.2.3s",
            "99999999h",
            "0.1ms",
        ] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
