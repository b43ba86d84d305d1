//! All channels of a monitor, and who is told of what.

use std::{
    fmt, io,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    Alert, AlertNotice, AlertSelfTest, AlertSeverity, AlertSink, DeliveryError, RaisedBy,
    backlog::{Backlog, Next, Pace},
    channel::Channel,
    notice::{Raised, Source},
    self_test,
};
use crate::{metrics::Metrics, monitor::Core, redact::Redactor, trace::current};

/// What raises alerts, and where they go.
#[derive(Default)]
pub(crate) struct Alerts {
    channels: Vec<Channel>,
    memory: Option<Memory>,
    raised_by: RaisedBy,
    monitor: Arc<OnceLock<Weak<Core>>>,
    has_told_of_no_channel: AtomicBool,
}

/// A channel to be.
pub(crate) struct NewChannel {
    pub(crate) name: String,
    pub(crate) lowest: AlertSeverity,
    pub(crate) sink: Box<dyn AlertSink>,
    pub(crate) pace: Pace,
}

/// What would have been sent, for tests: told at once, on the thread that raises.
struct Memory {
    backlog: Mutex<Backlog>,
    told: Arc<Mutex<Vec<AlertNotice>>>,
}

impl Alerts {
    /// # Errors
    ///
    /// That of the system, where it has no thread to give.
    pub(crate) fn start(
        channels: Vec<NewChannel>,
        memory: Option<(Arc<Mutex<Vec<AlertNotice>>>, Pace)>,
        raised_by: RaisedBy,
        metrics: &Arc<Metrics>,
    ) -> io::Result<Self> {
        let monitor = Arc::default();
        let channels = channels.into_iter().map(|new| {
            let NewChannel {
                name,
                lowest,
                sink,
                pace,
            } = new;
            Channel::start(&name, lowest, sink, pace, metrics, &monitor)
        });
        Ok(Self {
            channels: channels.collect::<Result<_, _>>()?,
            memory: memory.map(|(told, pace)| Memory {
                backlog: Mutex::new(Backlog::new(pace)),
                told,
            }),
            raised_by,
            monitor,
            has_told_of_no_channel: AtomicBool::new(false),
        })
    }

    /// Whose they are, and so whose log tells of what fails.
    pub(crate) fn belong_to(&self, core: &Arc<Core>) {
        let _ = self.monitor.set(Arc::downgrade(core));
    }

    /// What raises alerts beside the user's own code.
    pub(crate) const fn raised_by(&self) -> &RaisedBy {
        &self.raised_by
    }

    /// Puts it before each channel that takes its severity; never waits for any.
    pub(crate) fn raise(&self, core: &Core, alert: Alert, is_resolved: bool) {
        let severity = alert.severity;
        let is_wanted = self.channels.iter().any(|channel| channel.takes(severity));
        if !is_wanted && self.memory.is_none() {
            return self.tell_of_no_channel(core, severity);
        }
        let trace = current::with_current(|scope| scope.map(|scope| scope.context.trace_id()));
        let source = Source {
            service: &core.service,
            env: &core.env,
            redactor: &core.redactor,
            trace,
        };
        self.push(&Arc::new(Raised::new(alert, is_resolved, &source)));
    }

    /// The same before there is a monitor.
    pub(super) fn raise_without_monitor(&self, alert: Alert, service: &Arc<str>, env: &Arc<str>) {
        let source = Source {
            service,
            env,
            redactor: &Redactor::default(),
            trace: None,
        };
        self.push(&Arc::new(Raised::new(alert, false, &source)));
    }

    fn push(&self, raised: &Arc<Raised>) {
        let now = Instant::now();
        for channel in &self.channels {
            if channel.takes(raised.severity) {
                channel.push(Arc::clone(raised), now);
            }
        }
        if let Some(memory) = &self.memory {
            memory.push(Arc::clone(raised), now);
        }
    }

    /// Waits until all are told or lost, for at most `deadline`; what backs off is tried at once.
    pub(crate) fn flush(&self, deadline: Duration) {
        let until = Instant::now().checked_add(deadline);
        self.channels.iter().for_each(Channel::hurry);
        for channel in &self.channels {
            // Without an end that can be told there is none.
            channel.flush(until.unwrap_or_else(|| Instant::now() + Duration::from_secs(86_400)));
        }
    }

    /// Sends a test alert and its end through every channel at once, and waits for what comes of it.
    pub(crate) fn self_test(&self, core: &Core) -> Vec<AlertSelfTest> {
        let source = Source {
            service: &core.service,
            env: &core.env,
            redactor: &core.redactor,
            trace: None,
        };
        let notice = self_test::notice(&source);
        let until = Instant::now() + self_test::DEADLINE;
        let tests: Vec<_> = self
            .channels
            .iter()
            .map(|it| (it, it.test(notice.clone())))
            .collect();
        let results = tests.into_iter().map(|(channel, told)| {
            let left = until.saturating_duration_since(Instant::now());
            let result = told.recv_timeout(left).unwrap_or_else(|_| {
                let waited = self_test::DEADLINE.as_secs();
                Err(DeliveryError::transient(format!("no answer in {waited} s")))
            });
            AlertSelfTest {
                channel: channel.name().to_owned(),
                problem: result
                    .err()
                    .map(|error| core.redactor.text(&error.to_string()).into_owned()),
            }
        });
        results.collect()
    }

    /// In a monitor that has channels, an alert that none takes is as was asked for.
    fn tell_of_no_channel(&self, core: &Core, severity: AlertSeverity) {
        if self.channels.is_empty() && !self.has_told_of_no_channel.swap(true, Ordering::Relaxed) {
            core.log.warning(
                core,
                &format!(
                    "A {severity} alert was raised, and there is no channel to tell of it nor of further ones: set \
                     SLACK_WEBHOOK_URL, PAGERDUTY_ROUTING_KEY or ALERTMANAGER_URL"
                ),
            );
        }
    }
}

impl Memory {
    fn push(&self, raised: Arc<Raised>, now: Instant) {
        let mut backlog = self.backlog.lock().unwrap_or_else(PoisonError::into_inner);
        backlog.push(raised, now);
        while let Next::Send(item) = backlog.next(now) {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.push(item.notice());
            backlog.sent(item, &Ok(()), now);
        }
    }
}

impl fmt::Debug for Alerts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channels = self.channels.iter().map(Channel::name);
        formatter.debug_list().entries(channels).finish()
    }
}
