#[cfg(feature = "otlp")]
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, OnceLock};

#[cfg(feature = "otlp")]
use tracing::span::Record;
use tracing::{
    Dispatch, Subscriber,
    span::{Attributes, Id},
};
use tracing_subscriber::layer::Context;

#[cfg(feature = "otlp")]
use super::fields::SpanFields;
use super::{
    SpanLayer, second_tracer,
    table::{Around, OpenSpan, SpanTable},
};
use crate::{
    log::{HeldLines, LogLayer},
    monitor::Core,
    trace::{
        TraceContext,
        scope::{self, Scope, with_current},
    },
};

/// What a span has of what it is opened in: its context, whose it is, and where its lines wait.
type Identity = (
    Option<TraceContext>,
    Option<Arc<Core>>,
    Option<Arc<HeldLines>>,
);

/// The part that every layer of ours has in common: sees the spans of its subscriber, together with the others there.
pub(crate) struct Spans {
    /// The monitor of spans that are in nobody's work.
    core: Option<Arc<Core>>,
    table: Arc<SpanTable>,
    /// That of the layer which leads in this subscriber; unset where it is this one.
    leader: OnceLock<Arc<SpanTable>>,
}

impl Spans {
    pub(crate) fn new(core: Option<Arc<Core>>) -> Self {
        Self {
            core,
            table: Arc::default(),
            leader: OnceLock::new(),
        }
    }

    /// Joins a layer of ours further in, where there is one: it leads.
    pub(crate) fn join<S: Subscriber>(&self, inner: &S) {
        if let Some(core) = &self.core {
            second_tracer::look_into::<S>(core);
        }
        let inner: &dyn Subscriber = inner;
        let spans = inner.downcast_ref::<SpanLayer>().map(SpanLayer::spans);
        let leader = spans.or_else(|| inner.downcast_ref::<LogLayer>().map(LogLayer::spans));
        self.follow(leader);
    }

    /// The same for layers that were put together before they were put on, and so did not see each other then. A
    /// subscriber in a box or an `Arc` does not say that it is one: there, those stay apart.
    pub(crate) fn join_all(&self, subscriber: &Dispatch) {
        let spans = subscriber.downcast_ref::<SpanLayer>();
        let spans = spans.map(SpanLayer::spans);
        let leader = spans.or_else(|| subscriber.downcast_ref::<LogLayer>().map(LogLayer::spans));
        self.follow(leader);
    }

    fn follow(&self, leader: Option<&Self>) {
        let Some(leader) = leader else { return };
        let table = leader.leader.get().unwrap_or(&leader.table);
        if !Arc::ptr_eq(table, &self.table) {
            // One that follows already goes on doing so.
            let _ = self.leader.set(Arc::clone(table));
        }
    }

    /// Looks at what is known of an open span. `look` must not call user code.
    pub(crate) fn with<R>(&self, id: &Id, look: impl FnOnce(&mut OpenSpan) -> R) -> Option<R> {
        self.table().with(id, look)
    }

    pub(crate) fn opened(&self, attributes: &Attributes<'_>, id: &Id) {
        let is_step = is_step(attributes);
        let (context, core, lines) = self.identity(attributes, is_step);
        #[cfg(feature = "otlp")]
        let recording = super::recording::Recording::wanted(
            context.as_ref().filter(|_| !is_step),
            core.as_deref(),
            attributes,
        );
        self.table().open(id, |span| {
            span.context = context;
            span.core = core;
            span.lines = lines;
            span.is_step = is_step;
            #[cfg(feature = "otlp")]
            {
                span.recording = recording;
            }
        });
    }

    /// Takes over what is recorded anew, if the span is exported.
    #[cfg(feature = "otlp")]
    pub(crate) fn recorded(&self, id: &Id, values: &Record<'_>) {
        let core = self.table().with(id, |span| {
            let recording = span.recording.as_ref();
            recording.and_then(|_| span.core.clone())
        });
        let Some(core) = core.flatten() else { return };
        let mut newer = SpanFields::default();
        newer.record(&core.redactor, |visitor| values.record(visitor));
        self.table().with(id, |span| {
            if let Some(recording) = &mut span.recording {
                recording.add_fields(newer);
            }
        });
    }

    pub(crate) fn entered(&self, id: &Id) {
        let table = self.table().id();
        let known = with_current(|scope| Some(scope?.entered.enter_again(table, id)));
        match known {
            Some(true) => {}
            Some(false) => {
                let context = self.table().with(id, OpenSpan::entered_context).flatten();
                let Some(context) = context else { return };
                with_current(|scope| {
                    if let Some(scope) = scope {
                        let current = &mut scope.context;
                        scope.entered.enter(table, id, context, current);
                    }
                });
            }
            None => self.enter_alone(id),
        }
    }

    pub(crate) fn exited(&self, id: &Id) {
        let is_over = with_current(|scope| {
            scope.is_some_and(|scope| {
                let current = &mut scope.context;
                scope.entered.leave(self.table().id(), id, current);
                scope.entered.is_over()
            })
        });
        if is_over {
            scope::leave();
        }
    }

