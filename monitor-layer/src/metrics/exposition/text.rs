//! The text format 0.0.4 and OpenMetrics 1.0, which differ in little.

use std::io::Write as _;

use super::{
    Exposition, Head, HeadKind, Number,
    number::{bound_text, push_count, push_float, push_sum},
};
use crate::metrics::{
    instrument::{Exemplar, Histogram, Layout, Reading},
    labels::push_pair,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Text,
    OpenMetrics,
}

/// Writes one metric after the other.
pub(super) struct TextWriter<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) dialect: Dialect,
    /// Of the metric that is written, without what OpenMetrics takes off a counter's name.
    name: String,
    /// The lines before its samples, until there is one.
    head: Vec<u8>,
    kind: HeadKind,
    /// What the registry adds to every series, as labels in text.
    common: String,
    reading: Reading,
    bounds: Bounds,
    /// The line that is being written.
    line: Vec<u8>,
}

/// A histogram's upper bounds as text, with what stands between them and the count.
#[derive(Default)]
struct Bounds {
    of: Vec<f64>,
    texts: Vec<String>,
}

const TOTAL: &str = "_total";
/// What a series needs at most, by a wide margin; more only costs a copy.
const SERIES: usize = 8 * 1024;

impl<'a> TextWriter<'a> {
    pub(super) fn new(dialect: Dialect, out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            dialect,
            name: String::new(),
            head: Vec::new(),
            kind: HeadKind::Gauge,
            common: String::new(),
            reading: match dialect {
                Dialect::Text => Reading::plain(),
                Dialect::OpenMetrics => Reading::detailed(),
            },
            bounds: Bounds::default(),
            line: Vec::new(),
        }
    }

    /// What comes next is of this metric; the registry adds `prefix` to its name and `labels` to its series.
    pub(super) fn begin(&mut self, head: &Head<'_>, prefix: &str, labels: &[(String, String)]) {
        let kind = match head.kind {
            HeadKind::Counter => "counter",
            HeadKind::Gauge => "gauge",
            HeadKind::Histogram => "histogram",
        };
        self.kind = head.kind;
        self.write_head(
            &format!("{prefix}{}", head.name),
            head.help,
            kind,
            head.unit,
        );
        self.common.clear();
        for (name, value) in labels {
            if !self.common.is_empty() {
                self.common.push(',');
            }
            push_pair(&mut self.common, name, value);
        }
    }

    /// Keeps the lines before the samples until there is one, for a metric without samples is not shown. A metric that
    /// two collectors have a part of is one.
    pub(super) fn write_head(&mut self, name: &str, help: &str, kind: &str, unit: Option<&str>) {
        let family = match self.dialect {
            Dialect::OpenMetrics if kind == "counter" => name.strip_suffix(TOTAL).unwrap_or(name),
            Dialect::OpenMetrics | Dialect::Text => name,
        };
        let is_new = self.name != family;
        family.clone_into(&mut self.name);
        // What another collector has of the same metric goes on under its head, or takes over one not yet written.
        if !is_new {
            return;
        }
        self.head.clear();
        let head = &mut self.head;
        if !help.is_empty() {
            head.extend_from_slice(format!("# HELP {family} ").as_bytes());
            escape_help(head, help, self.dialect);
            head.push(b'\n');
        }
        head.extend_from_slice(format!("# TYPE {family} {kind}\n").as_bytes());
        if let (Dialect::OpenMetrics, Some(unit)) = (self.dialect, unit) {
            head.extend_from_slice(format!("# UNIT {family} {unit}\n").as_bytes());
        }
    }

    /// Starts a line, up to its value. A line is made in a place of its own, which is near, and copied out once.
    pub(super) fn write_series(&mut self, suffix: &str, labels: [&str; 2]) {
        start_line(&mut self.line, &self.name, suffix, labels);
    }

    /// Ends the line.
    pub(super) fn write_value(&mut self, value: Number) {
        match value {
            Number::Count(count) => push_count(&mut self.line, count),
            Number::Value(value) => push_float(&mut self.line, value),
        }
        self.end_line();
    }

    fn end_line(&mut self) {
        self.line.push(b'\n');
        self.make_room();
        self.out.extend_from_slice(&self.line);
    }

    /// The suffix of a counter's samples where its name does not have it.
    pub(super) const fn counter_suffix(&self) -> &'static str {
        match self.dialect {
            Dialect::OpenMetrics => TOTAL,
            Dialect::Text => "",
        }
    }

    pub(super) fn finish(self) {
        if self.dialect == Dialect::OpenMetrics {
            self.out.extend_from_slice(b"# EOF\n");
        }
    }

    /// Grows by a quarter and not by doubling: with 100 000 histograms this is the largest thing in the process.
    fn make_room(&mut self) {
        self.out.append(&mut self.head);
        if self.out.capacity() - self.out.len() < SERIES {
            self.out.reserve_exact(SERIES.max(self.out.len() / 4));
        }
    }

    /// With what the registry adds.
    fn start_own_line(&mut self, suffix: &str, labels: &str) {
        let labels = [labels, &self.common];
        start_line(&mut self.line, &self.name, suffix, labels);
    }

    fn write_buckets(&mut self, labels: &str, scale: f64) {
        let Self {
            out,
            name,
            common,
            reading,
            bounds,
            line,
            dialect,
            ..
        } = self;
        start_line(line, name, "_bucket", [labels, common]);
        match line
            .pop_if(|last| *last == b' ')
            .and(line.pop_if(|last| *last == b'}'))
        {
            Some(_) => line.push(b','),
            None => line.push(b'{'),
        }
        line.extend_from_slice(b"le=\"");
        let mut cumulative = 0;
        let mut digits = itoa::Buffer::new();
        for (at, (bound, count)) in bounds.texts.iter().zip(reading.buckets()).enumerate() {
            cumulative += count;
            out.extend_from_slice(line);
            out.extend_from_slice(bound.as_bytes());
            match cumulative {
                // Most counts of most buckets.
                0..10 => out.push(b'0' + cumulative as u8),
                _ => out.extend_from_slice(digits.format(cumulative).as_bytes()),
            }
            if *dialect == Dialect::OpenMetrics
                && let Some(exemplar) = reading.exemplar(at)
            {
                push_exemplar(out, exemplar, scale);
            }
            out.push(b'\n');
        }
    }
}

