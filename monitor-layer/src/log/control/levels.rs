use std::{
    sync::{
        Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tracing::{
    Dispatch, Level, Metadata, callsite, dispatcher,
    level_filters::LevelFilter,
    subscriber::{Interest, NoSubscriber},
};

use super::Directives;

/// What is logged, by target and level: as configured, or as it was changed while running.
///
/// As long as nothing was changed, or once all of it is over, a look takes one load and no lock. The end of a time is
/// seen by whoever looks after it: there is no thread for it. Until then `tracing` is told to ask each time at those
/// call sites, and at those alone, at which the end will make a difference; all others it knows the answer for. So a
/// service that logs nothing meanwhile falls back all the same.
pub(crate) struct Levels {
    configured: Directives,
    changed: RwLock<Changed>,
    /// Nothing is changed, and `tracing` knows.
    is_settled: AtomicBool,
    changes: AtomicU64,
    /// Up to which change `tracing` has asked anew.
    asked: AtomicU64,
    asking: Mutex<()>,
}

#[derive(Default)]
struct Changed {
    /// In place of what was configured.
    lasting: Option<Directives>,
    /// In place of both until then; `None` is further off than clocks can tell.
    passing: Option<(Directives, Option<Instant>)>,
}

impl Levels {
    pub(crate) fn new(configured: Directives) -> Self {
        Self {
            configured,
            changed: RwLock::default(),
            is_settled: AtomicBool::new(true),
            changes: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            asking: Mutex::default(),
        }
    }

    #[inline]
    pub(crate) fn enable(&self, target: &str, level: Level) -> bool {
        if self.is_settled.load(Ordering::Acquire) {
            return self.configured.enable(target, level);
        }
        self.enable_now(target, level)
    }

    /// From now on.
    pub(crate) fn set(&self, directives: Directives) {
        self.change(|changed| {
            *changed = Changed {
                lasting: Some(directives),
                passing: None,
            };
        });
    }

    /// From now on until `period` is over.
    pub(crate) fn set_for(&self, directives: Directives, period: Duration) {
        let end = Instant::now().checked_add(period);
        self.change(|changed| changed.passing = Some((directives, end)));
    }

    /// As configured.
    pub(crate) fn reset(&self) {
        self.change(|changed| *changed = Changed::default());
    }

    /// Those in force, as they were written.
    pub(crate) fn shown(&self) -> String {
        self.in_force(&self.read()).0.as_str().to_owned()
    }

    fn change(&self, change: impl FnOnce(&mut Changed)) {
        let mut changed = self.write();
        change(&mut changed);
        self.is_settled.store(false, Ordering::Release);
        self.changes.fetch_add(1, Ordering::SeqCst);
        drop(changed);
        // Somebody who is at it goes on until all changes are known; but this one is to be in force on return.
        let asking = self.asking.lock();
        self.ask_anew();
        drop(asking);
    }

    #[cold]
    fn enable_now(&self, target: &str, level: Level) -> bool {
        let changed = self.read();
        let (directives, is_over) = self.in_force(&changed);
        let enabled = directives.enable(target, level);
        drop(changed);
        if is_over {
            self.end_passing();
        }
        if self.is_to_ask() {
            match self.asking.try_lock() {
                Ok(_) | Err(TryLockError::Poisoned(_)) => self.ask_anew(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        enabled
    }

    /// And whether others are over that stood before them.
    fn in_force<'a>(&'a self, changed: &'a Changed) -> (&'a Directives, bool) {
        let lasting = changed.lasting.as_ref().unwrap_or(&self.configured);
        match &changed.passing {
            None => (lasting, false),
            Some((passing, end)) => match end.is_some_and(|end| Instant::now() >= end) {
                true => (lasting, true),
                false => (passing, false),
            },
        }
    }

    fn end_passing(&self) {
        let mut changed = self.write();
        // Others may have been set since.
        if self.in_force(&changed).1 {
            changed.passing = None;
            self.changes.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Lets `tracing` ask about all call sites, until it has done so after the last change. Where it shows this thread
    /// no subscriber, as it does within an event of a scoped one, it would take that for the only one there is: somebody
    /// else is to do it then.
    fn ask_anew(&self) {
        while self.is_to_ask() {
            let changes = self.changes.load(Ordering::SeqCst);
            if dispatcher::get_default(Dispatch::is::<NoSubscriber>) {
                return;
            }
            callsite::rebuild_interest_cache();
            self.asked.store(changes, Ordering::SeqCst);
        }
        let changed = self.write();
        let is_as_configured = changed.lasting.is_none() && changed.passing.is_none();
        if is_as_configured && !self.is_to_ask() {
            self.is_settled.store(true, Ordering::Release);
        }
    }

    fn is_to_ask(&self) -> bool {
        self.changes.load(Ordering::SeqCst) != self.asked.load(Ordering::SeqCst)
    }

    fn read(&self) -> RwLockReadGuard<'_, Changed> {
        // Nothing panics while the lock is held.
        self.changed.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Changed> {
        self.changed.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What `tracing` asks once for each call site and keeps.
impl Levels {
    pub(super) fn interest(&self, metadata: &Metadata<'_>) -> Interest {
        let changed = self.read();
        let enabled =
            |directives: &Directives| directives.enable(metadata.target(), *metadata.level());
        let lasting = enabled(changed.lasting.as_ref().unwrap_or(&self.configured));
        match &changed.passing {
            Some((passing, _)) if enabled(passing) != lasting => Interest::sometimes(),
            _ if lasting => Interest::always(),
            _ => Interest::never(),
        }
    }

    pub(super) fn lowest_level(&self) -> LevelFilter {
        let changed = self.read();
        let lasting = changed.lasting.as_ref().unwrap_or(&self.configured);
        let passing = changed.passing.as_ref().map(|(passing, _)| passing);
        let passing = passing.map_or(LevelFilter::OFF, Directives::lowest_level);
        lasting.lowest_level().max(passing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    fn levels(text: &str) -> Levels {
        Levels::new(directives(text))
    }

    fn directives(text: &str) -> Directives {
        text.parse().unwrap()
    }

    /// What is enabled of three events: at info, at debug, at debug of `sqlx`.
    fn enabled(levels: &Levels) -> [bool; 3] {
        [
            levels.enable("app", Level::INFO),
            levels.enable("app", Level::DEBUG),
            levels.enable("sqlx::query", Level::DEBUG),
        ]
    }

    #[test]
    fn what_is_set_lasts_until_it_is_reset() {
        let levels = levels("info");
        assert_eq!(enabled(&levels), [true, false, false]);
        levels.set(directives("warn,sqlx=debug"));
        assert_eq!(enabled(&levels), [false, false, true]);
        assert_eq!(levels.shown(), "warn,sqlx=debug");
        levels.set(directives("debug"));
        assert_eq!(enabled(&levels), [true, true, true]);
        levels.reset();
        assert_eq!(enabled(&levels), [true, false, false]);
        assert_eq!(levels.shown(), "info");
    }

    #[test]
    fn what_is_set_for_a_time_gives_way_to_what_was_before() {
        let levels = levels("info");
        levels.set_for(directives("debug"), LONG);
        assert_eq!(enabled(&levels), [true, true, true]);
        levels.set_for(directives("debug"), Duration::ZERO);
        assert_eq!(levels.shown(), "info");
        assert_eq!(enabled(&levels), [true, false, false]);

        levels.set(directives("warn"));
        levels.set_for(directives("sqlx=debug"), LONG);
        assert_eq!(enabled(&levels), [false, false, true]);
        levels.set_for(directives("debug"), Duration::ZERO);
        assert_eq!(enabled(&levels), [false, false, false]);
        levels.set_for(directives("debug"), Duration::MAX);
        assert_eq!(enabled(&levels), [true, true, true]);
        levels.set(directives("info"));
        assert_eq!(
            enabled(&levels),
            [true, false, false],
            "the last one counts"
        );
    }

    #[test]
    fn call_sites_are_asked_each_time_only_where_the_end_of_a_time_makes_a_difference() {
        let subscriber = tracing_subscriber::registry();
        let metadata = tracing::subscriber::with_default(subscriber, || {
            [
                tracing::info_span!(target: "app", "span"),
                tracing::debug_span!(target: "app", "span"),
                tracing::debug_span!(target: "sqlx", "span"),
            ]
            .map(|span| span.metadata().unwrap())
        });
        let levels = levels("info");
        let interests = || {
            metadata.map(|metadata| match levels.interest(metadata) {
                interest if interest.is_always() => "always",
                interest if interest.is_sometimes() => "sometimes",
                _ => "never",
            })
        };
        assert_eq!(interests(), ["always", "never", "never"]);
        assert_eq!(levels.lowest_level(), LevelFilter::INFO);
        levels.set_for(directives("info,sqlx=debug"), LONG);
        assert_eq!(interests(), ["always", "never", "sometimes"]);
        assert_eq!(levels.lowest_level(), LevelFilter::DEBUG);
        levels.set_for(directives("error"), LONG);
        assert_eq!(interests(), ["sometimes", "never", "never"]);
        assert_eq!(levels.lowest_level(), LevelFilter::INFO);
        levels.set(directives("debug"));
        assert_eq!(interests(), ["always", "always", "always"]);
        levels.set_for(directives("off"), Duration::ZERO);
        assert!(levels.enable("app", Level::DEBUG), "sees the end");
        assert_eq!(interests(), ["always", "always", "always"]);
    }
}
