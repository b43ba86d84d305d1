use super::{
    json::{push_escaped, start_of},
    members::Members,
};

/// Of each, in bytes as written.
const LONGEST: usize = 1024;

/// The user's and the job's id that fields tell, as they stand between a string's quotes; empty where none is told.
#[derive(Debug, Default)]
pub(super) struct Ids {
    pub(super) user: String,
    pub(super) job: String,
}

pub(super) const USER: &str = "user_id";
pub(super) const JOB: &str = "job_id";

impl Ids {
    /// Takes them out of what fields told, in place of what was told before.
    pub(super) fn take_from(&mut self, members: &mut Members) {
        members.take(USER, |told| set(&mut self.user, told));
        members.take(JOB, |told| set(&mut self.job, told));
    }

    /// Those that are not told here.
    pub(super) fn add_missing(&mut self, others: &Self) {
        if self.user.is_empty() {
            self.user.push_str(&others.user);
        }
        if self.job.is_empty() {
            self.job.push_str(&others.job);
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

fn set(id: &mut String, told: &str) {
    id.clear();
    if told.starts_with('{') {
        // An error, of all things.
        push_escaped(id, told, LONGEST);
        return;
    }
    let mut fits = start_of(told, LONGEST);
    // No escape is cut: the longest has six bytes.
    if fits.len() < told.len()
        && let Some(escape) = fits.rfind('\\')
        && escape + 6 > fits.len()
    {
        fits = fits[..escape].trim_end_matches('\\');
    }
    id.push_str(fits);
}
