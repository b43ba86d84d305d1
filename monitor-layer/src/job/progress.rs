use std::fmt;

/// How far a job's [`Pipeline`](crate::Pipeline) has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Progress {
    /// The step that is under way.
    pub step: &'static str,
    /// Its place, from 1.
    pub number: usize,
    /// How many steps there are.
    pub of: usize,
}

/// As `step 2 of 4: render`.
impl fmt::Display for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, number, of } = self;
        write!(formatter, "step {number} of {of}: {step}")
    }
}
