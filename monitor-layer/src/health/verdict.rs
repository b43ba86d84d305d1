/// How many answers in a row change a verdict.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thresholds {
    pub(super) failures: u32,
    pub(super) successes: u32,
}

impl Thresholds {
    pub(super) const DEFAULT: Self = Self {
        failures: 2,
        successes: 1,
    };
}

/// Whether what is checked counts as healthy: the first answer says so at once, later ones against it only where there
/// are enough of them in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) healthy: bool,
    /// Answers in a row that say otherwise.
    against: u32,
}

impl Verdict {
    pub(super) const fn first(succeeded: bool) -> Self {
        Self {
            healthy: succeeded,
            against: 0,
        }
    }

    pub(super) fn after(self, succeeded: bool, thresholds: Thresholds) -> Self {
        let Self { healthy, against } = self;
        if succeeded == healthy {
            return Self::first(healthy);
        }
        let against = against.saturating_add(1);
        let enough = match healthy {
            true => thresholds.failures,
            false => thresholds.successes,
        };
        match against >= enough {
            true => Self::first(succeeded),
            false => Self { healthy, against },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `+` is a success or healthy, `-` a failure or unhealthy.
    fn verdicts(answers: &str, failures: u32, successes: u32) -> String {
        let thresholds = Thresholds {
            failures,
            successes,
        };
        let mut verdict: Option<Verdict> = None;
        let shown = answers.chars().map(|answer| {
            let succeeded = answer == '+';
            let next = match verdict {
                Some(verdict) => verdict.after(succeeded, thresholds),
                None => Verdict::first(succeeded),
            };
            verdict = Some(next);
            if next.healthy { '+' } else { '-' }
        });
        shown.collect()
    }

    #[test]
    fn it_takes_as_many_answers_in_a_row_as_the_threshold_says() {
        assert_eq!(verdicts("-+--+-", 1, 1), "-+--+-");
        assert_eq!(verdicts("+-+--+--", 2, 1), "++++-++-");
        assert_eq!(verdicts("--++-+++-", 1, 3), "-------+-");
        assert_eq!(verdicts("+--+---+", 3, 1), "++++++-+");
    }

    #[test]
    fn the_first_answer_decides_alone() {
        assert_eq!(verdicts("-", 5, 5), "-");
        assert_eq!(verdicts("+", 5, 5), "+");
    }
}