    pub(crate) fn closed(&self, id: &Id) {
        #[cfg(not(feature = "otlp"))]
        self.table().close(id, |_| ());
        #[cfg(feature = "otlp")]
        {
            let ended = self.table().close(id, super::recording::Ended::of);
            if let Some(ended) = ended.flatten() {
                crate::exchange::guarded(|| ended.export());
            }
        }
    }

    /// Adds an event to the span that it happens in, if that is exported: by one layer of the subscriber alone.
    #[cfg(feature = "otlp")]
    pub(crate) fn event(&self, event: &tracing::Event<'_>) {
        use crate::trace::otlp;

        if self.leader.get().is_some() {
            return;
        }
        let metadata = event.metadata();
        let is_error = *metadata.level() == tracing::Level::ERROR;
        let place = with_current(|scope| {
            let scope = scope.filter(|scope| scope.context.is_sampled())?;
            let core = scope.core.as_ref().or(self.core.as_ref())?;
            let is_wanted =
                core.exporter.is_some() && core.log.enabled(metadata.target(), *metadata.level());
            is_wanted.then(|| (Arc::clone(core), self.innermost(scope)))
        });
        let Some((core, innermost)) = place else {
            return;
        };
        // A `Debug` of the user's that panics takes its event, and nothing else.
        let Ok(told) = panic::catch_unwind(AssertUnwindSafe(|| otlp::event(event, &core.redactor)))
        else {
            return;
        };
        match event.parent().cloned().or(innermost) {
            Some(span) => {
                self.table().with(&span, |span| {
                    if let Some(recording) = &mut span.recording {
                        recording.add_event(told, is_error);
                    }
                });
            }
            None => {
                let unit = with_current(|scope| {
                    let scope = scope?;
                    let own = scope.own_context().span_id();
                    Some((Arc::clone(scope.shared_unit()), own))
                });
                if let Some((unit, own)) = unit {
                    unit.trail.add_event(own, told);
                }
            }
        }
    }

    /// Links a span to another one.
    #[cfg(feature = "otlp")]
    pub(crate) fn followed(&self, id: &Id, from: &Id) {
        let context = self.table().with(from, |span| span.context.clone());
        if let Some(context) = context.flatten() {
            let link = opentelemetry::trace::Link::with_context(crate::trace::otlp::span_context(
                &context,
            ));
            self.table().with(id, |span| {
                if let Some(recording) = &mut span.recording {
                    recording.add_link(link);
                }
            });
        }
    }

    /// A span that carries its trace to where nothing is current, as one of a spawned future does, has a scope there.
    #[cold]
    fn enter_alone(&self, id: &Id) {
        let found = self.table().with(id, |span| {
            let context = span.entered_context()?;
            Some((context, span.core.clone(), span.lines.clone()))
        });
        let Some((context, core, lines)) = found.flatten() else {
            return;
        };
        let mut scope = Scope::new(context.clone(), core);
        scope.lines = lines;
        scope.entered.lend_scope();
        let mut scope = scope.boxed();
        let scope_ref = &mut *scope;
        let current = &mut scope_ref.context;
        scope_ref
            .entered
            .enter(self.table().id(), id, context, current);
        scope::begin(scope);
    }

    fn identity(&self, attributes: &Attributes<'_>, is_step: bool) -> Identity {
        let named = attributes.parent().and_then(|parent| {
            self.table().with(parent, |parent| {
                let context = parent.context.as_ref().map(TraceContext::child);
                (context, parent.core.clone(), parent.lines.clone())
            })
        });
        if let Some(known) = named {
            return known;
        }
        let current = with_current(|scope| {
            let scope = scope.filter(|_| !attributes.is_root())?;
            let context = match is_step {
                true => scope.context.clone(),
                false => scope.context.child(),
            };
            Some((Some(context), scope.core.clone(), scope.lines.clone()))
        });
        current.unwrap_or_else(|| {
            let root = |core: &Arc<Core>| TraceContext::root(&core.sampler);
            (self.core.as_ref().map(root), self.core.clone(), None)
        })
    }

    /// The span around a new one, by what is cheapest to ask.
    pub(crate) fn around<S: Subscriber>(
        &self,
        attributes: &Attributes<'_>,
        subscriber: &Context<'_, S>,
    ) -> Around {
        let parent = match attributes.is_contextual() {
            false => attributes.parent().cloned(),
            true => with_current(|scope| self.innermost(scope?))
                .or_else(|| subscriber.current_span().id().cloned()),
        };
        parent.map_or(Around::Nothing, Around::Span)
    }

    /// The span that was entered last here, where it is one of this subscriber's that have a context.
    pub(crate) fn innermost(&self, scope: &Scope) -> Option<Id> {
        scope.entered.innermost(self.table().id())
    }

    fn table(&self) -> &SpanTable {
        self.leader.get().unwrap_or(&self.table)
    }
}

impl OpenSpan {
    fn entered_context(&mut self) -> Option<TraceContext> {
        self.context.clone().filter(|_| !self.is_step)
    }
}

/// Whether a new span stands for the step that runs, whose context is the span's: it is the first of its call site there.
fn is_step(attributes: &Attributes<'_>) -> bool {
    let site = with_current(|scope| scope?.step);
    site.is_some_and(|site| std::ptr::eq(site.metadata(), attributes.metadata()))
}
