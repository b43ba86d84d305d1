use std::{borrow::Cow, ops::Deref};

/// A series' labels as the text formats have them, `method="GET",route="/"`, in the order of their names.
///
/// Written once, when the series is made: a scrape copies them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Labels(Box<str>);

impl Labels {
    /// Labels of these names and values, in any order; `constant` are those of every series.
    pub(crate) fn new<'a>(
        constant: &'a [(String, String)],
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let constant = constant
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut pairs: Vec<_> = pairs.into_iter().chain(constant).collect();
        // Registries compare series by their labels' values in this order.
        pairs.sort_unstable();
        let mut text = String::with_capacity(
            pairs
                .iter()
                .map(|(name, value)| name.len() + value.len() + 4)
                .sum(),
        );
        for (name, value) in pairs {
            if !text.is_empty() {
                text.push(',');
            }
            push_pair(&mut text, name, value);
        }
        Self(text.into())
    }
}

impl Deref for Labels {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Names and values of labels in text, as they were before they were escaped.
pub(crate) fn pairs(labels: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let mut rest = labels;
    std::iter::from_fn(move || {
        let (name, value_on) = rest.split_once("=\"")?;
        let end = closing_quote(value_on)?;
        rest = value_on[end + 1..].trim_start_matches(',');
        Some((name, unescaped(&value_on[..end])))
    })
}

/// Writes `name="value"`, with what the text formats escape in values.
pub(crate) fn push_pair(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push_str("=\"");
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
    text.push('"');
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut characters = text.chars();
    let mut value = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        value.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                other => other.unwrap_or('\\'),
            },
            other => other,
        });
    }
    Cow::Owned(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_stand_in_the_order_of_their_names_with_constant_ones_among_them() {
        let constant = [("region".to_owned(), "eu".to_owned())];
        let labels = Labels::new(&constant, [("status", "200"), ("method", "GET")]);
        assert_eq!(&*labels, r#"method="GET",region="eu",status="200""#);
        assert_eq!(&*Labels::new(&[], []), "");
    }

    #[test]
    fn whatever_a_value_holds_is_read_back_from_its_escaped_form() {
        for value in [
            "",
            "plain",
            "quote\" and \\backslash\\",
            "line\nline",
            "\\n is no line",
            "ends in \\",
            "a=\"b\",c=\"d\"",
            "Ünïcödé 🦀 \u{0}\u{7f}",
        ] {
            let labels = Labels::new(&[], [("one", value), ("two", value)]);
            assert!(!labels.contains('\n'));
            let read: Vec<_> = pairs(&labels).collect();
            let expected = [("one", Cow::from(value)), ("two", Cow::from(value))];
            assert_eq!(read, expected);
        }
    }
}
