use std::{error::Error, fmt, pin::Pin, sync::Arc, time::Duration};

use super::{InvalidCheck, verdict::Thresholds};
use crate::error::text_with_sources;

const TIME_LIMIT: Duration = Duration::from_secs(1);

/// Nothing, or what is wrong, to be read in the log.
pub(super) type Answer = Result<(), String>;
pub(super) type Asking = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// How what is checked is asked.
#[derive(Clone)]
pub(super) enum Ask {
    Future(Arc<dyn Fn() -> Asking + Send + Sync>),
    /// On a thread of its own, which it may block; it is told the time limit.
    Blocking(Arc<dyn Fn(Duration) -> Answer + Send + Sync>),
    /// What was given cannot be asked, and what was expected.
    Invalid(&'static str),
}

/// A question to something that the service depends on, for [`MonitorBuilder::check`].
///
/// An async function that returns a `Result` is one as it is; this says more of it.
///
/// - **Time limit**, one second by default. A check that takes longer has failed, and its future is dropped. One that
///   blocks, and so cannot be dropped, has failed each time until it is over, and is not asked again before; it holds
///   up nobody, but for a runtime of a single thread, which nothing else can run in meanwhile.
/// - **Failure threshold**, two in a row by default: one answer that is late is no outage. A service that starts has no
///   such credit: the very first answer counts at once. One success ends an outage by default.
/// - **Optional** ones are shown and measured, and do not make the service unready.
///
/// Panics are failures. Why a check fails stands in the log alone, in the lines `Health check failed`: the first one, one
/// that makes the check unhealthy, and one a minute at most in between.
///
/// ```
/// use std::{io, time::Duration};
///
/// use monitor_layer::{HealthCheck, Monitor};
///
/// async fn check_cache() -> io::Result<()> {
///     Ok(())
/// }
///
/// let monitor = Monitor::builder("api")
///     .check("broker", HealthCheck::tcp("broker.internal:5672"))
///     .check(
///         "cache",
///         HealthCheck::new(check_cache)
///             .time_limit(Duration::from_millis(200))
///             .failure_threshold(3)
///             .optional(),
///     )
///     .build()?;
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
///
/// # SQL, Redis, object storage
///
/// Ask them through the pool that the service uses, so that a pool that is exhausted is told, too.
///
/// ```
/// # use monitor_layer::Monitor;
/// # fn build(pool: sqlx::SqlitePool) -> Result<(), monitor_layer::BuildError> {
/// let database = move || {
///     let pool = pool.clone();
///     async move { sqlx::query("SELECT 1").execute(&pool).await.map(drop) }
/// };
/// let monitor = Monitor::builder("api").check("database", database).build()?;
/// # Ok(()) }
/// ```
///
/// ```
/// # use monitor_layer::{HealthCheck, Monitor};
/// use std::io;
///
/// use tokio::{
///     io::{AsyncReadExt, AsyncWriteExt},
///     net::TcpStream,
/// };
///
/// // With no client at all: a Redis that takes connections and hangs is told.
/// async fn check_redis() -> io::Result<()> {
///     let mut redis = TcpStream::connect("redis.internal:6379").await?;
///     redis.write_all(b"PING\r\n").await?;
///     let mut answer = [0; 7];
///     redis.read_exact(&mut answer).await?;
///     match &answer {
///         b"+PONG\r\n" => Ok(()),
///         _ => Err(io::Error::other("Redis did not answer PONG")),
///     }
/// }
/// # let monitor = Monitor::builder("api").check("redis", check_redis).build()?;
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
///
/// ```
/// # use monitor_layer::{HealthCheck, Monitor};
/// use std::io;
///
/// // A bucket that can be seen is answered with 200; any client that signs requests will do.
/// async fn check_bucket(storage: reqwest::Client) -> io::Result<()> {
///     let asked = storage.head("http://storage.internal:9000/videos").send().await;
///     let answer = asked.map_err(io::Error::other)?;
///     answer.error_for_status().map(drop).map_err(io::Error::other)
/// }
///
/// # let storage = reqwest::Client::new();
/// let monitor = Monitor::builder("api")
///     .check("storage", HealthCheck::new(move || check_bucket(storage.clone())).optional())
///     .build()?;
/// # Ok::<_, monitor_layer::BuildError>(())
/// ```
///
/// [`MonitorBuilder::check`]: crate::MonitorBuilder::check
#[derive(Clone)]
#[must_use = "a check does nothing until a builder is given it"]
pub struct HealthCheck {
    pub(super) ask: Ask,
    pub(super) is_optional: bool,
    pub(super) time_limit: Duration,
    pub(super) thresholds: Thresholds,
}

impl HealthCheck {
    /// A check by an async function: healthy where it returns `Ok`.
    pub fn new<F, Fut, E>(check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self::by(Ask::Future(Arc::new(move || {
            let asking = check();
            Box::pin(async move { asking.await.map_err(told) })
        })))
    }

    /// A check by a function that blocks its thread, which is one of its own: for clients that are not async.
    ///
    /// It cannot be stopped where it takes longer than its time limit. So give it a limit of its own, too; until it is
    /// over it is not asked again, and counts as failed.
    ///
    /// ```
    /// use std::fs;
    ///
    /// use monitor_layer::{HealthCheck, Monitor};
    ///
    /// let monitor = Monitor::builder("api")
    ///     .check("assets", HealthCheck::blocking(|| fs::metadata("/srv/assets").map(drop)))
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn blocking<F, E>(check: F) -> Self
    where
        F: Fn() -> Result<(), E> + Send + Sync + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self::by(Ask::Blocking(Arc::new(move |_| check().map_err(told))))
    }

    pub(super) const fn by(ask: Ask) -> Self {
        Self {
            ask,
            is_optional: false,
            time_limit: TIME_LIMIT,
            thresholds: Thresholds::DEFAULT,
        }
    }

    /// Shows and measures it, but lets the service be ready without it.
    pub const fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }

    /// How long one run may take; a second by default. Keep it below the interval of the checks.
    pub const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// How many failures in a row make it unhealthy; 2 by default.
    pub const fn failure_threshold(mut self, failures: u32) -> Self {
        self.thresholds.failures = failures;
        self
    }

    /// How many successes in a row make it healthy again; 1 by default.
    pub const fn success_threshold(mut self, successes: u32) -> Self {
        self.thresholds.successes = successes;
        self
    }

    /// The check itself, where it can be made.
    pub(super) fn valid(self, name: &str) -> Result<Self, InvalidCheck> {
        if let Ask::Invalid(problem) = self.ask {
            return Err(InvalidCheck::new(name, problem));
        }
        if self.time_limit.is_zero() {
            return Err(InvalidCheck::new(
                name,
                "may take 0 s; expected a time limit above 0",
            ));
        }
        if self.thresholds.failures == 0 || self.thresholds.successes == 0 {
            return Err(InvalidCheck::new(
                name,
                "changes after 0 answers; expected thresholds of 1 at least",
            ));
        }
        Ok(self)
    }
}

fn told(error: impl Into<Box<dyn Error + Send + Sync>>) -> String {
    text_with_sources(error.into().as_ref())
}

impl<F, Fut, E> From<F> for HealthCheck
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    fn from(check: F) -> Self {
        Self::new(check)
    }
}

impl fmt::Debug for HealthCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HealthCheck")
            .field("is_optional", &self.is_optional)
            .field("time_limit", &self.time_limit)
            .field("thresholds", &self.thresholds)
            .finish_non_exhaustive()
    }
}
