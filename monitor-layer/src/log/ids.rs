use super::json::push_escaped;

/// Of each, in bytes as written.
const LONGEST: usize = 1024;

/// The user's and the job's id that fields tell, as they stand between a string's quotes; empty where none is told.
#[derive(Debug, Default)]
pub(super) struct Ids {
    pub(super) user: Vec<u8>,
    pub(super) job: Vec<u8>,
}

impl Ids {
    /// Sets one to a text, in place of what was told before; `false` where it was cut.
    pub(super) fn set(id: &mut Vec<u8>, text: &str) -> bool {
        id.clear();
        push_escaped(id, text, LONGEST)
    }

    /// Those that are not told here.
    pub(super) fn add_missing(&mut self, others: &Self) {
        if self.user.is_empty() {
            self.user.extend_from_slice(&others.user);
        }
        if self.job.is_empty() {
            self.job.extend_from_slice(&others.job);
        }
    }

    /// Those that are told there.
    pub(super) fn replace(&mut self, others: &Self) {
        for (id, other) in [(&mut self.user, &others.user), (&mut self.job, &others.job)] {
            if !other.is_empty() {
                id.clone_from(other);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.user.clear();
        self.job.clear();
    }
}
