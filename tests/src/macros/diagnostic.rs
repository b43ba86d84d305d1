use std::fmt;

use serde::Deserialize;

/// What a compiler says of a file, as it says it in JSON.
#[derive(Deserialize)]
pub(super) struct Diagnostic {
    message: String,
    level: String,
    code: Option<Code>,
    spans: Vec<Span>,
    rendered: String,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Span {
    line_start: usize,
    column_start: usize,
    line_end: usize,
    column_end: usize,
    is_primary: bool,
    label: Option<String>,
}

impl Diagnostic {
    /// `None` where it only counts those before, or tells how to learn more.
    pub(super) fn read(line: &str) -> Option<Self> {
        let diagnostic: Self = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        let message = &diagnostic.message;
        let counts = message.starts_with("aborting due to")
            || message.ends_with("warning emitted")
            || message.ends_with("warnings emitted");
        (!counts && diagnostic.level != "failure-note").then_some(diagnostic)
    }

    /// As a person reads it.
    pub(super) fn rendered(&self) -> &str {
        &self.rendered
    }
}

/// What it is, where, and what it says there: one line each. Neither notes nor other places are in it.
impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for span in self.spans.iter().filter(|span| span.is_primary) {
            let Span {
                line_start,
                column_start,
                line_end,
                column_end,
                ..
            } = span;
            write!(formatter, "{line_start}:{column_start}")?;
            match line_start == line_end {
                true => write!(formatter, "-{column_end}: ")?,
                false => write!(formatter, "-{line_end}:{column_end}: ")?,
            }
        }
        write!(formatter, "{}", self.level)?;
        if let Some(Code { code }) = &self.code {
            write!(formatter, "[{code}]")?;
        }
        write!(formatter, ": {}", self.message)?;
        let labels = self.spans.iter().filter(|span| span.is_primary);
        for label in labels.filter_map(|span| span.label.as_ref()) {
            write!(formatter, "; {label}")?;
        }
        Ok(())
    }
}
