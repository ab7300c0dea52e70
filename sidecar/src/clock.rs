//! The one clock of the ledger.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use makegood_core::time::Time;
use rustix::time::{ClockId, clock_gettime};

/// How far wall clock and boot-time clock may drift apart before writes are refused: a jump beyond
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

/// The system's clock, watched for jumps. The clock beside it goes on while the machine sleeps, so
/// that waking up is no jump.
#[derive(Debug)]
pub struct SystemClock {
    started_boot: Duration,
    started_wall: Duration,
}

impl SystemClock {
    /// A clock that watches from now on.
    pub fn start() -> Self {
        Self { started_boot: since_boot(), started_wall: wall() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Result<Time, ClockJumped> {
        let now = wall();
        let elapsed = since_boot().saturating_sub(self.started_boot);
        let drift = self.started_wall.saturating_add(elapsed).abs_diff(now);
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
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Time since the machine was started, with the time that it slept.
fn since_boot() -> Duration {
    clock_gettime(ClockId::Boottime).try_into().unwrap_or_default()
}

fn time(since_epoch: Duration) -> Time {
    Time::from_nanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_wall_clock_that_jumped_and_no_other() {
        let minute = Duration::from_mins(1);
        for (apart, is_trusted) in [(0, true), (4, true), (6, false), (600, false)] {
            let (clock, apart) = (SystemClock::start(), apart * minute);
            let ahead = SystemClock { started_wall: clock.started_wall + apart, ..clock };
            let behind =
                SystemClock { started_wall: clock.started_wall.saturating_sub(apart), ..clock };
            assert_eq!(ahead.now().is_ok(), is_trusted, "{apart:?}");
            assert_eq!(behind.now().is_ok(), is_trusted, "{apart:?}");
        }
    }
}
