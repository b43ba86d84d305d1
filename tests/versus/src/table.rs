//! The table: a row for each figure that is promised, a line in it for ours and for each peer.

use std::{fmt, process::ExitCode};

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Time of CPU per operation.
    Nanoseconds,
    /// Time of CPU of something large.
    Milliseconds,
    /// Allocations per operation.
    Allocations,
    /// Bytes of memory.
    Bytes,
    /// So many times something else.
    Times,
    /// Machine instructions per operation.
    Instructions,
}

/// Prints rows as they come, and knows in the end whether all of them hold.
#[derive(Debug)]
pub struct Table {
    all_hold: bool,
}

/// One promise: what was measured, of ours and of peers, and how much it may be.
#[derive(Debug)]
#[must_use = "a row is seen when it is printed"]
pub struct Row {
    what: &'static str,
    unit: Unit,
    ours: f64,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    name: &'static str,
    value: f64,
    /// Ours over theirs.
    ratio: Option<f64>,
    bound: Option<Bound>,
    note: String,
}

#[derive(Clone, Copy, Debug)]
enum Bound {
    Value(f64),
    Ratio(f64),
}

impl Table {
    /// A table with its head printed.
    #[must_use]
    pub fn start() -> Self {
        let (name, value, ratio, bound) = ("", "measured", "ratio", "bound");
        println!("{name:<42}{value:>16}{ratio:>9}   {bound:<11}");
        Self::resume()
    }

    /// More rows of a table that another process has begun.
    #[must_use]
    pub const fn resume() -> Self {
        Self { all_hold: true }
    }

    /// Adds a row.
    pub fn print(&mut self, row: &Row) {
        println!("{row}");
        self.all_hold &= row.lines.iter().all(|line| line.holds() != Some(false));
    }

    /// Rows that another process has printed.
    pub const fn add(&mut self, others_hold: bool) {
        self.all_hold &= others_hold;
    }

    /// Success where all rows hold.
    #[must_use]
    pub fn finish(self) -> ExitCode {
        match self.all_hold {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }
    }
}

impl Row {
    /// A row that begins with our figure.
    pub fn new(what: &'static str, unit: Unit, ours: f64) -> Self {
        Self {
            what,
            unit,
            ours,
            lines: Vec::new(),
        }
        .beside("monitor-layer", ours)
    }

    /// Something else to know, which ours is not compared with.
    pub fn beside(mut self, name: &'static str, value: f64) -> Self {
        self.lines.push(Line {
            name,
            value,
            ratio: None,
            bound: None,
            note: String::new(),
        });
        self
    }

    /// A peer's figure. The ratio is ours over theirs.
    pub fn peer(mut self, name: &'static str, value: f64) -> Self {
        self = self.beside(name, value);
        self.change_last(|line, ours| line.ratio = Some(ours / value))
    }

    /// Bounds the figure of the last line.
    pub fn at_most(self, most: f64) -> Self {
        self.change_last(|line, _| line.bound = Some(Bound::Value(most)))
    }

    /// Bounds the ratio to the last peer.
    pub fn ratio_at_most(self, most: f64) -> Self {
        self.change_last(|line, _| line.bound = Some(Bound::Ratio(most)))
    }

    /// Explains the last line.
    pub fn note(self, note: impl fmt::Display) -> Self {
        self.change_last(|line, _| line.note = note.to_string())
    }

    fn change_last(mut self, change: impl FnOnce(&mut Line, f64)) -> Self {
        if let Some(line) = self.lines.last_mut() {
            change(line, self.ours);
        }
        self
    }
}

impl Line {
    fn holds(&self) -> Option<bool> {
        match self.bound? {
            Bound::Value(most) => Some(self.value <= most),
            Bound::Ratio(most) => Some(self.ratio? <= most),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\n{}", self.what)?;
        for line in &self.lines {
            let value = self.unit.show(line.value);
            let ratio = line
                .ratio
                .filter(|ratio| ratio.is_normal())
                .map(|ratio| format!("{ratio:.3}"))
                .unwrap_or_default();
            let bound = match line.bound {
                Some(Bound::Value(most)) => format!("<= {}", self.unit.show(most)),
                Some(Bound::Ratio(most)) => format!("ratio <= {most}"),
                None => String::new(),
            };
            let verdict = match line.holds() {
                Some(true) => "holds",
                Some(false) => "DOES NOT HOLD",
                None => "",
            };
            let text = format!(
                "  {:<40}{value:>16}{ratio:>9}   {bound:<20} {verdict:<14}{}",
                line.name, line.note
            );
            write!(formatter, "\n{}", text.trim_end())?;
        }
        Ok(())
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            _ if !value.is_finite() => "not measured".to_owned(),
            Self::Nanoseconds => format!("{value:.1} ns"),
            Self::Milliseconds => format!("{value:.1} ms"),
            Self::Allocations if value.fract() == 0.0 => format!("{value} allocs"),
            Self::Allocations => format!("{value:.4} allocs"),
            Self::Bytes => format!("{value:.0} bytes"),
            Self::Times => format!("x{value:.2}"),
            Self::Instructions => format!("{value:.0} instr"),
        }
    }
}
