use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use opentelemetry::trace::Event;

use crate::{
    error::Failure,
    metrics::StepStatus,
    step::StepFields,
    trace::{SpanId, TraceContext},
};

/// How many events one span has at most, as OpenTelemetry has it.
pub(crate) const MOST_EVENTS: usize = 128;
/// How many events wait in one exchange or job, whosever they are.
const MOST_WAITING: usize = 512;
/// How many steps are kept of one exchange or job that is not sampled.
const MOST_STEPS: usize = 64;

/// What an exchange or a job keeps for its spans until they are over. Takes memory when there is something to keep.
#[derive(Default)]
pub(crate) struct Trail(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Of exchange, job and steps that are sampled, by the span that they happened in.
    events: Vec<(SpanId, Event)>,
    dropped_events: u32,
    /// That are over and not sampled.
    steps: Vec<EndedStep>,
    dropped_steps: usize,
}

/// A step that is over.
pub(super) struct EndedStep {
    pub(super) context: TraceContext,
    pub(super) name: &'static str,
    pub(super) fields: Option<Arc<StepFields>>,
    /// The exchange, job or step around.
    pub(super) enclosing: Option<SpanId>,
    pub(super) ended: SystemTime,
    pub(super) elapsed: Duration,
    pub(super) status: StepStatus,
    pub(super) failure: Option<Failure>,
}

impl Trail {
    pub(crate) fn add_event(&self, span: SpanId, event: Event) {
        let mut kept = self.lock();
        if kept.events.len() == MOST_WAITING {
            kept.dropped_events += 1;
        } else {
            kept.events.push((span, event));
        }
    }

    /// The events of a span that is over, and how many more there were.
    pub(super) fn take_events(&self, span: SpanId) -> (Vec<Event>, u32) {
        let mut kept = self.lock();
        if kept.events.is_empty() {
            return Default::default();
        }
        let (own, others): (Vec<_>, _) = std::mem::take(&mut kept.events)
            .into_iter()
            .partition(|(of, _)| *of == span);
        kept.events = others;
        let mut dropped = std::mem::take(&mut kept.dropped_events);
        drop(kept);
        dropped += own.len().saturating_sub(MOST_EVENTS) as u32;
        let events = own.into_iter().take(MOST_EVENTS);
        (events.map(|(_, event)| event).collect(), dropped)
    }

    pub(super) fn keep(&self, step: EndedStep) {
        let mut kept = self.lock();
        if kept.steps.len() == MOST_STEPS {
            kept.dropped_steps += 1;
        } else {
            kept.steps.push(step);
        }
    }

    /// The steps that were kept, and how many more there were.
    pub(super) fn take_steps(&self) -> (Vec<EndedStep>, usize) {
        let mut kept = self.lock();
        let steps = std::mem::take(&mut kept.steps);
        (steps, std::mem::take(&mut kept.dropped_steps))
    }

    /// All that is kept.
    pub(crate) fn take(&self) -> Self {
        Self(Mutex::new(std::mem::take(&mut self.lock())))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
