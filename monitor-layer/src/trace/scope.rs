use std::{cell::RefCell, mem, sync::Arc};

use http::Method;

use super::{SpanId, TraceContext, spans::EnteredSpans};
use crate::{
    error::Isolated,
    exchange::Route,
    log::{HeldLines, Opening},
    monitor::Core,
    step::{StepFields, StepSite},
    unit::Unit,
};

/// Identity and belongings of one exchange, job or step.
#[derive(Clone)]
pub(crate) struct Scope {
    /// That of the innermost `tracing` span entered in here, else the exchange's, job's or step's own.
    pub(crate) context: TraceContext,
    pub(crate) entered: EnteredSpans,
    /// The exchange, job or step around, where there is one: the parent but for `tracing` spans between.
    pub(crate) enclosing: Option<SpanId>,
    /// The monitor whose exchange, job or step this is.
    pub(crate) core: Option<Arc<Core>>,
    /// Made when somebody first writes to it or shares it: an exchange that nobody adds to allocates none.
    pub(crate) unit: Option<Arc<Unit>>,
    /// The innermost step.
    pub(crate) step: Option<&'static StepSite>,
    /// What that records.
    pub(crate) fields: Option<Arc<StepFields>>,
    /// The exchange's method.
    pub(crate) method: Option<Method>,
    /// The exchange's route, where it is known.
    pub(crate) route: Option<Route>,
    /// What is to be written before any other line in here.
    pub(crate) opening: Option<Arc<Opening>>,
    /// Where lines in here wait, if it is not known yet whether they are written.
    pub(crate) lines: Option<Arc<HeldLines>>,
    /// What the Sentry SDK is told in here, where it is kept to this.
    pub(crate) isolated: Isolated,
    /// Whether this is inside of a request whose context a layer has read: layers further in leave it be.
    pub(crate) in_request: bool,
    /// Whether a monitor's exchange is under way here, so that a second layer below does not count it again.
    pub(crate) in_exchange: bool,
    /// Whether what polls it catches panics and tells of them.
    pub(crate) catches_panics: bool,
}

// Boxes on purpose: they are lent out as they are.
#[allow(clippy::vec_box)]
type Spare = Vec<Box<Scope>>;

thread_local! {
    static CURRENT: RefCell<Option<Box<Scope>>> = const { RefCell::new(None) };
    /// Boxes to be used again: scopes come and go with every exchange and step.
    static SPARE: RefCell<Spare> = const { RefCell::new(Vec::new()) };
}

/// How many boxes a thread keeps; more are in use only where many exchanges end on a thread that starts few.
const MOST_SPARE: usize = 32;

impl Scope {
    pub(crate) fn new(context: TraceContext, core: Option<Arc<Core>>) -> Self {
        Self {
            context,
            entered: EnteredSpans::default(),
            enclosing: None,
            core,
            unit: None,
            step: None,
            fields: None,
            method: None,
            route: None,
            opening: None,
            lines: None,
            isolated: Isolated::default(),
            in_request: false,
            in_exchange: false,
            catches_panics: false,
        }
    }

    /// On the heap, for it is swapped at every poll and moved with its future: a pointer costs less. Takes no new memory
    /// where the thread has a box to spare.
    pub(crate) fn boxed(mut self) -> Box<Self> {
        let spare = SPARE.try_with(|spare| spare.try_borrow_mut().ok()?.pop());
        match spare {
            Ok(Some(mut spare)) => {
                self.entered.take_memory_of(&mut spare.entered);
                *spare = self;
                spare
            }
            Ok(None) | Err(_) => Box::new(self),
        }
    }

    /// A copy that shares its unit with the running one.
    #[inline]
    pub(crate) fn current() -> Option<Self> {
        with_current(|scope| {
            scope.map(|scope| {
                scope.shared_unit();
                scope.clone()
            })
        })
    }

    /// The same, to run in. Where there is none, it costs a look.
    #[inline]
    pub(crate) fn current_boxed() -> Option<Box<Self>> {
        match is_any() {
            true => Self::current().map(Self::boxed),
            false => None,
        }
    }

    /// The running one, if it is a request's.
    #[inline]
    pub(crate) fn current_of_request() -> Option<Self> {
        if !is_any() {
            return None;
        }
        with_current(|scope| {
            scope
                .filter(|scope| scope.in_request)
                .map(|scope| scope.clone())
        })
    }

    /// A scope below the running one, where there is one, with a child context and without the fields of a step. Made
    /// where it stays: moves are most of what a small scope costs.
    #[inline]
    pub(crate) fn child_of_current() -> Option<Box<Self>> {
        with_current(|outer| {
            let outer = outer?;
            let context = outer.context.child();
            let spare = SPARE.try_with(|spare| spare.try_borrow_mut().ok()?.pop());
            let mut child = match spare {
                Ok(Some(mut spare)) => {
                    spare.context = context;
                    spare
                }
                Ok(None) | Err(_) => Box::new(Self::new(context, None)),
            };
            child.unit = Some(Arc::clone(outer.shared_unit()));
            let lends_scope = outer.entered.lends_scope();
            child.enclosing = (!lends_scope).then(|| outer.own_context().span_id());
            child.core.clone_from(&outer.core);
            child.step = outer.step;
            child.method.clone_from(&outer.method);
            child.route.clone_from(&outer.route);
            child.opening.clone_from(&outer.opening);
            child.lines.clone_from(&outer.lines);
            child.isolated.clone_from(&outer.isolated);
            child.in_request = outer.in_request;
            child.in_exchange = outer.in_exchange;
            child.catches_panics = outer.catches_panics;
            Some(child)
        })
    }

