//! What the attribute's arguments ask for.

use std::{
    io,
    sync::Mutex,
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use monitor_layer::{Category, Monitor, instrument_step, testing::TestMonitor};
use serde_json::{Value, json};
use tracing::subscriber::NoSubscriber;

use super::{DeclinedCard, ended, in_job};

/// The lines of steps, without what is different each time.
fn step_lines(monitor: &TestMonitor) -> Vec<Value> {
    let lines = monitor.lines().into_iter().filter(|line| {
        line["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("Step"))
    });
    lines
        .map(|mut line| {
            let line = line.as_object_mut().unwrap();
            let mut metadata = line.remove("metadata").unwrap();
            let fields = metadata.as_object_mut().unwrap();
            for key in ["durationMs", "parentSpanId"] {
                fields.remove(key);
            }
            json!([line["level"], line["message"], metadata])
        })
        .collect()
}

#[tokio::test]
async fn nothing_of_the_arguments_is_told_unless_it_is_asked_for() {
    #[instrument_step]
    async fn charge(card: &str, cents: u32) {
        let _ = (card, cents);
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, charge("a secret", 500)).await;
    assert_eq!(
        step_lines(&monitor),
        [
            json!(["info", "Step started", {"step": "charge"}]),
            json!(["info", "Step completed", {"step": "charge"}]),
        ]
    );
}

#[tokio::test]
async fn recorded_arguments_and_fields_stand_in_both_lines_as_what_they_are() {
    #[derive(Debug)]
    #[allow(dead_code, reason = "shown by `Debug`")]
    struct Scene {
        number: u8,
    }
    struct Size(u32);

    #[instrument_step(
        name = "render",
        fields(size.width = size.0, %title, shown = ?title, "of all" = 0.5, user_id = "u-9", password = "x"),
        record(scene, draft, lines, optional)
    )]
    async fn draw(
        scene: Scene,
        size: Size,
        title: String,
        draft: bool,
        lines: &[&str],
        optional: Option<i64>,
    ) -> Result<(), io::Error> {
        drop((scene, size, title, draft, lines, optional));
        Ok(())
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        let scene = Scene { number: 7 };
        let title = "Salt".to_owned();
        draw(scene, Size(640), title, true, &["a"], Some(-1))
            .await
            .unwrap();
    })
    .await;
    let fields = json!({
        "step": "render",
        "size.width": 640,
        "title": "Salt",
        "shown": "\"Salt\"",
        "of all": 0.5,
        "password": "[REDACTED]",
        "scene": "Scene { number: 7 }",
        "draft": true,
        "lines": "[\"a\"]",
        "optional": -1,
    });
    assert_eq!(
        step_lines(&monitor),
        [
            json!(["info", "Step started", fields]),
            json!(["info", "Step completed", fields]),
        ]
    );
    let started = monitor
        .lines()
        .into_iter()
        .find(|line| line["message"] == "Step started");
    assert_eq!(started.unwrap()["userId"], "u-9");
}

#[tokio::test]
async fn a_value_whose_debug_panics_takes_the_fields_and_nothing_else() {
    struct Rude;
    impl std::fmt::Debug for Rude {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("not to be shown")
        }
    }

    #[instrument_step(record(rude))]
    fn ask(rude: Rude) -> u8 {
        let _ = &rude;
        1
    }

    let monitor = TestMonitor::new("api");
    assert_eq!(in_job(&monitor, async { ask(Rude) }).await, 1);
    assert_eq!(ended(&monitor, "ask"), [1.0, 0.0, 0.0, 0.0]);
    let dropped = [("signal", "observers")];
    assert_eq!(monitor.metric("telemetry_dropped_total", dropped), 1.0);
}

