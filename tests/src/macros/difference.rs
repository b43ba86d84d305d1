use std::{collections::BTreeMap, fmt, path::Path};

use super::{
    compiler::Compiler,
    scratch::Scratch,
    source::{read, without_steps},
};

/// What two compilations do not say alike, in whichever order they say it.
#[derive(PartialEq)]
pub(super) struct Difference(BTreeMap<String, isize>);

impl Difference {
    /// Of the file as it is, and with its functions bare.
    pub(super) fn of(compiler: Compiler, file: &Path) -> Self {
        let folder = Scratch::new();
        let step = read(file);
        let mut counts = BTreeMap::new();
        // In the same place, for messages name types by it.
        for (text, count) in [(without_steps(&step), -1), (step, 1)] {
            let file = folder.write("file.rs", &text);
            for diagnostic in compiler.check(&file, &[]) {
                let said = diagnostic
                    .to_string()
                    .replace(&*file.to_string_lossy(), "file.rs");
                *counts.entry(said).or_default() += count;
            }
        }
        counts.retain(|_, count| *count != 0);
        Self(counts)
    }

    /// What is said of the steps alone.
    pub(super) fn added(&self) -> Vec<&str> {
        let added = self.0.iter().filter(|(_, count)| **count > 0);
        added.map(|(said, _)| said.as_str()).collect()
    }
}

/// A line each, by place: `-` for what only the bare function has.
impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |said: &str| -> Vec<usize> {
            let numbers = said.split(|character: char| !character.is_ascii_digit());
            numbers.map_while(|number| number.parse().ok()).collect()
        };
        let mut lines: Vec<_> = self.0.iter().collect();
        lines.sort_by_key(|(said, _)| place(said));
        for (said, count) in lines {
            let sign = if *count < 0 { '-' } else { '+' };
            writeln!(formatter, "{sign} {said}")?;
        }
        Ok(())
    }
}
