//! How many users were active of late, estimated without keeping an id.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use cardinality_estimator::CardinalityEstimator;

use crate::exchange::guarded;

/// The window of an `active_users` series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActiveWindow {
    /// The last five minutes.
    FiveMinutes,
    /// The last hour.
    Hour,
    /// The last 24 hours.
    Day,
}

impl ActiveWindow {
    /// Every window, in the order of the label values.
    pub const ALL: [Self; 3] = [Self::FiveMinutes, Self::Hour, Self::Day];

    /// The value of the `window` label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FiveMinutes => "5m",
            Self::Hour => "1h",
            Self::Day => "24h",
        }
    }

    /// How long it is.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::FiveMinutes => 5 * 60,
            Self::Hour => 60 * 60,
            Self::Day => 24 * 60 * 60,
        })
    }

    /// How many parts it moves on by.
    const fn parts(self) -> u32 {
        match self {
            Self::FiveMinutes => 5,
            Self::Hour => 12,
            Self::Day => 24,
        }
    }
}

/// Says how many users of the whole service were active within a window.
pub(crate) type CountActiveUsers = dyn Fn(ActiveWindow) -> Option<u64> + Send + Sync;

/// Counts users by what the service itself says, else by a sketch: a hash of each id, keyed by what only this process
/// knows, moves some registers and is gone. The estimate's standard error is 1.6 %.
pub(crate) struct ActiveUsers {
    source: Option<Arc<CountActiveUsers>>,
    key: RandomState,
    since: Instant,
    /// In the order of `ActiveWindow::ALL`; `None` until a user is seen.
    windows: Mutex<Option<[Window; ActiveWindow::ALL.len()]>>,
}

type Sketch = CardinalityEstimator<str>;

/// A window's parts, and the one that is being filled.
struct Window {
    part: Duration,
    /// By the part's number modulo how many there are: one more than the window has, for the newest is not whole.
    sketches: Box<[(u64, Sketch)]>,
}

impl ActiveUsers {
    pub(crate) fn new(source: Option<Arc<CountActiveUsers>>) -> Self {
        Self {
            source,
            key: RandomState::new(),
            since: Instant::now(),
            windows: Mutex::new(None),
        }
    }

    /// A user was seen now.
    pub(crate) fn see(&self, id: &str) {
        if self.source.is_some() {
            return;
        }
        self.see_after(self.since.elapsed(), id);
    }

    /// How many were active within the window; `None` where nobody can tell.
    pub(crate) fn count(&self, window: ActiveWindow) -> Option<u64> {
        match &self.source {
            // It is the user's and may panic.
            Some(source) => guarded(|| source(window)).flatten(),
            None => self.estimate(window),
        }
    }

    /// How many were seen within the window; `None` where nobody ever was.
    fn estimate(&self, window: ActiveWindow) -> Option<u64> {
        self.estimate_after(self.since.elapsed(), window)
    }

    fn see_after(&self, passed: Duration, id: &str) {
        let hash = self.key.hash_one(id);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let windows = windows.get_or_insert_with(|| ActiveWindow::ALL.map(Window::new));
        for window in windows {
            window.see(passed, hash);
        }
    }

    fn estimate_after(&self, passed: Duration, window: ActiveWindow) -> Option<u64> {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        Some(windows.as_ref()?[window as usize].estimate(passed))
    }
}

impl Window {
    fn new(window: ActiveWindow) -> Self {
        Self {
            part: window.duration() / window.parts(),
            sketches: (0..=window.parts()).map(|_| (0, Sketch::new())).collect(),
        }
    }

    fn see(&mut self, passed: Duration, hash: u64) {
        let part = self.part_at(passed);
        let place = (part % self.sketches.len() as u64) as usize;
        let (held, sketch) = &mut self.sketches[place];
        if *held != part {
            (*held, *sketch) = (part, Sketch::new());
        }
        sketch.insert_hash(hash);
    }

    fn estimate(&self, passed: Duration) -> u64 {
        let now = self.part_at(passed);
        let mut merged = Sketch::new();
        for (part, sketch) in &self.sketches {
            // One that was seen since the time was taken is of a later part.
            if now.saturating_sub(*part) < self.sketches.len() as u64 {
                merged.merge(sketch);
            }
        }
        merged.estimate() as u64
    }

    fn part_at(&self, passed: Duration) -> u64 {
        (passed.as_nanos() / self.part.as_nanos()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn estimates(users: &ActiveUsers, passed: Duration) -> [u64; 3] {
        ActiveWindow::ALL.map(|window| users.estimate_after(passed, window).unwrap())
    }

    #[test]
    fn a_user_is_counted_once_and_until_the_window_has_passed() {
        let users = ActiveUsers::new(None);
        assert_eq!(users.estimate(ActiveWindow::Day), None);
        for _ in 0..3 {
            users.see_after(MINUTE, "u-1");
        }
        users.see_after(4 * MINUTE, "u-2");
        assert_eq!(estimates(&users, 5 * MINUTE), [2, 2, 2]);
        assert_eq!(estimates(&users, 8 * MINUTE), [1, 2, 2]);
        assert_eq!(estimates(&users, 59 * MINUTE), [0, 2, 2]);
        assert_eq!(estimates(&users, 120 * MINUTE), [0, 0, 2]);
        assert_eq!(estimates(&users, 26 * 60 * MINUTE), [0, 0, 0]);
    }

    #[test]
    fn many_users_are_estimated_within_some_percent() {
        const USERS: u64 = 100_000;

        let users = ActiveUsers::new(None);
        for user in 0..USERS {
            users.see_after(MINUTE, &format!("user-{user}"));
        }
        for estimate in estimates(&users, 2 * MINUTE) {
            // Six standard errors: the key is another one in each run.
            assert!(estimate.abs_diff(USERS) < USERS / 10, "{estimate}");
        }
    }
}
