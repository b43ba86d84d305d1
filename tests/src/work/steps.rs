//! Every way in which a step can end, and what it tells.

use std::{
    cell::RefCell,
    collections::HashMap,
    fmt,
    future::pending,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use futures_util::{FutureExt as _, poll};
use monitor_layer::{
    Categorize, Category, Sampler, TraceContext, instrument_step, testing::TestMonitor,
};
use serde_json::{Value, json};

/// Runs work as a step of this monitor's would be: inside of a job.
async fn in_job<T>(monitor: &TestMonitor, work: impl Future<Output = T>) -> T {
    let job = monitor.job("job-1").user("u-1").niche("history");
    let done = job.run(async { Ok::<_, io::Error>(work.await) });
    done.await.unwrap()
}

fn ended(monitor: &TestMonitor, step: &str) -> [f64; 4] {
    ["success", "error", "panicked", "cancelled"].map(|status| {
        let labels = [("step", step), ("status", status)];
        assert!(
            monitor.has_metric("pipeline_step_duration_seconds_count", labels),
            "{step} {status} is there from the first call on"
        );
        monitor.metric("pipeline_step_duration_seconds_count", labels)
    })
}

fn active(monitor: &TestMonitor, step: &str) -> f64 {
    monitor.metric("pipeline_steps_active", [("step", step)])
}

fn step_lines(monitor: &TestMonitor) -> Vec<Value> {
    let is_step = |line: &Value| line["message"].as_str().unwrap().starts_with("Step");
    monitor.lines().into_iter().filter(is_step).collect()
}

#[derive(Debug)]
struct DeclinedCard;

impl fmt::Display for DeclinedCard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the card was declined")
    }
}

impl std::error::Error for DeclinedCard {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        const CAUSE: fmt::Error = fmt::Error;
        Some(&CAUSE)
    }
}

impl Categorize for DeclinedCard {
    fn code(&self) -> Option<&str> {
        Some("PAYMENT_CARD_DECLINED")
    }
}

#[tokio::test]
async fn a_step_that_ends_well_is_counted_as_a_success_and_writes_two_lines() {
    #[instrument_step]
    async fn render(frames: u32) -> Result<u32, io::Error> {
        tokio::task::yield_now().await;
        Ok(frames * 2)
    }

    let monitor = TestMonitor::new("api");
    assert_eq!(in_job(&monitor, render(4)).await.unwrap(), 8);
    assert_eq!(ended(&monitor, "render"), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(active(&monitor, "render"), 0.0);

    let lines = monitor.lines();
    let messages: Vec<_> = lines
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        [
            "Job started",
            "Step started",
            "Step completed",
            "Job completed"
        ]
    );
    let job = &lines[0];
    for line in &lines[1..3] {
        assert_eq!(line["level"], "info");
        assert_eq!(line["traceId"], job["traceId"]);
        assert_eq!(line["metadata"]["parentSpanId"], job["spanId"]);
        assert_eq!(line["userId"], "u-1");
        assert_eq!(line["jobId"], "job-1");
        assert_eq!(line["metadata"]["step"], "render");
    }
    assert!(lines[2]["metadata"]["durationMs"].is_number());
    assert!(monitor.errors().is_empty());
}

#[tokio::test]
async fn a_returned_error_is_counted_logged_and_captured_with_category_and_chain() {
    #[instrument_step(name = "charge")]
    async fn take_money() -> Result<(), DeclinedCard> {
        Err(DeclinedCard)
    }

    let monitor = TestMonitor::new("api");
    assert!(in_job(&monitor, take_money()).await.is_err());
    assert_eq!(ended(&monitor, "charge"), [0.0, 1.0, 0.0, 0.0]);

    let failed = &step_lines(&monitor)[1];
    assert_eq!(failed["message"], "Step failed");
    assert_eq!(failed["level"], "error");
    assert_eq!(failed["metadata"]["category"], "payment");
    assert_eq!(
        failed["metadata"]["error"],
        json!({
            "type": "DeclinedCard",
            "message": "the card was declined",
            "chain": [fmt::Error.to_string()],
        })
    );
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.trace_id.to_string(), failed["traceId"]);
    assert_eq!(event.span_id.to_string(), failed["spanId"]);
    assert_eq!(event.step.as_deref(), Some("charge"));
    assert_eq!(event.user.as_deref(), Some("u-1"));
    assert_eq!(event.job.as_deref(), Some("job-1"));
    assert_eq!(event.category, Category::Payment);
    assert_eq!(event.code.as_deref(), Some("PAYMENT_CARD_DECLINED"));
    assert_eq!(event.chain, [fmt::Error.to_string()]);
    assert_eq!(
        monitor.metric("errors_total", [("category", "payment")]),
        1.0
    );
    assert_eq!(monitor.metric("errors_total", []), 1.0);
}

