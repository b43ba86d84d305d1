use std::{
    ptr,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tracing::{Level, Metadata};

/// A power of two, well above the call sites at which a program warns.
const MOST_SITES: usize = 1024;
/// How many places a call site may have; where all are others', it is not limited.
const MOST_LOOKS: usize = 32;
/// What the low bits of a site's window count; those above say when it began.
const COUNT_BITS: u32 = 24;
const NEVER: u64 = u64::MAX;

/// How many warnings and errors one call site may log within a period.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RepeatLimit {
    pub(crate) most: u32,
    pub(crate) period: Duration,
}

/// Limits the lines of call sites that warn again and again, and knows how many of each were left out.
///
/// Sites are found by their address, without a lock, and stay: code has no more of them than it has.
pub(crate) struct Repeats {
    most: u64,
    /// In milliseconds, as all times here, from the start.
    period: u64,
    start: Instant,
    sites: Box<[OnceLock<Site>]>,
    /// When the first window of those ends that left lines out.
    next_end: AtomicU64,
}

struct Site {
    metadata: &'static Metadata<'static>,
    /// When it began, and how many lines have come in it.
    window: AtomicU64,
    /// And not told of.
    suppressed: AtomicU64,
}

/// A line that is to be written, and how many were left out at its call site since the last one. Dropped without having
/// been written, it leaves them to the next one, or to a period later.
pub(crate) struct Admitted<'a> {
    left_out: Option<(&'a Repeats, &'a Site)>,
    suppressed: u64,
}

/// What was left out at one call site.
pub(crate) struct Suppressed<'a> {
    pub(crate) metadata: &'static Metadata<'static>,
    pub(crate) lines: Admitted<'a>,
}

impl RepeatLimit {
    pub(crate) const fn is_usable(self) -> bool {
        self.most > 0 && !self.period.is_zero()
    }
}

impl Repeats {
    pub(crate) fn new(limit: RepeatLimit) -> Self {
        Self::with_places(limit, MOST_SITES)
    }

    fn with_places(limit: RepeatLimit, places: usize) -> Self {
        let period = limit.period.as_millis().clamp(1, u128::from(u32::MAX));
        Self {
            most: u64::from(limit.most).min((1 << COUNT_BITS) - 1),
            period: period as u64,
            start: Instant::now(),
            sites: (0..places).map(|_| OnceLock::new()).collect(),
            next_end: AtomicU64::new(NEVER),
        }
    }

    /// Whether an event of this call site is to be written; it is left out, and counts as such, where not.
    pub(crate) fn admit(&self, metadata: &'static Metadata<'static>) -> Option<Admitted<'_>> {
        match self.site(metadata) {
            None => Some(Admitted::unlimited()),
            Some(site) => self.admit_at(site, self.now()),
        }
    }

    fn admit_at<'a>(&'a self, site: &'a Site, now: u64) -> Option<Admitted<'a>> {
        match site.enter(now, self.most, self.period) {
            Ok(()) => Some(self.take(site)),
            Err(end) => {
                self.leave_out(site, 1, end);
                None
            }
        }
    }

    /// To be told of at `end`, if not before.
    fn leave_out(&self, site: &Site, lines: u64, end: u64) {
        site.suppressed.fetch_add(lines, Ordering::SeqCst);
        // Read first: those who flood get no thread to wait.
        if end < self.next_end.load(Ordering::SeqCst) {
            self.next_end.fetch_min(end, Ordering::SeqCst);
        }
    }

    fn take<'a>(&'a self, site: &'a Site) -> Admitted<'a> {
        let suppressed = match site.suppressed.load(Ordering::Relaxed) {
            0 => 0,
            _ => site.suppressed.swap(0, Ordering::SeqCst),
        };
        Admitted {
            left_out: Some((self, site)),
            suppressed,
        }
    }

    /// What was left out and is not told of at the call sites whose period is over. A load where there is none.
    pub(crate) fn over(&self) -> impl Iterator<Item = Suppressed<'_>> {
        let next_end = self.next_end.load(Ordering::Relaxed);
        let now = if next_end == NEVER { 0 } else { self.now() };
        self.over_at(now)
    }

    /// The same wherever something was left out: no other line may come.
    pub(crate) fn all(&self) -> impl Iterator<Item = Suppressed<'_>> {
        self.over_at(NEVER - 1)
    }

    fn over_at(&self, now: u64) -> impl Iterator<Item = Suppressed<'_>> {
        let is_due = now >= self.next_end.load(Ordering::SeqCst);
        // Before the sites are looked at: what is left out from here on sets it anew.
        if is_due {
            self.next_end.store(NEVER, Ordering::SeqCst);
        }
        let sites = if is_due { &self.sites[..] } else { &[] };
        sites.iter().filter_map(move |place| {
            let site = place.get()?;
            if site.suppressed.load(Ordering::SeqCst) == 0 {
                return None;
            }
            let end = site.began() + self.period;
            if now < end {
                self.next_end.fetch_min(end, Ordering::SeqCst);
                return None;
            }
            Some(Suppressed {
                metadata: site.metadata,
                lines: self.take(site),
            })
        })
    }

    /// `None` where the event's call site is not to be limited.
    fn site(&self, metadata: &'static Metadata<'static>) -> Option<&Site> {
        // All records of the `log` crate come from one call site for each level.
        let is_record = metadata.target() == "log" && metadata.name() == "log event";
        if !matches!(*metadata.level(), Level::WARN | Level::ERROR) || is_record {
            return None;
        }
        let address = ptr::from_ref(metadata) as usize as u64;
        let spread = address.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The high bits are spread best.
        let first = (spread >> 32) as usize;
        (first..first + MOST_LOOKS).find_map(|index| {
            let site = self.sites[index % self.sites.len()].get_or_init(|| Site {
                metadata,
                window: AtomicU64::new(0),
                suppressed: AtomicU64::new(0),
            });
            ptr::eq(site.metadata, metadata).then_some(site)
        })
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }
}

impl Site {
    /// # Errors
    ///
    /// When the window ends, where it has no room for a line more.
    fn enter(&self, now: u64, most: u64, period: u64) -> Result<(), u64> {
        let entered = self
            .window
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |window| {
                let (began, count) = (window >> COUNT_BITS, window & ((1 << COUNT_BITS) - 1));
                if count == 0 || now >= began + period {
                    Some(now << COUNT_BITS | 1)
                } else {
                    (count < most).then_some(window + 1)
                }
            });
        match entered {
            Ok(_) => Ok(()),
            Err(window) => Err((window >> COUNT_BITS) + period),
        }
    }

    fn began(&self) -> u64 {
        self.window.load(Ordering::Relaxed) >> COUNT_BITS
    }
}

impl Admitted<'_> {
    pub(crate) const fn unlimited() -> Self {
        Self {
            left_out: None,
            suppressed: 0,
        }
    }

    /// How many were left out.
    pub(crate) const fn suppressed(&self) -> u64 {
        self.suppressed
    }

    /// It has been written.
    pub(crate) fn told(mut self) {
        self.suppressed = 0;
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if let Some((repeats, site)) = self.left_out
            && self.suppressed > 0
        {
            let end = repeats.now() + repeats.period;
            repeats.leave_out(site, self.suppressed, end);
        }
    }
}

#[cfg(test)]
mod tests;
