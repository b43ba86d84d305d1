//! The work that is in flight when the process is to end: waited for, and told of where it does not end in time.

use std::{fmt::Write as _, time::Duration};

use tokio::time::{sleep, timeout};
use tracing::Level;

use super::{Abandoned, Core, Monitor};
use crate::{
    exchange::{End, Outcome},
    log::Key,
    trace::current,
};

/// The target of the lines about the end of a process, for directives in `LOG_LEVEL`.
pub(crate) const TARGET: &str = "monitor_layer::shutdown";

/// For what is cut off to be dropped, and for jobs to be handed back by those who hold them.
const MOMENT: Duration = Duration::from_secs(1);
/// Between two looks at what is in flight.
const PAUSE: Duration = Duration::from_millis(10);

impl Monitor {
    /// Waits for the requests and jobs in flight, for at most `deadline`: for a process with a server of its own that has
    /// stopped serving, or with none. [`serve`](Self::serve) does so itself.
    ///
    /// `/ready` answers 503 from here on. What is in flight at the deadline is told of in a line, and in one each as it is
    /// dropped (`Request abandoned`, `Job abandoned`, with route and step) in the moment that
    /// [`shutdown_overdue`](Self::shutdown_overdue) gives to those who hold it, a second at most. Jobs that are held on
    /// to are told of then, and count as `CANCELLED` when they are dropped.
    ///
    /// Not to be waited for within a request or a job, which would wait for itself. [`shutdown`](Self::shutdown) sends
    /// what is on its way out then; it waits for no work.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use monitor_layer::testing::TestMonitor;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let monitor = TestMonitor::new("worker");
    /// let job = monitor.job("job-7").start();
    /// tokio::spawn(async move {
    ///     tokio::task::yield_now().await;
    ///     job.completed();
    /// });
    /// monitor.drain(Duration::from_secs(20)).await;
    /// monitor.shutdown(Duration::from_secs(5)).await;
    /// assert_eq!(monitor.metric("job_duration_seconds_count", [("status", "COMPLETED")]), 1.0);
    /// # }
    /// ```
    pub async fn drain(&self, deadline: Duration) {
        let core = self.core();
        core.health.standing.drain();
        let nothing_open = || 0;
        if timeout(deadline, core.idle(nothing_open)).await.is_err() {
            core.abandon(nothing_open, || {}).await;
        }
    }
}

impl Core {
    /// Until there is no work in flight, nor a connection, of which `connections` says how many are open.
    pub(crate) async fn idle(&self, connections: impl Fn() -> usize) {
        while connections() > 0 || self.jobs.count() > 0 || self.metrics.active_requests() > 0 {
            sleep(PAUSE).await;
        }
    }

    /// The deadline has passed: what is in flight is told of, and `cut` ends what it can.
    pub(crate) async fn abandon(&self, connections: impl Fn() -> usize, cut: impl FnOnce()) {
        self.tell_overdue(connections());
        self.shutdown.begin_overdue();
        cut();
        // Those that are left are told of below.
        let _ = timeout(MOMENT, self.idle(connections)).await;
        if self.shutdown.end_overdue() {
            self.jobs.abandon();
        }
    }

    fn tell_overdue(&self, connections: usize) {
        let mut steps = String::new();
        for (step, active) in self.metrics.active_steps() {
            let comma = if steps.is_empty() { "" } else { ", " };
            // Writing to a string cannot fail.
            let _ = write!(steps, "{comma}{step} ({active})");
        }
        let message = "Deadline passed with work in flight";
        (self.log).line(self, TARGET, Level::WARN, message, |fields| {
            fields.number(Key::REQUESTS, self.metrics.active_requests());
            fields.number(Key::JOBS, self.jobs.count());
            fields.number(Key::CONNECTIONS, connections);
            if !steps.is_empty() {
                fields.string(Key::STEPS, steps);
            }
        });
    }
}

/// Tells of an exchange that is dropped because the deadline has passed; its own line tells how it counts.
#[cold]
pub(super) fn tell_abandoned_exchange(core: &Core, outcome: &Outcome<'_>) {
    let is_dropped = matches!(outcome.end, End::Cancelled | End::Aborted | End::Upgraded);
    if !is_dropped || !core.shutdown.is_overdue() || !core.shutdown.abandon(Abandoned::Request) {
        return;
    }
    (core.log).line(core, TARGET, Level::WARN, "Request abandoned", |fields| {
        fields.method(outcome.method);
        fields.string(Key::ROUTE, outcome.route_label());
        if let Some(step) = current::cut_off_step() {
            fields.string(Key::STEP, step);
        }
        fields.milliseconds(Key::DURATION_MS, outcome.elapsed);
    });
}
