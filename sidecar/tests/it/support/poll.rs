//! Waiting for what other threads and processes bring about.

use std::time::Duration;

use tokio::time::{Instant, interval};

/// Long enough for the slowest machine; nothing waits this long unless something is broken.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Returns once the condition holds, and fails the test if it never does.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    let mut ticks = interval(LOOK_EVERY);
    while !condition().await {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        ticks.tick().await;
    }
}