impl Exposition for TextWriter<'_> {
    fn has_exemplars(&self) -> bool {
        self.dialect == Dialect::OpenMetrics
    }

    fn number(&mut self, labels: &str, value: Number) {
        let suffix = match self.kind {
            HeadKind::Counter => self.counter_suffix(),
            HeadKind::Gauge | HeadKind::Histogram => "",
        };
        self.start_own_line(suffix, labels);
        self.write_value(value);
    }

    fn histogram(&mut self, labels: &str, histogram: &Histogram) -> u64 {
        histogram.read(&mut self.reading);
        let layout = histogram.layout();
        self.bounds.keep(layout, self.dialect);
        self.make_room();
        self.write_buckets(labels, layout.scale());
        let (sum, count) = (self.reading.sum(), self.reading.count());
        self.start_own_line("_sum", labels);
        push_sum(&mut self.line, sum, layout.scale());
        self.end_line();
        self.start_own_line("_count", labels);
        self.write_value(Number::Count(count));
        count
    }
}

fn start_line(line: &mut Vec<u8>, name: &str, suffix: &str, labels: [&str; 2]) {
    line.clear();
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(suffix.as_bytes());
    let mut opened = false;
    for labels in labels.into_iter().filter(|labels| !labels.is_empty()) {
        line.push(if opened { b',' } else { b'{' });
        line.extend_from_slice(labels.as_bytes());
        opened = true;
    }
    line.extend_from_slice(if opened { b"} " } else { b" " });
}

impl Bounds {
    /// Once for all series of a layout.
    fn keep(&mut self, layout: &Layout, dialect: Dialect) {
        if self.texts.is_empty() || self.of != layout.bounds() {
            layout.bounds().clone_into(&mut self.of);
            let bounds = self.of.iter().chain([&f64::INFINITY]);
            self.texts = bounds
                .map(|bound| format!("{}\"}} ", bound_text(*bound, dialect)))
                .collect();
        }
    }
}

/// In help, line feeds and backslashes are escaped; in OpenMetrics quotes, too.
fn escape_help(out: &mut Vec<u8>, help: &str, dialect: Dialect) {
    for byte in help.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'"' if dialect == Dialect::OpenMetrics => out.extend_from_slice(b"\\\""),
            other => out.push(other),
        }
    }
}

fn push_exemplar(out: &mut Vec<u8>, exemplar: &Exemplar, scale: f64) {
    let Some(trace_id) = exemplar.trace_id() else {
        return;
    };
    let span_id = exemplar.span_id();
    let _ = write!(out, " # {{trace_id=\"{trace_id}\",span_id=\"{span_id}\"}} ");
    push_sum(out, exemplar.amount().into(), scale);
    let milliseconds = exemplar.milliseconds();
    let _ = write!(out, " {}.{:03}", milliseconds / 1_000, milliseconds % 1_000);
}
