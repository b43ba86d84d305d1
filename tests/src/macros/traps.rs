//! What a macro around a body gets wrong where nobody looks; known from the issues of other such macros.

use std::{cell::RefCell, pin::Pin};

use futures_util::FutureExt as _;
use monitor_layer::{instrument_step, testing::TestMonitor};

use crate::work::{ended, in_job};

thread_local! {
    static DROPPED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Tells when it goes.
struct Noisy(&'static str);

impl Drop for Noisy {
    fn drop(&mut self) {
        DROPPED.with_borrow_mut(|dropped| dropped.push(self.0));
    }
}

/// What went while `work` was done, in order.
fn dropped(work: impl FnOnce()) -> Vec<&'static str> {
    DROPPED.take();
    work();
    DROPPED.take()
}

// tracing 1296: what comes before the future is made.
#[tokio::test]
async fn the_step_of_a_function_that_makes_a_future_is_the_future_and_its_preparation_runs_once() {
    thread_local! {
        static PREPARED: RefCell<u8> = const { RefCell::new(0) };
    }

    #[instrument_step]
    fn prepares(fails: bool) -> Pin<Box<dyn Future<Output = Result<u8, String>> + Send>> {
        PREPARED.with_borrow_mut(|prepared| *prepared += 1);
        if fails {
            return Box::pin(async { Err("as it was told".to_owned()) });
        }
        Box::pin(async { Ok(1) })
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        prepares(false).await.unwrap();
        prepares(true).await.unwrap_err();
        drop(prepares(true));
    })
    .await;
    assert_eq!(PREPARED.take(), 3);
    assert_eq!(ended(&monitor, "prepares"), [1.0, 1.0, 0.0, 0.0]);
}

#[test]
fn what_a_step_borrows_of_itself_and_what_it_is_given_goes_when_it_would() {
    #[instrument_step]
    fn moves(given: Noisy, _kept: Noisy) -> Noisy {
        let _local = Noisy("local");
        given
    }

    #[instrument_step]
    async fn async_moves(given: Noisy, _kept: Noisy) -> Noisy {
        let _local = Noisy("local");
        given
    }

    let sync = dropped(|| drop(moves(Noisy("given"), Noisy("kept"))));
    assert_eq!(sync, ["local", "kept", "given"]);
    let later = dropped(|| {
        drop(async_moves(Noisy("given"), Noisy("kept")).now_or_never());
    });
    assert_eq!(later, ["local", "kept", "given"]);
}

#[test]
fn a_parameter_without_a_name_lives_to_the_end() {
    #[instrument_step]
    fn nameless(_: Noisy) {
        drop(Noisy("body"));
    }

    #[instrument_step]
    async fn async_nameless(_: Noisy) {
        drop(Noisy("body"));
    }

    assert_eq!(
        dropped(|| nameless(Noisy("nameless"))),
        ["body", "nameless"]
    );
    let later = dropped(|| {
        async_nameless(Noisy("nameless")).now_or_never();
    });
    assert_eq!(later, ["body", "nameless"]);
    let never_polled = dropped(|| drop(async_nameless(Noisy("nameless"))));
    assert_eq!(never_polled, ["nameless"]);
}

#[test]
fn a_field_moved_out_of_self_leaves_the_others_to_go_after_the_body() {
    struct Scene {
        moved: Noisy,
        _left: Noisy,
    }

    impl Scene {
        #[instrument_step]
        fn take(self) -> Noisy {
            drop(Noisy("body"));
            self.moved
        }

        #[instrument_step]
        async fn async_take(self) -> Noisy {
            drop(Noisy("body"));
            self.moved
        }
    }

    let scene = || Scene {
        moved: Noisy("moved"),
        _left: Noisy("left"),
    };
    assert_eq!(dropped(|| drop(scene().take())), ["body", "left", "moved"]);
    let later = dropped(|| drop(scene().async_take().now_or_never()));
    assert_eq!(later, ["body", "left", "moved"]);
}

#[test]
fn a_temporary_of_the_last_expression_goes_before_the_parameters() {
    #[instrument_step]
    fn length(_given: Noisy) -> usize {
        Noisy("temporary").0.len()
    }

    #[instrument_step]
    async fn async_length(_given: Noisy) -> usize {
        Noisy("temporary").0.len()
    }

    let sync = dropped(|| drop(length(Noisy("given")).to_string()));
    assert_eq!(sync, ["temporary", "given"]);
    let later = dropped(|| {
        async_length(Noisy("given")).now_or_never();
    });
    assert_eq!(later, ["temporary", "given"]);
}

#[test]
fn parameters_go_in_the_reverse_order_of_their_declaration() {
    #[instrument_step]
    fn many(_: Noisy, a: Noisy, _b: Noisy, (c, _): (Noisy, Noisy)) {
        let _ = (&c, &a);
    }

    #[instrument_step]
    async fn async_many(_: Noisy, a: Noisy, _b: Noisy, (c, _): (Noisy, Noisy)) {
        let _ = (&c, &a);
    }

    #[instrument_step]
    fn early(a: Noisy, _b: Noisy, fails: bool) -> Result<Noisy, String> {
        if fails {
            return Err("as it was told".to_owned());
        }
        Ok(a)
    }

    let four = || {
        (
            Noisy("_"),
            Noisy("a"),
            Noisy("b"),
            (Noisy("c"), Noisy("rest")),
        )
    };
    let sync = dropped(|| {
        let (first, a, b, c) = four();
        many(first, a, b, c);
    });
    assert_eq!(sync, ["c", "rest", "b", "a", "_"]);
    let later = dropped(|| {
        let (first, a, b, c) = four();
        async_many(first, a, b, c).now_or_never();
    });
    assert_eq!(later, ["c", "rest", "b", "a", "_"]);
    let failed = dropped(|| drop(early(Noisy("a"), Noisy("b"), true)));
    assert_eq!(failed, ["b", "a"]);
}