#[tokio::test]
async fn errors_of_every_kind_are_seen_through_the_declared_type() {
    type Aliased<T> = Result<T, String>;

    #[instrument_step]
    async fn text() -> Aliased<()> {
        Err("rate limit reached".to_owned())
    }
    #[instrument_step]
    async fn boxed() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Err(io::Error::from(io::ErrorKind::TimedOut).into())
    }
    #[instrument_step]
    async fn opaque() -> Result<(), Vec<u8>> {
        Err(vec![1])
    }
    #[instrument_step]
    async fn none() -> Option<u8> {
        None
    }
    #[instrument_step]
    async fn borrowed(input: &str) -> Result<(), &str> {
        Err(input)
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        text().await.unwrap_err();
        boxed().await.unwrap_err();
        opaque().await.unwrap_err();
        none().await;
        borrowed("of the caller").await.unwrap_err();
    })
    .await;
    for step in ["text", "boxed", "opaque", "borrowed"] {
        assert_eq!(ended(&monitor, step), [0.0, 1.0, 0.0, 0.0], "{step}");
    }
    assert_eq!(ended(&monitor, "none"), [1.0, 0.0, 0.0, 0.0]);
    let events: Vec<_> = monitor
        .errors()
        .iter()
        .map(|event| {
            (
                event.error_type.clone(),
                event.message.clone(),
                event.category,
            )
        })
        .collect();
    let timed_out = io::Error::from(io::ErrorKind::TimedOut).to_string();
    let event = |error_type: &str, message: &str, category| {
        (error_type.to_owned(), message.to_owned(), category)
    };
    assert_eq!(
        events,
        [
            event("String", "rate limit reached", Category::RateLimit),
            event(
                "Box<dyn Error + Send + Sync>",
                &timed_out,
                Category::Timeout
            ),
            event("Vec<u8>", "an error of type Vec<u8>", Category::Unknown),
            event("&str", "of the caller", Category::Unknown),
        ]
    );
}

#[tokio::test]
async fn a_step_whose_future_is_dropped_is_counted_as_cancelled() {
    #[instrument_step]
    async fn wait() {
        pending::<()>().await;
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        let mut waiting = Box::pin(wait());
        assert!(poll!(&mut waiting).is_pending());
        assert_eq!(active(&monitor, "wait"), 1.0);
        drop(waiting);
        drop(wait()); // never polled
    })
    .await;
    assert_eq!(ended(&monitor, "wait"), [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(active(&monitor, "wait"), 0.0);
    let lines = step_lines(&monitor);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["message"], "Step failed");
    assert_eq!(lines[1]["level"], "warn");
    assert_eq!(lines[1]["metadata"]["status"], "cancelled");
    assert!(monitor.errors().is_empty());
}

#[tokio::test]
async fn a_panic_is_counted_captured_and_goes_on() {
    #[instrument_step]
    async fn broken() {
        tokio::task::yield_now().await;
        panic!("out of frames");
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        let payload = AssertUnwindSafe(broken()).catch_unwind().await.unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"out of frames"));
    })
    .await;
    assert_eq!(ended(&monitor, "broken"), [0.0, 0.0, 1.0, 0.0]);
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(
        (event.error_type.as_str(), event.message.as_str()),
        ("panic", "out of frames")
    );
}

#[tokio::test]
async fn a_step_that_is_dropped_while_another_panics_is_no_panic() {
    #[instrument_step]
    async fn waits() {
        pending::<()>().await;
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        let mut waiting = Box::pin(waits());
        assert!(poll!(&mut waiting).is_pending());
        let unwound = catch_unwind(AssertUnwindSafe(move || {
            let _dropped_by_unwinding = waiting;
            panic!("a neighbour's");
        }));
        assert!(unwound.is_err());
    })
    .await;
    assert_eq!(ended(&monitor, "waits"), [0.0, 0.0, 0.0, 1.0]);
    assert!(monitor.errors().is_empty());
}

