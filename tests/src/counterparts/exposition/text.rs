//! The text form 0.0.4.

use super::{
    Exposition, Kind, Sample,
    blocks::Blocks,
    line::{Line, help, is_metric_name, lines, with_bound},
};

/// Reads a whole exposition; says which line is wrong, and why.
pub(crate) fn read(text: &str) -> Result<Exposition, String> {
    let mut blocks = Blocks::default();
    for (index, line) in lines(text)?.enumerate() {
        read_line(&mut blocks, line)
            .map_err(|problem| format!("line {}: {problem}: {line:?}", index + 1))?;
    }
    blocks.finish()
}

fn read_line(blocks: &mut Blocks, line: &str) -> Result<(), String> {
    if let Some(description) = line.strip_prefix("# HELP ") {
        let (name, text) = named(description)?;
        return blocks.described(name)?.help(help(text, false)?);
    }
    if let Some(description) = line.strip_prefix("# TYPE ") {
        let (name, kind) = named(description)?;
        return blocks.described(name)?.kind(match kind {
            "counter" => Kind::Counter,
            "gauge" => Kind::Gauge,
            "histogram" => Kind::Histogram,
            "summary" => Kind::Summary,
            "untyped" => Kind::Unknown,
            _ => return Err(format!("there is no type {kind:?}")),
        });
    }
    let mut line = Line::new(line);
    let name = line.name()?;
    let labels = with_bound(line.labels()?)?;
    line.expect(" ")?;
    let value = line.number()?;
    // A time of its own would make the sample stale at the wrong moment.
    line.end()?;
    let sample = Sample {
        name,
        labels,
        value,
        exemplar: None,
    };
    blocks.sample(sample, suffixes)
}

/// The metric's name, and what is said of it.
pub(super) fn named(description: &str) -> Result<(&str, &str), String> {
    match description.split_once(' ') {
        Some((name, said)) if is_metric_name(name) => Ok((name, said)),
        _ => Err("no metric name and no more".to_owned()),
    }
}

fn suffixes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Counter | Kind::Gauge | Kind::Unknown | Kind::Info => &[""],
        Kind::Histogram => &["_bucket", "_sum", "_count"],
        Kind::Summary => &["", "_sum", "_count"],
    }
}
