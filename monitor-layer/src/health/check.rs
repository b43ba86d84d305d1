use std::{
    error::Error,
    fmt,
    panic::AssertUnwindSafe,
    pin::Pin,
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use tracing::Level;

use super::Checked;
use crate::{
    error::{chain, text},
    exchange::panic_message,
    log::Key,
    monitor::Core,
};

const TIME_LIMIT: Duration = Duration::from_secs(1);
const LONGEST_NAME: usize = 64;
const TARGET: &str = "monitor_layer::health";

type Checking = Pin<Box<dyn Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send>>;

/// A question to something that the service depends on.
pub(crate) struct Check {
    pub(super) name: String,
    ask: Box<dyn Fn() -> Checking + Send + Sync>,
}

impl Check {
    pub(crate) fn new<F, Fut, E>(name: &str, check: F) -> Result<Self, InvalidCheck>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let is_name = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
        };
        if !(1..=LONGEST_NAME).contains(&name.len()) || !name.chars().all(is_name) {
            return Err(InvalidCheck {
                name: name.chars().take(LONGEST_NAME).collect(),
                problem: "is no name; expected 1 to 64 letters, digits, hyphens, underscores or dots",
            });
        }
        Ok(Self {
            name: name.to_owned(),
            ask: Box::new(move || {
                let checking = check();
                Box::pin(async move { checking.await.map_err(Into::into) })
            }),
        })
    }

    /// Runs it for at most a second; why it fails goes to the log alone.
    pub(super) async fn run(&self, core: &Core) -> Checked {
        let start = Instant::now();
        let checking =
            AssertUnwindSafe(async { tokio::time::timeout(TIME_LIMIT, (self.ask)()).await });
        let problem = match checking.catch_unwind().await {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error))) => {
                let mut texts = vec![text(error.as_ref())];
                texts.extend(chain(error.as_ref()));
                Some(texts.join(": "))
            }
            Ok(Err(_)) => Some(format!("no answer within {} s", TIME_LIMIT.as_secs())),
            Err(payload) => Some(format!("it panicked: {}", panic_message(&*payload))),
        };
        let latency = start.elapsed();
        let healthy = problem.is_none();
        core.metrics.health_check(&self.name, healthy, latency);
        if let Some(problem) = problem {
            core.log
                .line(core, TARGET, Level::WARN, "Health check failed", |fields| {
                    fields.string(Key::CHECK, self.name.as_str());
                    fields.string(Key::PROBLEM, problem);
                });
        }
        Checked {
            name: self.name.clone(),
            healthy,
            latency,
        }
    }
}

/// A readiness check whose name cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCheck {
    name: String,
    problem: &'static str,
}

impl InvalidCheck {
    pub(super) fn doubled(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            problem: "is the name of two checks; expected each check to have its own",
        }
    }
}

impl fmt::Display for InvalidCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the check {:?} {}", self.name, self.problem)
    }
}

impl Error for InvalidCheck {}
