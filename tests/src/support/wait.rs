use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(2);

/// Waits until the condition gives a value; says what was waited for where it never does.
pub(crate) async fn eventually<T>(what: &str, condition: impl Fn() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < LIMIT, "waited in vain: {what}");
        tokio::time::sleep(STEP).await;
    }
}
