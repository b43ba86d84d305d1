//! Functions, errors and bodies of every shape.

use std::{cell::RefCell, fmt, io, panic::catch_unwind};

use futures_util::FutureExt as _;
use monitor_layer::{Category, instrument_step, testing::TestMonitor};

use super::{DeclinedCard, ended, in_job};

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

    #[async_trait::async_trait]
    trait Store {
        async fn store(&self, name: &str) -> anyhow::Result<()>;
    }

    struct Renderer;

    #[async_trait::async_trait]
    impl Store for Renderer {
        #[instrument_step]
        async fn store(&self, name: &str) -> anyhow::Result<()> {
            Err(anyhow::Error::new(DeclinedCard).context(format!("{name} is not stored")))
        }
    }

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
        assert!(Renderer.store("sun.gif").await.is_err());
    })
    .await;
    assert_eq!(ended(&monitor, "render"), [1.0, 1.0, 0.0, 0.0]);
    assert_eq!(ended(&monitor, "twice"), [1.0, 0.0, 0.0, 0.0]);
    let [event, of_anyhow] = monitor.errors().try_into().unwrap();
    assert_eq!(event.category, Category::Payment);
    assert_eq!(of_anyhow.message, "sun.gif is not stored");
    assert_eq!(of_anyhow.chain[0], DeclinedCard.to_string());
}
