use super::{Exposition, Family, Kind, Sample, check};

/// The blocks of a text form: first a metric's description, then its samples, and then no more of it.
#[derive(Default)]
pub(super) struct Blocks {
    over: Vec<Family>,
    open: Option<Block>,
}

/// A block that is being read.
#[derive(Default)]
pub(super) struct Block {
    name: String,
    kind: Option<Kind>,
    help: Option<String>,
    unit: Option<String>,
    samples: Vec<Sample>,
}

impl Blocks {
    /// The block that a line of description belongs to.
    pub(super) fn described(&mut self, name: &str) -> Result<&mut Block, String> {
        let is_open = self.open.as_ref().is_some_and(|open| open.name == name);
        if is_open
            && self
                .open
                .as_ref()
                .is_some_and(|open| !open.samples.is_empty())
        {
            return Err(format!("{name} is described after its samples"));
        }
        if !is_open {
            self.close()?;
            if self.over.iter().any(|family| family.name == name) {
                return Err(format!("{name} has two blocks"));
            }
        }
        Ok(self.open.get_or_insert_with(|| Block {
            name: name.to_owned(),
            ..Block::default()
        }))
    }

    /// Adds a sample to the open block; `suffixes` tells what a kind's samples are called.
    pub(super) fn sample(
        &mut self,
        sample: Sample,
        suffixes: fn(Kind) -> &'static [&'static str],
    ) -> Result<(), String> {
        let open = self
            .open
            .as_mut()
            .ok_or("a sample before any description")?;
        let kind = open.kind.ok_or("a sample before the metric's TYPE")?;
        let suffix = sample.name.strip_prefix(open.name.as_str());
        if !suffix.is_some_and(|suffix| suffixes(kind).contains(&suffix)) {
            return Err(format!(
                "{} is no sample of {}, a {kind:?}",
                sample.name, open.name
            ));
        }
        open.samples.push(sample);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Exposition, String> {
        self.close()?;
        check::checked(Exposition {
            families: self.over,
        })
    }

    fn close(&mut self) -> Result<(), String> {
        if let Some(open) = self.open.take() {
            let name = open.name;
            if open.samples.is_empty() {
                return Err(format!("{name} has no samples"));
            }
            self.over.push(Family {
                kind: open.kind.ok_or_else(|| format!("{name} has no TYPE"))?,
                help: open.help.ok_or_else(|| format!("{name} has no HELP"))?,
                unit: open.unit,
                samples: open.samples,
                natives: Vec::new(),
                name,
            });
        }
        Ok(())
    }
}

impl Block {
    pub(super) fn help(&mut self, help: String) -> Result<(), String> {
        once("HELP", &mut self.help, help)
    }

    pub(super) fn kind(&mut self, kind: Kind) -> Result<(), String> {
        once("TYPE", &mut self.kind, kind)
    }

    pub(super) fn unit(&mut self, unit: &str) -> Result<(), String> {
        once("UNIT", &mut self.unit, unit.to_owned())
    }
}

fn once<T>(what: &str, slot: &mut Option<T>, value: T) -> Result<(), String> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("{what} is there twice")),
    }
}