    /// The context of the exchange, job or step itself, whatever spans are entered in it.
    pub(crate) fn own_context(&self) -> &TraceContext {
        self.entered.outermost(&self.context)
    }

    /// Drops its belongings, for [`boxed`](Self::boxed) to use its place again; one after the other, for most are not
    /// there.
    fn empty(&mut self) {
        let Self {
            context,
            entered,
            enclosing,
            core,
            unit,
            step,
            fields,
            method,
            route,
            opening,
            lines,
            isolated,
            in_request: _,
            in_exchange: _,
            catches_panics: _,
        } = self;
        context.drop_belongings();
        entered.clear();
        *enclosing = None;
        *core = None;
        *unit = None;
        *step = None;
        *fields = None;
        *method = None;
        *route = None;
        *opening = None;
        *lines = None;
        *isolated = Isolated::default();
    }

    /// The route's name, where something in here left one.
    pub(crate) fn named_route(&self) -> Option<Route> {
        self.unit.as_ref()?.lock().route.clone()
    }

    pub(crate) fn shared_unit(&mut self) -> &Arc<Unit> {
        self.unit.get_or_insert_default()
    }
}

/// Whether a scope runs.
#[inline]
fn is_any() -> bool {
    let any = CURRENT.try_with(|current| current.try_borrow().is_ok_and(|scope| scope.is_some()));
    any.unwrap_or(false)
}

/// Looks at the running scope. `operation` must not call back into this module; where it would, or where the
/// thread is being torn down, nothing is current.
#[inline]
pub(crate) fn with_current<R: Default>(operation: impl FnOnce(Option<&mut Scope>) -> R) -> R {
    CURRENT
        .try_with(|current| match current.try_borrow_mut() {
            Ok(mut current) => operation(current.as_deref_mut()),
            Err(_) => operation(None),
        })
        .unwrap_or_default()
}

/// Makes the scope in `slot` the running one for as long as `work` runs, panics included. An empty slot changes
/// nothing.
#[inline]
pub(crate) fn enter<R>(slot: &mut Option<Box<Scope>>, work: impl FnOnce() -> R) -> R {
    // `work` stands here once, so that it is inlined.
    let _entered = Entered::of(slot);
    work()
}

/// Makes a scope the running one where there is none, until [`leave`] takes it out.
pub(super) fn begin(scope: Box<Scope>) {
    let mut slot = Some(scope);
    swap(&mut slot);
    recycle(slot);
}

/// Takes the running scope out, for it is over.
pub(super) fn leave() {
    let mut slot = None;
    swap(&mut slot);
    recycle(slot);
}

struct Entered<'a> {
    slot: Option<&'a mut Option<Box<Scope>>>,
    is_isolated: bool,
}

impl<'a> Entered<'a> {
    #[inline]
    fn of(slot: &'a mut Option<Box<Scope>>) -> Self {
        let Some(scope) = slot else {
            return Self {
                slot: None,
                is_isolated: false,
            };
        };
        let is_isolated = scope.isolated.enter();
        swap(slot);
        Self {
            slot: Some(slot),
            is_isolated,
        }
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(slot) = &mut self.slot {
            swap(slot);
        }
        if self.is_isolated {
            Isolated::leave();
        }
    }
}

#[inline]
fn swap(slot: &mut Option<Box<Scope>>) {
    // A thread that is being torn down has no current scope: the work runs without one.
    let _ = CURRENT.try_with(|current| {
        if let Ok(mut current) = current.try_borrow_mut() {
            mem::swap(&mut *current, slot);
        }
    });
}

/// Keeps the box of a scope that is over for the next one, without its belongings.
#[inline]
pub(crate) fn recycle(scope: Option<Box<Scope>>) {
    if let Some(scope) = scope {
        keep(scope);
    }
}

fn keep(mut scope: Box<Scope>) {
    // Their destructors may be the user's: they run before anything is borrowed here.
    scope.empty();
    let _ = SPARE.try_with(|spare| {
        if let Ok(mut spare) = spare.try_borrow_mut()
            && spare.len() < MOST_SPARE
        {
            spare.push(scope);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Sampler;

    #[test]
    fn a_box_to_be_used_again_keeps_nothing_of_its_scope() {
        let (unit, name) = (Arc::new(Unit::default()), Arc::<str>::from("/jobs/{id}"));
        let scope = || {
            let mut scope = Scope::new(TraceContext::root(&Sampler::default()), None);
            scope.unit = Some(Arc::clone(&unit));
            scope.route = Some(Route::new(Arc::clone(&name)));
            scope
        };
        for _ in 0..3 {
            let kept = scope().boxed();
            assert_eq!((Arc::strong_count(&unit), Arc::strong_count(&name)), (2, 2));
            recycle(Some(kept));
            assert_eq!((Arc::strong_count(&unit), Arc::strong_count(&name)), (1, 1));
            assert_eq!(SPARE.with_borrow(Vec::len), 1);
        }
    }
}
