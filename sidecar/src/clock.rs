//! The one clock of the ledger.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use makegood_core::time::Time;

/// How far wall clock and monotonic clock may drift apart before writes are refused: a jump beyond
/// it would freeze the ledger in the future.
pub const MAX_DRIFT: Duration = Duration::from_mins(5);

/// The wall clock has jumped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system clock has jumped by {} s since the start; set it right and start again", drift.as_secs())]
pub struct ClockJumped {
    /// By how much, in either direction.
    pub drift: Duration,
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    ///
    /// # Errors
    /// [`ClockJumped`] when the clock cannot be trusted.
    fn now(&self) -> Result<Time, ClockJumped>;
}

/// The system's clock, watched for jumps.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    started_wall: Duration,
}

impl SystemClock {
    /// A clock that watches from now on.
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            started_wall: wall(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Result<Time, ClockJumped> {
        let now = wall();
        let drift = (self.started_wall + self.started.elapsed()).abs_diff(now);
        if drift > MAX_DRIFT {
            return Err(ClockJumped { drift });
        }
        Ok(time(now))
    }
}

/// The wall clock, for what is shown and not decided by.
pub fn wall_time() -> Time {
    time(wall())
}

fn wall() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn time(since_epoch: Duration) -> Time {
    Time::from_nanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}
