use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(20);

/// Waits until an attempt gives a value; says what was waited for, and why it did not come, where none does.
pub(crate) async fn until<T>(what: &str, attempt: impl AsyncFnMut() -> Result<T, String>) -> T {
    within(LIMIT, what, attempt).await
}

/// The same, for what takes longer.
pub(crate) async fn within<T>(
    limit: Duration,
    what: &str,
    mut attempt: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let start = Instant::now();
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(problem) if start.elapsed() > limit => panic!("waited in vain: {what}: {problem}"),
            Err(_) => tokio::time::sleep(STEP).await,
        }
    }
}
