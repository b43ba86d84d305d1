//! What a step's function was given is dropped when, and in the order in which, it is without the attribute.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
};

use futures_util::FutureExt as _;
use monitor_layer::instrument_step;

type Log = Arc<Mutex<String>>;

struct Told(char, Log);

impl Drop for Told {
    fn drop(&mut self) {
        self.1.lock().unwrap().push(self.0);
    }
}

/// Two functions of the same text, the second of which is a step.
macro_rules! twins {
    ($(($bare:ident, $step:ident) ($($arguments:tt)*) $body:block)*) => {$(
        #[allow(unused_variables, unused_mut)]
        fn $bare($($arguments)*) $body
        #[instrument_step]
        #[allow(unused_variables, unused_mut)]
        fn $step($($arguments)*) $body
    )*};
    ($(async ($bare:ident, $step:ident) ($($arguments:tt)*) $body:block)*) => {$(
        #[allow(unused_variables, unused_mut)]
        async fn $bare($($arguments)*) $body
        #[instrument_step]
        #[allow(unused_variables, unused_mut)]
        async fn $step($($arguments)*) $body
    )*};
}

twins! {
    (all_used, all_used_step) (a: Told, b: Told, c: Told) { let _ = (&b, &c, &a); }
    (one_used, one_used_step) (a: Told, b: Told, c: Told) { let _ = &b; }
    (moved, moved_step) (a: Told, b: Told, c: Told) { drop(b); let _ = (&c, &a); }
    (underscored, underscored_step) (a: Told, _b: Told, _: Told) { let _ = &a; }
    (patterns, patterns_step) ((a, b): (Told, Told), mut c: Told, _: Told) { c.0 = 'C'; let _ = &b; }
    (early, early_step) (a: Told, b: Told, c: Told) { if a.0 == 'a' { return; } drop(c); }
}

twins! {
    async (all_used_async, all_used_async_step) (a: Told, b: Told, c: Told) { let _ = (&b, &c, &a); tokio::task::yield_now().await; }
    async (one_used_async, one_used_async_step) (a: Told, b: Told, c: Told) { tokio::task::yield_now().await; let _ = &b; }
    async (underscored_async, underscored_async_step) (a: Told, _b: Told, _: Told) { tokio::task::yield_now().await; let _ = &a; }
    async (patterns_async, patterns_async_step) ((a, b): (Told, Told), mut c: Told, _: Told) { c.0 = 'C'; tokio::task::yield_now().await; let _ = &b; }
}

/// In which order four arguments are dropped.
fn order(call: impl FnOnce(Told, Told, Told, Told)) -> String {
    let log = Log::default();
    let [a, b, c, d] = ['a', 'b', 'c', 'd'].map(|name| Told(name, Arc::clone(&log)));
    call(a, b, c, d);
    std::mem::take(&mut *log.lock().unwrap())
}

type Four = fn(Told, Told, Told, Told);
type Polled = Pin<Box<dyn Future<Output = ()>>>;

#[test]
fn the_arguments_of_a_function_are_dropped_in_the_order_in_which_they_were() {
    let twins: [(Four, Four); 6] = [
        (
            |a, b, c, _| all_used(a, b, c),
            |a, b, c, _| all_used_step(a, b, c),
        ),
        (
            |a, b, c, _| one_used(a, b, c),
            |a, b, c, _| one_used_step(a, b, c),
        ),
        (
            |a, b, c, _| moved(a, b, c),
            |a, b, c, _| moved_step(a, b, c),
        ),
        (
            |a, b, c, _| underscored(a, b, c),
            |a, b, c, _| underscored_step(a, b, c),
        ),
        (
            |a, b, c, _| early(a, b, c),
            |a, b, c, _| early_step(a, b, c),
        ),
        (
            |a, b, c, d| patterns((a, b), c, d),
            |a, b, c, d| patterns_step((a, b), c, d),
        ),
    ];
    for (place, (bare, step)) in twins.into_iter().enumerate() {
        assert_eq!(order(step), order(bare), "twins {place}");
    }
}

#[test]
fn so_are_those_of_an_async_one_whether_it_ends_or_is_dropped_on_the_way() {
    type Make = fn(Told, Told, Told, Told) -> Polled;

    let twins: [(Make, Make); 4] = [
        (
            |a, b, c, _| Box::pin(all_used_async(a, b, c)),
            |a, b, c, _| Box::pin(all_used_async_step(a, b, c)),
        ),
        (
            |a, b, c, _| Box::pin(one_used_async(a, b, c)),
            |a, b, c, _| Box::pin(one_used_async_step(a, b, c)),
        ),
        (
            |a, b, c, _| Box::pin(underscored_async(a, b, c)),
            |a, b, c, _| Box::pin(underscored_async_step(a, b, c)),
        ),
        (
            |a, b, c, d| Box::pin(patterns_async((a, b), c, d)),
            |a, b, c, d| Box::pin(patterns_async_step((a, b), c, d)),
        ),
    ];
    for (place, (bare, step)) in twins.into_iter().enumerate() {
        for polls in 0..=2 {
            let order = |make: Make| {
                order(|a, b, c, d| {
                    let mut future = make(a, b, c, d);
                    for _ in 0..polls {
                        let _ = future.as_mut().now_or_never();
                    }
                })
            };
            assert_eq!(
                order(step),
                order(bare),
                "twins {place} after {polls} polls"
            );
        }
    }
}