#[test]
fn nothing_is_recorded_where_nobody_reads_it() {
    static RECORDED: Mutex<u32> = Mutex::new(0);
    fn count() -> u32 {
        *RECORDED.lock().unwrap() += 1;
        1
    }

    #[instrument_step(fields(count = count()))]
    fn quiet() {}

    // Other tests have subscribers that want all spans.
    tracing::subscriber::with_default(NoSubscriber::default(), quiet);
    assert_eq!(*RECORDED.lock().unwrap(), 0);
    let monitor = TestMonitor::new("api");
    in_job(&monitor, async { quiet() }).now_or_never().unwrap();
    assert_eq!(*RECORDED.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_level_quiets_a_step_and_not_its_failure() {
    #[instrument_step(level = "debug")]
    async fn look(fails: bool) -> Result<(), DeclinedCard> {
        if fails { Err(DeclinedCard) } else { Ok(()) }
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        look(false).await.unwrap();
        look(true).await.unwrap_err();
    })
    .await;
    let lines: Vec<_> = step_lines(&monitor)
        .into_iter()
        .map(|line| (line[0].clone(), line[1].clone()))
        .collect();
    let expected = json!([
        ["debug", "Step started"],
        ["debug", "Step completed"],
        ["debug", "Step started"],
        ["error", "Step failed"],
    ]);
    assert_eq!(json!(lines), expected);
}

#[tokio::test]
async fn a_step_that_is_slow_ends_with_a_warning() {
    #[instrument_step(slow = "1ms")]
    fn dawdle() {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(2) {}
    }
    #[instrument_step(slow = "1h")]
    fn hurry() {}

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        dawdle();
        hurry();
    })
    .await;
    let completed: Vec<_> = step_lines(&monitor)
        .into_iter()
        .filter(|line| line[1] == "Step completed")
        .collect();
    assert_eq!(
        completed,
        [
            json!(["warn", "Step completed", {"step": "dawdle", "slowMs": 1}]),
            json!(["info", "Step completed", {"step": "hurry"}]),
        ]
    );
}

#[tokio::test]
async fn a_step_may_say_what_its_errors_are_unless_they_do() {
    #[instrument_step(err(category = pipeline))]
    async fn read(silent: bool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        match silent {
            true => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            false => Err("AUTH_EXPIRED: log in again".into()),
        }
    }
    #[instrument_step(err(category = "rate_limit"))]
    async fn pay() -> Result<(), DeclinedCard> {
        Err(DeclinedCard)
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        read(true).await.unwrap_err();
        read(false).await.unwrap_err();
        pay().await.unwrap_err();
    })
    .await;
    let categories: Vec<_> = monitor
        .errors()
        .iter()
        .map(|event| event.category)
        .collect();
    assert_eq!(
        categories,
        [Category::Pipeline, Category::Auth, Category::Payment]
    );
}

#[tokio::test]
async fn none_is_an_error_where_that_is_said() {
    type Maybe<T> = Option<T>;

    #[instrument_step(option_none_is_error)]
    async fn find(known: bool) -> Maybe<u8> {
        known.then_some(1)
    }

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        assert_eq!(find(true).await, Some(1));
        assert_eq!(find(false).await, None);
    })
    .await;
    assert_eq!(ended(&monitor, "find"), [1.0, 1.0, 0.0, 0.0]);
    let [event] = monitor.errors().try_into().unwrap();
    assert_eq!(
        (&*event.error_type, &*event.message),
        ("None", "returned None")
    );
}

#[tokio::test]
async fn a_step_counts_with_the_monitor_that_it_names() {
    struct Renderer {
        monitor: Monitor,
    }

    impl Renderer {
        #[instrument_step(monitor = self.monitor)]
        async fn render(&self) {
            inside().await;
        }
    }

    #[instrument_step]
    async fn inside() {}

    let (own, around) = (TestMonitor::new("own"), TestMonitor::new("around"));
    let renderer = Renderer {
        monitor: own.worker("renderer"),
    };
    renderer.render().await;
    in_job(&around, renderer.render()).await;
    assert_eq!(ended(&own, "render"), [2.0, 0.0, 0.0, 0.0]);
    assert_eq!(ended(&own, "inside"), [2.0, 0.0, 0.0, 0.0]);
    assert!(!around.has_metric("pipeline_step_duration_seconds_count", [("step", "render")]));
    assert!(own.lines().iter().all(|line| line["service"] == "renderer"));
}

#[tokio::test]
async fn the_library_may_have_another_path() {
    mod telemetry {
        pub(super) use ::monitor_layer as layer;
    }

    #[telemetry::layer::instrument_step(crate = telemetry::layer)]
    async fn named() {}
    #[telemetry::layer::instrument_step(crate = "telemetry::layer")]
    async fn quoted() {}

    let monitor = TestMonitor::new("api");
    in_job(&monitor, async {
        named().await;
        quoted().await;
    })
    .await;
    for step in ["named", "quoted"] {
        assert_eq!(ended(&monitor, step), [1.0, 0.0, 0.0, 0.0]);
    }
}
