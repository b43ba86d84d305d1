//! OpenMetrics 1.0.

use std::collections::BTreeMap;

use super::{
    Exemplar, Exposition, Kind, Sample,
    blocks::Blocks,
    line::{Line, help, lines, with_bound},
    text::named,
};

/// Reads a whole exposition; says which line is wrong, and why.
pub(crate) fn read(text: &str) -> Result<Exposition, String> {
    let mut blocks = Blocks::default();
    let mut ended = false;
    for (index, line) in lines(text)?.enumerate() {
        let said = match ended {
            true => Err("a line after # EOF".to_owned()),
            false => read_line(&mut blocks, line),
        };
        ended = said.map_err(|problem| format!("line {}: {problem}: {line:?}", index + 1))?;
    }
    if !ended {
        return Err("there is no # EOF".to_owned());
    }
    let exposition = blocks.finish()?;
    check_units(&exposition)?;
    check_clashes(&exposition)?;
    Ok(exposition)
}

/// Whether this was the last line.
fn read_line(blocks: &mut Blocks, line: &str) -> Result<bool, String> {
    if line == "# EOF" {
        return Ok(true);
    }
    if let Some(description) = line.strip_prefix("# HELP ") {
        let (name, text) = named(description)?;
        blocks.described(name)?.help(help(text, true)?)?;
    } else if let Some(description) = line.strip_prefix("# UNIT ") {
        let (name, unit) = named(description)?;
        blocks.described(name)?.unit(unit)?;
    } else if let Some(description) = line.strip_prefix("# TYPE ") {
        let (name, kind) = named(description)?;
        blocks.described(name)?.kind(match kind {
            "counter" => Kind::Counter,
            "gauge" => Kind::Gauge,
            "histogram" => Kind::Histogram,
            "summary" => Kind::Summary,
            "info" => Kind::Info,
            "unknown" => Kind::Unknown,
            _ => return Err(format!("the type {kind:?} is none that is expected")),
        })?;
    } else {
        blocks.sample(sample(Line::new(line))?, suffixes)?;
    }
    Ok(false)
}

fn sample(mut line: Line<'_>) -> Result<Sample, String> {
    let name = line.name()?;
    let labels = line.labels()?;
    if let Some(bound) = labels.get("le")
        && !(bound == "+Inf" || bound.contains(['.', 'e']))
    {
        return Err(format!("the bound {bound} is not written as a float"));
    }
    line.expect(" ")?;
    let value = line.number()?;
    let exemplar = match line.is_over() {
        true => None,
        // A time of the sample's own is not taken.
        false => Some(exemplar(line)?),
    };
    Ok(Sample {
        name,
        labels: with_bound(labels)?,
        value,
        exemplar,
    })
}

fn exemplar(mut line: Line<'_>) -> Result<Exemplar, String> {
    line.expect(" # ")?;
    let labels = line.labels()?;
    line.expect(" ")?;
    let value = line.number()?;
    let mut timestamp = None;
    if !line.is_over() {
        line.expect(" ")?;
        timestamp = Some(line.number()?);
    }
    line.end()?;
    Ok(Exemplar {
        labels,
        value,
        timestamp,
    })
}

fn suffixes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Counter => &["_total"],
        Kind::Gauge | Kind::Unknown => &[""],
        Kind::Histogram => &["_bucket", "_sum", "_count"],
        Kind::Summary => &["", "_sum", "_count"],
        Kind::Info => &["_info"],
    }
}

/// A unit is the end of the metric's name.
fn check_units(exposition: &Exposition) -> Result<(), String> {
    for family in &exposition.families {
        if let Some(unit) = &family.unit
            && !family.name.ends_with(&format!("_{unit}"))
        {
            return Err(format!("{} does not end in its unit, {unit}", family.name));
        }
    }
    Ok(())
}

/// No two metrics may have samples of one name, not even samples that are not there: a gauge `x_created` and a
/// counter `x`.
fn check_clashes(exposition: &Exposition) -> Result<(), String> {
    let mut owners = BTreeMap::new();
    for family in &exposition.families {
        let reserved: &[&str] = match family.kind {
            Kind::Counter => &["", "_total", "_created"],
            Kind::Gauge | Kind::Unknown => &[""],
            Kind::Histogram => &["", "_bucket", "_sum", "_count", "_created"],
            Kind::Summary => &["", "_sum", "_count", "_created"],
            Kind::Info => &["", "_info"],
        };
        for suffix in reserved {
            let name = format!("{}{suffix}", family.name);
            if let Some(other) = owners.insert(name, &family.name) {
                return Err(format!("{} and {other} may have one name", family.name));
            }
        }
    }
    Ok(())
}
