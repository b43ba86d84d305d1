use std::time::Duration;

/// Which exchanges and jobs are exported though they are not sampled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    pub(crate) failures: bool,
    pub(crate) slower_than: Option<Duration>,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            failures: true,
            slower_than: None,
        }
    }
}

impl Keep {
    /// Whether it may turn out that any is.
    pub(super) fn any(self) -> bool {
        self.failures || self.slower_than.is_some()
    }

    pub(super) fn wants(self, failed: bool, elapsed: Duration) -> bool {
        (failed && self.failures) || self.slower_than.is_some_and(|limit| elapsed >= limit)
    }
}
