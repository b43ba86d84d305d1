//! One identity: what a `tracing` span is to the lines, steps and calls inside of it.

use std::{io, sync::Arc};

use monitor_layer::{
    Monitor, Sampler, TraceContext, instrument_step,
    testing::{Span, TestMonitor},
};
use serde_json::Value;
use tracing::{Instrument as _, info_span};
use tracing_subscriber::{Layer as _, filter::LevelFilter, layer::SubscriberExt as _};

use crate::support::Written;

/// A monitor, and a subscriber of its own for this thread.
fn scene(written: &Written) -> (Monitor, tracing::subscriber::DefaultGuard) {
    let monitor = Monitor::builder("api")
        .service_name("api")
        .log_level("info")
        .log_to(written.clone())
        .build()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
    let guard = tracing::subscriber::set_default(subscriber);
    (monitor, guard)
}

fn current() -> TraceContext {
    TraceContext::current().unwrap()
}

async fn in_job<F: Future>(monitor: &Monitor, work: F) -> F::Output {
    let job = monitor.job("job-1");
    job.run(async { Ok::<_, io::Error>(work.await) })
        .await
        .unwrap()
}

fn line_of<'a>(lines: &'a [Value], message: &str) -> &'a Value {
    let mut found = lines.iter().filter(|line| line["message"] == message);
    let line = found.next().unwrap();
    assert!(found.next().is_none(), "{message} stands once");
    line
}

#[tokio::test]
async fn a_span_s_context_is_current_inside_of_it_and_what_was_before_is_so_after() {
    let (monitor, _guard) = scene(&Written::default());
    in_job(&monitor, async {
        let job = current();
        let span = info_span!("outer");
        let outer = span.in_scope(current);
        assert_eq!(outer.trace_id(), job.trace_id());
        assert_eq!(outer.parent_span_id(), Some(job.span_id()));
        assert_eq!(outer.flags(), job.flags());
        assert_eq!(span.in_scope(current), outer, "as often as it is entered");
        let inner = span.in_scope(|| info_span!("inner").in_scope(current));
        assert_eq!(inner.parent_span_id(), Some(outer.span_id()));
        assert_eq!(current(), job);
    })
    .await;
    assert_eq!(TraceContext::current(), None);
}

#[tokio::test]
async fn instrumented_functions_are_in_it_across_every_await() {
    #[tracing::instrument]
    async fn charge() -> (TraceContext, TraceContext) {
        let before = current();
        tokio::task::yield_now().await;
        (before, current())
    }

    let (monitor, _guard) = scene(&Written::default());
    in_job(&monitor, async {
        let job = current();
        let (first, second) = tokio::join!(charge(), charge());
        for (before, after) in [&first, &second] {
            assert_eq!(before, after);
            assert_eq!(before.parent_span_id(), Some(job.span_id()));
        }
        assert_ne!(first.0.span_id(), second.0.span_id());
        assert_eq!(current(), job);
    })
    .await;
}

#[tokio::test]
async fn steps_jobs_and_lines_inside_of_a_span_take_it_for_their_parent() {
    #[instrument_step]
    async fn render() {
        tracing::info!("Rendering");
    }

    let written = Written::default();
    let (monitor, _guard) = scene(&written);
    let span = in_job(&monitor, async {
        let span = info_span!("outer", scene = 7);
        async {
            tracing::info!("Inside");
            render().await;
            current()
        }
        .instrument(span)
        .await
    })
    .await;
    let lines = written.lines();
    let id = span.span_id().to_string();
    assert_eq!(line_of(&lines, "Inside")["spanId"], id.as_str());
    assert_eq!(line_of(&lines, "Inside")["metadata"]["scene"], 7);
    let started = line_of(&lines, "Step started");
    assert_eq!(started["metadata"]["parentSpanId"], id.as_str());
    let rendering = line_of(&lines, "Rendering");
    assert_eq!(rendering["spanId"], started["spanId"]);
    assert_eq!(rendering["metadata"]["scene"], 7);
}

#[tokio::test]
async fn a_failure_that_passes_a_span_on_its_way_up_is_captured_once() {
    #[instrument_step]
    async fn inner() -> Result<(), io::Error> {
        Err(io::Error::other("no disk"))
    }

    #[instrument_step]
    async fn outer() -> Result<(), io::Error> {
        inner().instrument(info_span!("between")).await
    }

    TestMonitor::capture_events();
    let monitor = TestMonitor::new("worker");
    let job = monitor
        .job("job-1")
        .run(async { outer().instrument(info_span!("around")).await });
    job.await.unwrap_err();
    assert_eq!(monitor.errors().len(), 1, "{:?}", monitor.errors());
    assert_eq!(monitor.errors()[0].step.as_deref(), Some("inner"));
    let spans: Vec<Span> = monitor.spans();
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["inner", "outer", "job"]);
}

#[tokio::test]
async fn a_span_takes_its_trace_and_its_monitor_along_to_a_spawned_future() {
    #[instrument_step]
    async fn send() {}

    TestMonitor::capture_events();
    let monitor = TestMonitor::new("api");
    let (job, there) = in_job(&monitor, async {
        let spawned = async {
            send().await;
            current()
        };
        let spawned = tokio::spawn(spawned.instrument(info_span!("mail")));
        (current(), spawned.await.unwrap())
    })
    .await;
    assert_eq!(there.parent_span_id(), Some(job.span_id()));
    let step = monitor.spans()[0].clone();
    assert_eq!(step.name, "send");
    assert_eq!(step.parent_span_id, Some(there.span_id().to_string()));
    assert_eq!(TraceContext::current(), None);
}

