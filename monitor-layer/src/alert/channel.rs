//! One way to people: what waits for it, and the thread that tells it.

use std::{
    cell::Cell,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    AlertNotice, AlertSeverity, AlertSink, DeliveryError,
    backlog::{Backlog, Item, Next, Pace},
    notice::Raised,
    self_test,
    warnings::Warnings,
};
use crate::{
    exchange::panic_message,
    metrics::{Delivery, DeliveryCounts, Metrics, Signal},
    monitor::Core,
    trace::{
        TraceContext,
        current::{self, Scope},
    },
};

/// How often a thread with nothing to do looks whether there is: whoever raises an alert does not wake it, for that takes
/// longer than all else that it does.
const GLANCE: Duration = Duration::from_millis(200);

thread_local! {
    /// The channel that this thread tells, by its address; 0 is none.
    static TELLS: Cell<usize> = const { Cell::new(0) };
}

pub(super) struct Channel(Arc<Shared>);

struct Shared {
    name: Box<str>,
    /// By severity, where that is told here.
    counts: [Option<Arc<DeliveryCounts>>; AlertSeverity::ALL.len()],
    state: Mutex<State>,
    /// There is something to do.
    called: Condvar,
    /// Something is over.
    settled: Condvar,
    gap: Duration,
    metrics: Arc<Metrics>,
    monitor: Arc<OnceLock<Weak<Core>>>,
    warnings: Warnings,
}

struct State {
    backlog: Backlog,
    tests: Vec<(AlertNotice, Sender<Result<(), DeliveryError>>)>,
    is_under_way: bool,
    is_closed: bool,
}

/// What the thread is to do.
enum Task {
    Tell(Item),
    Test(AlertNotice, Sender<Result<(), DeliveryError>>),
    End,
}

impl Channel {
    /// # Errors
    ///
    /// That of the system, where it has no thread to give.
    pub(super) fn start(
        name: &str,
        lowest: AlertSeverity,
        sink: Box<dyn AlertSink>,
        pace: Pace,
        metrics: &Arc<Metrics>,
        monitor: &Arc<OnceLock<Weak<Core>>>,
    ) -> io::Result<Self> {
        let counts = AlertSeverity::ALL
            .map(|severity| (severity >= lowest).then(|| metrics.alerts(name, severity.as_str())));
        let shared = Arc::new(Shared {
            name: name.into(),
            counts,
            state: Mutex::new(State {
                backlog: Backlog::new(pace),
                tests: Vec::new(),
                is_under_way: false,
                is_closed: false,
            }),
            called: Condvar::new(),
            settled: Condvar::new(),
            gap: pace.gap,
            metrics: Arc::clone(metrics),
            monitor: Arc::clone(monitor),
            warnings: Warnings::default(),
        });
        let working = Arc::clone(&shared);
        thread::Builder::new()
            .name(format!("monitor-{name}"))
            .spawn(move || working.run(sink))?;
        Ok(Self(shared))
    }

    pub(super) fn name(&self) -> &str {
        &self.0.name
    }

    pub(super) fn takes(&self, severity: AlertSeverity) -> bool {
        self.0.counts[severity as usize].is_some()
    }

    pub(super) fn push(&self, raised: Arc<Raised>, now: Instant) {
        let shared = &*self.0;
        let severity = raised.severity;
        if shared.is_told_here() {
            // By what is to tell it: it would go on without an end.
            return shared.count(severity, Delivery::Dropped);
        }
        let pushed = shared.lock().backlog.push(raised, now);
        if let Some(outcome) = pushed.outcome {
            shared.count(severity, outcome);
        }
        if let Some(displaced) = pushed.displaced {
            shared.count(displaced.severity, Delivery::Dropped);
        }
    }

    /// Lets what backs off be tried at once.
    pub(super) fn hurry(&self) {
        self.0.lock().backlog.hurry();
        self.0.called.notify_one();
    }

