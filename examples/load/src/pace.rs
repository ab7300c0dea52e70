//! The open loop: arrivals at the moments of a schedule, whether or not the server keeps up.
//!
//! Each arrival carries the moment at which it was meant to begin, and its time is counted from
//! then. A loop that waits for answers before it asks again would ask less while the server is slow,
//! and leave out just the waits that callers would have had (coordinated omission).

use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::dice::Dice;

/// Arrivals that know nothing of each other (a Poisson process), of a rate that may change.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    dice: Dice,
    /// Parts of the whole time with a rate each.
    parts: Vec<Part>,
    part: usize,
    /// When the last one came, counted from the beginning.
    at: Duration,
    left: usize,
}

/// A stretch of time with one rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Part {
    /// How long it lasts.
    pub(crate) length: Duration,
    /// Arrivals a second.
    pub(crate) per_second: f64,
}

/// One in thirty years stands for none.
const LEAST_PER_SECOND: f64 = 1e-9;
/// Arrivals of a schedule are bounded, whatever the rate.
const ARRIVALS_MAX: usize = 20_000_000;

impl Schedule {
    /// Arrivals over these parts, one after another.
    pub(crate) fn new(dice: Dice, parts: Vec<Part>) -> Self {
        Self { dice, parts, part: 0, at: Duration::ZERO, left: ARRIVALS_MAX }
    }

    /// When the current part begins and ends, and how many arrivals it has a second.
    fn current(&self) -> Option<(Duration, Duration, f64)> {
        let part = self.parts.get(self.part)?;
        let begin = self.parts.iter().take(self.part).map(|part| part.length).sum();
        Some((begin, begin + part.length, part.per_second))
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    /// When the next one comes, counted from the beginning.
    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        loop {
            let (begin, end, per_second) = self.current()?;
            let wait = self.dice.exponential(1.0 / per_second.max(LEAST_PER_SECOND));
            let next = self.at.max(begin) + Duration::from_secs_f64(wait);
            if next < end {
                self.at = next;
                return Some(next);
            }
            // What would have come later is drawn anew by the next part's rate: a Poisson process
            // has no memory.
            self.at = end;
            self.part += 1;
        }
    }
}

/// Tells the moments of a schedule as they come; they are instants at which something was meant to
/// begin, and never lie ahead.
///
/// A thread of its own keeps the time, because a runtime's timers are a millisecond coarse. It ends
/// with the schedule, or when nobody listens any more.
pub(crate) fn play(schedule: Schedule) -> mpsc::UnboundedReceiver<Instant> {
    let (sender, receiver) = mpsc::unbounded_channel();
    thread::spawn(move || {
        let start = Instant::now();
        for due in schedule {
            let due = start + due;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if sender.send(due).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(parts: &[(u64, f64)]) -> Vec<Part> {
        let part = |(seconds, per_second): &(u64, f64)| Part {
            length: Duration::from_secs(*seconds),
            per_second: *per_second,
        };
        parts.iter().map(part).collect()
    }

    #[test]
    fn keeps_the_rate_of_each_part() {
        let parts = parts(&[(10, 1_000.0), (5, 0.0), (10, 100.0)]);
        let arrivals: Vec<f64> =
            Schedule::new(Dice::new(1, 0), parts).map(|at| at.as_secs_f64()).collect();
        let within =
            |from: f64, to: f64| arrivals.iter().filter(|at| (from..to).contains(*at)).count();
        assert!(within(0.0, 10.0).abs_diff(10_000) < 400);
        assert_eq!(within(10.0, 15.0), 0);
        assert!(within(15.0, 25.0).abs_diff(1_000) < 130);
        assert!(arrivals.is_sorted());
    }

    #[test]
    fn repeats_a_seed_and_ends() {
        let arrivals = |seed| -> Vec<Duration> {
            Schedule::new(Dice::new(seed, 0), parts(&[(1, 50.0)])).collect()
        };
        assert_eq!(arrivals(1), arrivals(1));
        assert_ne!(arrivals(1), arrivals(2));
        assert!(Schedule::new(Dice::new(1, 0), Vec::new()).next().is_none());
    }

    #[tokio::test]
    async fn tells_each_moment_once_it_has_come() {
        let schedule = Schedule::new(Dice::new(1, 0), parts(&[(1, 200.0)]));
        let expected = schedule.clone().take(5).count();
        let mut moments = play(schedule);
        for _ in 0..expected {
            let due = moments.recv().await.unwrap();
            assert!(due <= Instant::now());
        }
    }
}
