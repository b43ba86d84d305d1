//! What a line of either text form is made of.

use super::{Labels, bound_text};

/// What of a line is still to be read.
pub(super) struct Line<'a>(&'a str);

impl<'a> Line<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self(line)
    }

    /// A metric's name.
    pub(super) fn name(&mut self) -> Result<String, String> {
        let end = self.0.find(['{', ' ']).unwrap_or(self.0.len());
        let name = self.take(end);
        match is_metric_name(name) {
            true => Ok(name.to_owned()),
            false => Err(format!("{name:?} is no metric name")),
        }
    }

    /// `{name="value",…}`, or nothing.
    pub(super) fn labels(&mut self) -> Result<Labels, String> {
        let mut labels = Labels::new();
        if !self.0.starts_with('{') {
            return Ok(labels);
        }
        loop {
            // The brace that opens, or the comma.
            self.take(1);
            let end = self.0.find('=').ok_or("a label without =")?;
            let name = self.take(end);
            if !is_label_name(name) {
                return Err(format!("{name:?} is no label name"));
            }
            self.expect("=\"")?;
            let value = self.value()?;
            if labels.insert(name.to_owned(), value).is_some() {
                return Err(format!("the label {name} is there twice"));
            }
            match self.0.chars().next() {
                Some(',') => {}
                Some('}') => break,
                other => return Err(format!("{other:?} after a label's value")),
            }
        }
        self.take(1);
        Ok(labels)
    }

    /// A label's value, its end mark included; the three escapes and no other.
    fn value(&mut self) -> Result<String, String> {
        let mut value = String::new();
        let mut characters = self.0.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.take(at + 1);
                    return Ok(value);
                }
                '\\' => value.push(unescaped(characters.next().map(|(_, next)| next), true)?),
                other => value.push(other),
            }
        }
        Err("a label's value has no end".to_owned())
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<(), String> {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                Ok(())
            }
            None => Err(format!("expected {text:?} before {:?}", self.0)),
        }
    }

    pub(super) fn number(&mut self) -> Result<f64, String> {
        let end = self.0.find(' ').unwrap_or(self.0.len());
        number(self.take(end))
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn end(&self) -> Result<(), String> {
        match self.is_over() {
            true => Ok(()),
            false => Err(format!("{:?} past the end", self.0)),
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }
}

/// The lines of a text, each of which has an end.
pub(super) fn lines(text: &str) -> Result<impl Iterator<Item = &str>, String> {
    let text = text
        .strip_suffix('\n')
        .ok_or("the last line has no line feed")?;
    Ok(text.split('\n'))
}

/// A help text: backslash and line feed are escaped, and quotes where the form says so.
pub(super) fn help(text: &str, quotes: bool) -> Result<String, String> {
    let mut help = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => help.push(unescaped(characters.next(), quotes)?),
            '"' if quotes => return Err("a quote in a help text that is not escaped".to_owned()),
            other => help.push(other),
        }
    }
    Ok(help)
}

fn unescaped(character: Option<char>, quotes: bool) -> Result<char, String> {
    match character {
        Some('\\') => Ok('\\'),
        Some('n') => Ok('\n'),
        Some('"') if quotes => Ok('"'),
        other => Err(format!("there is no escape of {other:?}")),
    }
}

/// Decimal, or one of the three that are no decimals.
pub(super) fn number(text: &str) -> Result<f64, String> {
    let decimal = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    match text {
        "NaN" => Ok(f64::NAN),
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        _ if text.bytes().all(decimal) => {
            text.parse().map_err(|_| format!("{text:?} is no number"))
        }
        _ => Err(format!("{text:?} is no number")),
    }
}

/// The label `le`, where there is one, as the model writes it.
pub(super) fn with_bound(mut labels: Labels) -> Result<Labels, String> {
    if let Some(bound) = labels.get_mut("le") {
        *bound = bound_text(number(bound)?);
    }
    Ok(labels)
}

pub(super) fn is_metric_name(name: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    !name.is_empty() && name.bytes().all(valid) && !name.as_bytes()[0].is_ascii_digit()
}

pub(super) fn is_label_name(name: &str) -> bool {
    is_metric_name(name) && !name.contains(':') && !name.starts_with("__")
}