    /// Waits until nothing is on its way, until then at most.
    pub(super) fn flush(&self, until: Instant) {
        let mut state = self.0.lock();
        while state.backlog.len() > 0 || state.is_under_way {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            (state, _) = self
                .0
                .settled
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the thread send this next, once, whatever waits.
    pub(super) fn test(&self, notice: AlertNotice) -> Receiver<Result<(), DeliveryError>> {
        let (tell, told) = mpsc::channel();
        self.0.lock().tests.push((notice, tell));
        self.0.called.notify_one();
        told
    }
}

/// The thread ends once what waits had one more try.
impl Drop for Channel {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_closed = true;
        state.backlog.close();
        drop(state);
        self.0.called.notify_one();
    }
}

impl Shared {
    fn run(&self, mut sink: Box<dyn AlertSink>) {
        let _ = TELLS.try_with(|tells| tells.set(self.address()));
        loop {
            match self.next() {
                Task::End => return,
                Task::Tell(item) => {
                    let result = self.tell(&mut *sink, &item.notice());
                    self.told(item, &result);
                }
                Task::Test(notice, reply) => {
                    let result = self.tell(&mut *sink, &notice);
                    thread::sleep(self.gap);
                    let end = self_test::resolved(&notice);
                    let result = result.and_then(|()| self.tell(&mut *sink, &end));
                    // Nobody waits for it any more where this fails.
                    let _ = reply.send(result);
                }
            }
        }
    }

    /// Waits for something to do.
    fn next(&self) -> Task {
        let mut state = self.lock();
        loop {
            if let Some((notice, reply)) = state.tests.pop() {
                return Task::Test(notice, reply);
            }
            match state.backlog.next(Instant::now()) {
                Next::Send(item) => {
                    state.is_under_way = true;
                    return Task::Tell(item);
                }
                Next::Over(item, outcome) => {
                    state.is_under_way = true;
                    drop(state);
                    self.over(&item, outcome);
                    state = self.lock();
                    state.is_under_way = false;
                    self.settled.notify_all();
                }
                Next::WaitUntil(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    let waited = self.called.wait_timeout(state, left);
                    (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
                }
                Next::Nothing if state.is_closed => return Task::End,
                Next::Nothing => {
                    let waited = self.called.wait_timeout(state, GLANCE);
                    (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Lets the sink tell it, as somebody whose panics are told of here alone.
    fn tell(&self, sink: &mut dyn AlertSink, notice: &AlertNotice) -> Result<(), DeliveryError> {
        let mut scope = self.core().map(|core| {
            let context = TraceContext::root(&core.sampler);
            let mut scope = Scope::new(context, Some(core));
            scope.catches_panics = true;
            scope.boxed()
        });
        let told = catch_unwind(AssertUnwindSafe(|| {
            current::enter(&mut scope, || sink.send(notice))
        }));
        told.unwrap_or_else(|panic| {
            let message = panic_message(&*panic);
            Err(DeliveryError::permanent(format!("it panicked: {message}")))
        })
    }

    fn told(&self, item: Item, result: &Result<(), DeliveryError>) {
        let severity = item.raised.severity;
        let outcome = self.lock().backlog.sent(item, result, Instant::now());
        if let Some(outcome) = outcome {
            self.count(severity, outcome);
        }
        if let Err(error) = result {
            self.warn(&error.to_string(), u64::from(outcome.is_some()));
        }
        // All that is to be known of it is, before a flush is over.
        self.lock().is_under_way = false;
        self.settled.notify_all();
    }

    /// It has waited in vain.
    fn over(&self, item: &Item, outcome: Delivery) {
        self.count(item.raised.severity, outcome);
        if outcome == Delivery::Failed {
            self.warn("an alert has waited for too long", 1);
        }
    }

    fn warn(&self, reason: &str, lost: u64) {
        let core = self.core();
        self.warnings
            .failed(core.as_deref(), &self.name, reason, lost);
    }

    fn count(&self, severity: AlertSeverity, outcome: Delivery) {
        if let Some(counts) = &self.counts[severity as usize] {
            counts.add_one(outcome);
        }
        if matches!(outcome, Delivery::Failed | Delivery::Dropped) {
            self.metrics.dropped(Signal::Alerts);
        }
    }

    fn core(&self) -> Option<Arc<Core>> {
        self.monitor.get().and_then(Weak::upgrade)
    }

    fn is_told_here(&self) -> bool {
        TELLS.try_with(Cell::get) == Ok(self.address())
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