#[tokio::test]
async fn sync_functions_and_methods_of_every_receiver_are_steps() {
    struct Renderer {
        frames: Vec<u32>,
    }

    impl Renderer {
        #[instrument_step]
        fn first(&self) -> Option<&u32> {
            self.frames.first()
        }
        #[instrument_step]
        fn last(&mut self) -> Result<&mut u32, String> {
            self.frames.last_mut().ok_or_else(|| "empty".to_owned())
        }
        #[instrument_step]
        async fn next<'a>(&'a mut self, by: &u32) -> Result<&'a [u32], io::Error> {
            self.frames.push(*by);
            Ok(&self.frames)
        }
        #[instrument_step]
        fn into_frames(self) -> Vec<u32> {
            self.frames
        }
    }

    trait Count {
        async fn count(&self) -> usize;
        #[instrument_step(name = "twice")]
        fn twice(&self, number: usize) -> usize {
            number * 2
        }
    }

    impl Count for Renderer {
        #[instrument_step]
        async fn count(&self) -> usize {
            self.frames.len()
        }
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        let mut renderer = Renderer { frames: vec![1, 2] };
        assert_eq!(renderer.first(), Some(&1));
        *renderer.last().unwrap() = 5;
        assert_eq!(renderer.next(&7).await.unwrap(), [1, 5, 7]);
        assert_eq!(renderer.count().await, 3);
        assert_eq!(renderer.twice(2), 4);
        assert_eq!(renderer.into_frames(), [1, 5, 7]);
    })
    .await;
    for step in ["first", "last", "next", "count", "twice", "into_frames"] {
        assert_eq!(ended(&monitor, step), [1.0, 0.0, 0.0, 0.0], "{step}");
    }
}

#[tokio::test]
async fn a_sync_step_that_fails_or_panics_is_told_apart() {
    #[instrument_step]
    fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
        assert!(!text.is_empty(), "nothing to parse");
        text.parse()
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        assert_eq!(parse("7"), Ok(7));
        assert!(parse("x").is_err());
        assert!(catch_unwind(|| parse("")).is_err());
    })
    .await;
    assert_eq!(ended(&monitor, "parse"), [1.0, 1.0, 1.0, 0.0]);
    assert_eq!(monitor.errors().len(), 2);
}

#[tokio::test]
async fn steps_inside_of_steps_are_children_and_their_failure_is_captured_once() {
    #[instrument_step]
    async fn outer() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        inner().await?;
        Ok(())
    }
    #[instrument_step]
    async fn inner() -> Result<(), DeclinedCard> {
        Err(DeclinedCard)
    }

    let monitor = TestMonitor::new("api");
    let failed = monitor.job("job-1").run(outer()).await;
    assert!(failed.is_err());

    let spans: HashMap<_, _> = monitor
        .spans()
        .into_iter()
        .map(|span| (span.name.clone(), span))
        .collect();
    assert_eq!(
        spans["inner"].parent_span_id.as_ref(),
        Some(&spans["outer"].span_id)
    );
    assert_eq!(
        spans["outer"].parent_span_id.as_ref(),
        Some(&spans["job"].span_id)
    );
    assert_eq!(spans["job"].parent_span_id, None);
    assert!(spans.values().all(|span| !span.succeeded));

    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.step.as_deref(), Some("inner"));
    assert_eq!(monitor.metric("errors_total", []), 1.0);
}

#[tokio::test]
async fn without_a_monitor_a_step_does_its_work_in_its_trace() {
    #[instrument_step]
    async fn lonely() -> Result<Option<TraceContext>, io::Error> {
        Ok(TraceContext::current())
    }

    assert_eq!(lonely().await.unwrap(), None);
    let trace = TraceContext::root(&Sampler::default());
    let inside = trace.clone().scope(lonely()).await.unwrap().unwrap();
    assert_eq!(inside.trace_id(), trace.trace_id());
    assert_eq!(inside.parent_span_id(), Some(trace.span_id()));
}