#[test]
fn a_span_in_nobody_s_work_starts_a_trace_that_ends_with_it() {
    let written = Written::default();
    let (_monitor, _guard) = scene(&written);
    let (first, second) = (info_span!("first"), info_span!("second"));
    let one = first.in_scope(|| {
        let inner = info_span!("inner").in_scope(current);
        assert_eq!(inner.parent_span_id(), Some(current().span_id()));
        tracing::info!("Inside");
        current()
    });
    assert_eq!(TraceContext::current(), None);
    let other = second.in_scope(current);
    assert_ne!(one.trace_id(), other.trace_id());
    assert_eq!(one.parent_span_id(), None);
    let lines = written.lines();
    assert_eq!(lines[0]["traceId"], one.trace_id().to_string());
    assert_eq!(lines[0]["spanId"], one.span_id().to_string());
}

#[tokio::test]
async fn spans_made_with_a_parent_or_none_are_where_they_were_said_to_be() {
    let written = Written::default();
    let (monitor, _guard) = scene(&written);
    in_job(&monitor, async {
        let far = info_span!("far");
        let id = far.in_scope(current);
        let child = info_span!(parent: &far, "child").in_scope(current);
        assert_eq!(child.parent_span_id(), Some(id.span_id()));
        let root = info_span!(parent: None, "root").in_scope(current);
        assert_ne!(root.trace_id(), id.trace_id());
        assert_eq!(root.parent_span_id(), None);
        tracing::info!(parent: &far, "Of the far one");
        let lines = written.lines();
        let line = line_of(&lines, "Of the far one");
        assert_eq!(line["spanId"], id.span_id().to_string());
    })
    .await;
}

#[test]
fn guards_dropped_out_of_order_leave_nothing_behind() {
    let (monitor, _guard) = scene(&Written::default());
    let context = TraceContext::root(&Sampler::default());
    let work = context.clone().scope(async {
        let (one, other) = (info_span!("one"), info_span!("other"));
        let first = one.enter();
        let second = other.enter();
        let innermost = current();
        drop(first);
        assert_eq!(current(), innermost);
        drop(second);
        assert_eq!(current(), context);
    });
    futures_util::FutureExt::now_or_never(work).unwrap();
    let first = info_span!("one").entered();
    let second = info_span!("other").entered();
    drop(first);
    drop(second);
    assert_eq!(TraceContext::current(), None);
    drop(monitor);
}

#[test]
fn a_panic_inside_of_spans_leaves_what_was_before() {
    let (_monitor, _guard) = scene(&Written::default());
    let panicked = std::panic::catch_unwind(|| {
        let _one = info_span!("one").entered();
        let _other = info_span!("other").entered();
        panic!("broken");
    });
    panicked.unwrap_err();
    assert_eq!(TraceContext::current(), None);
}

#[test]
fn either_layer_alone_and_both_in_any_order_give_the_same_identity() {
    type Layers = fn(&Monitor) -> Arc<dyn tracing::Subscriber + Send + Sync>;
    let all: [Layers; 5] = [
        |monitor| Arc::new(tracing_subscriber::registry().with(monitor.span_layer())),
        |monitor| Arc::new(tracing_subscriber::registry().with(monitor.log_layer())),
        |monitor| {
            let both = tracing_subscriber::registry().with(monitor.span_layer());
            Arc::new(both.with(monitor.log_layer()))
        },
        |monitor| {
            let both = tracing_subscriber::registry().with(monitor.log_layer());
            Arc::new(both.with(monitor.span_layer()))
        },
        |monitor| {
            let log = monitor.log_layer().with_filter(LevelFilter::INFO);
            let spans = monitor.span_layer().with_filter(LevelFilter::INFO);
            Arc::new(tracing_subscriber::registry().with(log).with(spans))
        },
    ];
    for (number, layers) in all.into_iter().enumerate() {
        let written = Written::default();
        let monitor = Monitor::builder("api")
            .log_level("info")
            .log_to(written.clone())
            .build()
            .unwrap();
        tracing::subscriber::with_default(layers(&monitor), || {
            let context = TraceContext::root(&Sampler::default());
            let work = context.clone().scope(async {
                let span = info_span!("span", number = 1, late = tracing::field::Empty);
                span.record("late", "text");
                let inside = span.in_scope(|| {
                    tracing::info!("Inside");
                    current()
                });
                assert_eq!(inside.parent_span_id(), Some(context.span_id()), "{number}");
                assert_eq!(current(), context, "{number}");
                inside
            });
            let inside = futures_util::FutureExt::now_or_never(work).unwrap();
            let lines = written.lines();
            if number > 0 {
                assert_eq!(lines.len(), 1, "{number}");
                assert_eq!(lines[0]["spanId"], inside.span_id().to_string(), "{number}");
                assert_eq!(lines[0]["metadata"]["late"], "text", "{number}");
            }
            assert_eq!(TraceContext::current(), None);
        });
    }
}

#[test]
fn a_debug_that_logs_and_makes_spans_of_its_own_waits_for_nothing() {
    struct Chatty;
    impl std::fmt::Debug for Chatty {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            info_span!("debug", depth = 1).in_scope(|| tracing::info!("Formatting"));
            formatter.write_str("chatty")
        }
    }

    let written = Written::default();
    let (_monitor, _guard) = scene(&written);
    let span = info_span!("span", value = ?Chatty, later = tracing::field::Empty);
    span.record("later", tracing::field::debug(Chatty));
    span.in_scope(|| tracing::info!("Inside"));
    let lines = written.lines();
    let inside = line_of(&lines, "Inside");
    assert_eq!(inside["metadata"]["value"], "chatty");
    assert_eq!(inside["metadata"]["later"], "chatty");
}
