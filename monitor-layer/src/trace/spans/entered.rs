use tracing::span::Id;

use super::table::TableId;
use crate::trace::TraceContext;

/// The spans that a scope's work has entered and not left, outermost first.
///
/// They belong to the scope, not to the thread: they go where its future is polled, and a copy of the scope, which is
/// for what is spawned, is inside of none of them.
#[derive(Default)]
pub(crate) struct EnteredSpans {
    spans: Vec<EnteredSpan>,
    /// Whether the scope was made for the first of them and is over with them.
    lends_scope: bool,
}

struct EnteredSpan {
    /// Of the subscriber's table that it is in.
    table: TableId,
    id: u64,
    /// How often: two layers may tell of the same span, and a span may be entered inside of itself.
    times: u32,
    /// What was current before.
    outer: TraceContext,
}

impl EnteredSpans {
    /// A span is entered: its context takes the place of `current`, unless it has done so before.
    pub(super) fn enter(
        &mut self,
        table: TableId,
        id: &Id,
        context: TraceContext,
        current: &mut TraceContext,
    ) {
        self.spans.push(EnteredSpan {
            table,
            id: id.into_u64(),
            times: 1,
            outer: std::mem::replace(current, context),
        });
    }

    /// Whether the span is entered already; it is then left as often.
    pub(super) fn enter_again(&mut self, table: TableId, id: &Id) -> bool {
        let mut spans = self.spans.iter_mut().rev();
        let known = spans.find(|span| span.is(table, id));
        known.map(|span| span.times += 1).is_some()
    }

    /// A span is left, in whatever order: what was current before it is so again, or will be once those inside of it
    /// are left. A span that was not entered here changes nothing.
    pub(super) fn leave(&mut self, table: TableId, id: &Id, current: &mut TraceContext) {
        let Some(index) = self.spans.iter().rposition(|span| span.is(table, id)) else {
            return;
        };
        self.spans[index].times -= 1;
        if self.spans[index].times > 0 {
            return;
        }
        let left = self.spans.remove(index);
        match self.spans.get_mut(index) {
            Some(inner) => inner.outer = left.outer,
            None => *current = left.outer,
        }
    }

    /// The span of this table that was entered last and not left.
    pub(super) fn innermost(&self, table: TableId) -> Option<Id> {
        let mut spans = self.spans.iter().rev();
        let innermost = spans.find(|span| span.table == table);
        innermost.map(|span| Id::from_u64(span.id))
    }

    /// The scope is there for its spans alone.
    pub(super) fn lend_scope(&mut self) {
        self.lends_scope = true;
    }

    pub(crate) fn lends_scope(&self) -> bool {
        self.lends_scope
    }

    /// Whether the scope was there for spans alone, and they are left.
    pub(super) fn is_over(&self) -> bool {
        self.lends_scope && self.spans.is_empty()
    }

    /// The context of the scope itself, where `current` is that of the innermost span.
    pub(crate) fn outermost<'a>(&'a self, current: &'a TraceContext) -> &'a TraceContext {
        self.spans.first().map_or(current, |span| &span.outer)
    }

    /// Forgets them, and keeps the memory.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.spans.clear();
        self.lends_scope = false;
    }

    /// Takes over the memory of an empty one, where this has none.
    #[inline]
    pub(crate) fn take_memory_of(&mut self, spare: &mut Self) {
        if self.spans.capacity() == 0 {
            std::mem::swap(&mut self.spans, &mut spare.spans);
        }
    }
}

impl EnteredSpan {
    fn is(&self, table: TableId, id: &Id) -> bool {
        self.id == id.into_u64() && self.table == table
    }
}

/// Inside of none.
impl Clone for EnteredSpans {
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Sampler, spans::table::SpanTable};

    #[test]
    fn spans_left_in_any_order_leave_what_was_before_them() {
        let table = SpanTable::default().id();
        let own = TraceContext::root(&Sampler::default());
        let contexts = [own.child(), own.child(), own.child()];
        let ids = [1, 2, 3].map(Id::from_u64);
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0], [0, 2, 1]] {
            let (mut spans, mut current) = (EnteredSpans::default(), own.clone());
            for (id, context) in ids.iter().zip(&contexts) {
                spans.enter(table, id, context.clone(), &mut current);
            }
            let mut open = vec![0, 1, 2];
            for index in order {
                spans.leave(table, &ids[index], &mut current);
                open.retain(|other| *other != index);
                let expected = open.last().map_or(&own, |last| &contexts[*last]);
                assert_eq!(&current, expected, "{order:?} {index}");
                assert_eq!(spans.outermost(&current), &own);
            }
        }
    }

    #[test]
    fn a_span_that_is_entered_twice_is_left_twice() {
        let table = SpanTable::default().id();
        let own = TraceContext::root(&Sampler::default());
        let (mut spans, mut current) = (EnteredSpans::default(), own.clone());
        let (id, context) = (Id::from_u64(1), own.child());
        assert!(!spans.enter_again(table, &id));
        spans.enter(table, &id, context.clone(), &mut current);
        assert!(spans.enter_again(table, &id));
        spans.leave(table, &id, &mut current);
        assert_eq!(current, context);
        spans.leave(table, &id, &mut current);
        assert_eq!(current, own);
        spans.leave(table, &id, &mut current);
        assert_eq!(current, own);
    }

    #[test]
    fn spans_of_two_subscribers_may_have_the_same_id() {
        let (one, other) = (SpanTable::default(), SpanTable::default());
        let own = TraceContext::root(&Sampler::default());
        let (mut spans, mut current) = (EnteredSpans::default(), own.clone());
        let id = Id::from_u64(1);
        spans.enter(one.id(), &id, own.child(), &mut current);
        assert!(!spans.enter_again(other.id(), &id));
        assert_eq!(spans.innermost(other.id()), None);
        spans.leave(other.id(), &id, &mut current);
        assert_ne!(current, own);
        spans.leave(one.id(), &id, &mut current);
        assert_eq!(current, own);
    }
}