#[tokio::test]
async fn two_monitors_count_their_own_runs_of_the_same_step() {
    #[instrument_step]
    async fn shared() {}

    let (first, second) = (TestMonitor::new("first"), TestMonitor::new("second"));
    in_job(&first, shared()).await;
    in_job(&second, shared()).await;
    in_job(&second, shared()).await;
    assert_eq!(ended(&first, "shared"), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(ended(&second, "shared"), [2.0, 0.0, 0.0, 0.0]);
}

#[tokio::test]
async fn an_error_whose_text_panics_is_counted_and_returned() {
    #[derive(Debug)]
    struct Mute;
    impl fmt::Display for Mute {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no words")
        }
    }
    #[instrument_step]
    async fn mute() -> Result<(), Mute> {
        Err(Mute)
    }

    let monitor = TestMonitor::new("api");
    assert!(in_job(&monitor, mute()).await.is_err());
    assert_eq!(ended(&monitor, "mute"), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(monitor.errors().len(), 1);
}

#[test]
fn a_body_that_is_not_send_stays_allowed() {
    #[instrument_step]
    async fn local(cell: std::rc::Rc<RefCell<u32>>) -> u32 {
        *cell.borrow_mut() += 1;
        *cell.borrow()
    }

    assert_eq!(
        local(std::rc::Rc::new(RefCell::new(1))).now_or_never(),
        Some(2)
    );
}

#[test]
fn a_body_that_is_send_stays_so() {
    #[instrument_step]
    async fn sendable(text: String) -> Result<String, io::Error> {
        tokio::task::yield_now().await;
        Ok(text)
    }

    fn is_send<T: Send>(_: &T) {}
    is_send(&sendable(String::new()));
}

#[tokio::test]
async fn a_function_that_returns_a_future_is_a_step_as_long_as_the_future() {
    type Boxed<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

    #[instrument_step]
    fn boxed(
        fail: &bool,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<u8, DeclinedCard>> + Send + '_>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if *fail { Err(DeclinedCard) } else { Ok(7) }
        })
    }
    #[instrument_step]
    fn opaque() -> impl Future<Output = Result<u8, DeclinedCard>> + Send {
        std::future::ready(Err(DeclinedCard))
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        let never_polled = boxed(&true);
        drop(never_polled);
        assert_eq!(boxed(&false).await.unwrap(), 7);
        let aliased: Boxed<'_, _> = boxed(&true);
        assert!(aliased.await.is_err());
        assert!(opaque().await.is_err());
    })
    .await;
    assert_eq!(ended(&monitor, "boxed"), [1.0, 1.0, 0.0, 0.0]);
    assert_eq!(ended(&monitor, "opaque"), [0.0, 1.0, 0.0, 0.0]);
}

#[tokio::test]
async fn an_error_that_borrows_is_told_with_its_category_and_what_lies_behind_it() {
    #[derive(Debug)]
    struct Unreadable<'a>(&'a str, io::Error);

    impl fmt::Display for Unreadable<'_> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "{} cannot be read", self.0)
        }
    }

    impl std::error::Error for Unreadable<'_> {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.1)
        }
    }

    #[instrument_step]
    async fn read(name: &str) -> Result<(), Unreadable<'_>> {
        Err(Unreadable(name, io::ErrorKind::TimedOut.into()))
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async { drop(read("sun.gif").await) }).await;
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.message, "sun.gif cannot be read");
    assert_eq!(
        event.chain,
        [io::Error::from(io::ErrorKind::TimedOut).to_string()]
    );
    assert_eq!(event.category, Category::Timeout);
}

#[tokio::test]
async fn methods_under_async_trait_are_steps() {
    #[async_trait::async_trait]
    trait Render {
        async fn render(&self, frames: &u8) -> Result<u8, DeclinedCard>;

        #[instrument_step]
        async fn twice(&self, frames: u8) -> u8 {
            frames * 2
        }
    }

    struct Renderer;

    #[async_trait::async_trait]
    impl Render for Renderer {
        #[instrument_step]
        async fn render(&self, frames: &u8) -> Result<u8, DeclinedCard> {
            tokio::task::yield_now().await;
            if *frames == 0 {
                return Err(DeclinedCard);
            }
            Ok(*frames)
        }
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        let renderer: Box<dyn Render + Send + Sync> = Box::new(Renderer);
        assert_eq!(renderer.render(&7).await.unwrap(), 7);
        assert!(renderer.render(&0).await.is_err());
        assert_eq!(renderer.twice(2).await, 4);
    })
    .await;
    assert_eq!(ended(&monitor, "render"), [1.0, 1.0, 0.0, 0.0]);
    assert_eq!(ended(&monitor, "twice"), [1.0, 0.0, 0.0, 0.0]);
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(event.category, Category::Payment);
}
