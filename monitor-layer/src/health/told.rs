use std::time::Duration;

use tokio::time::Instant;

/// Between two lines of a check that goes on to fail.
const PAUSE: Duration = Duration::from_secs(60);

/// Which failures of a check were told of in the log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    last: Option<Instant>,
    /// Since then.
    left_out: u64,
}

impl Told {
    /// How many failures were left out before this one, where it is to be told.
    pub(super) fn tell(&mut self, changed: bool, now: Instant) -> Option<u64> {
        let rested = |last| now.saturating_duration_since(last) >= PAUSE;
        if changed || self.last.is_none_or(rested) {
            self.last = Some(now);
            return Some(std::mem::take(&mut self.left_out));
        }
        self.left_out += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_told_and_what_goes_on_once_a_minute() {
        let (start, mut told) = (Instant::now(), Told::default());
        let mut tell = |changed, second| told.tell(changed, start + Duration::from_secs(second));
        assert_eq!(tell(false, 0), Some(0));
        assert_eq!(tell(true, 5), Some(0));
        assert_eq!(tell(false, 10), None);
        assert_eq!(tell(false, 64), None);
        assert_eq!(tell(false, 65), Some(2));
        assert_eq!(tell(false, 70), None);
        assert_eq!(tell(true, 75), Some(1));
    }
}
