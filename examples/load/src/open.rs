//! Plays a schedule against a server: a call for each arrival, and no waiting in between.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::pace::{Schedule, play};
use crate::recorder::Recorder;
use crate::wire::Outcome;

/// After the last arrival, calls at work have this long to end.
const ENDING_MAX: Duration = Duration::from_secs(20);
/// Semaphores count no further.
const IN_FLIGHT_MAX: u32 = 100_000;

/// How many arrivals there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Driven {
    /// All of them.
    pub(crate) arrival_count: u64,
    /// Those that were not sent, because too many were under way already.
    pub(crate) unsent_count: u64,
}

/// Begins something at each moment of the schedule, with at most `in_flight_max` under way, and
/// waits for the last to end.
pub(crate) async fn drive<F>(
    schedule: Schedule,
    in_flight_max: u32,
    mut begin: impl FnMut(Instant) -> F,
) -> Driven
where
    F: Future<Output = ()> + Send + 'static,
{
    let place_count = in_flight_max.clamp(1, IN_FLIGHT_MAX);
    let places = Arc::new(Semaphore::new(place_count as usize));
    let mut moments = play(schedule);
    let mut driven = Driven::default();
    while let Some(due) = moments.recv().await {
        driven.arrival_count += 1;
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            driven.unsent_count += 1;
            continue;
        };
        let work = begin(due);
        tokio::spawn(async move {
            work.await;
            drop(place);
        });
    }
    // What has not ended by then is not counted anywhere: the sidecar's deadlines are shorter.
    drop(timeout(ENDING_MAX, places.acquire_many(place_count)).await);
    driven
}

/// A recorder that many calls note into.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Recorder>>);

impl Notes {
    /// Notes how a call ended that was meant to begin at `due`.
    pub(crate) fn note(&self, due: Instant, outcome: &Outcome) {
        self.0.lock().note(due.elapsed(), outcome);
    }

    /// Notes a time alone.
    pub(crate) fn note_time(&self, took: Duration) {
        self.0.lock().note_time(took);
    }

    /// Counts what did not come to its end, by its reason.
    pub(crate) fn count(&self, reason: &str) {
        self.0.lock().count(reason);
    }

    /// Takes out all that was noted so far.
    pub(crate) fn take(&self) -> Recorder {
        std::mem::take(&mut self.0.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use crate::pace::Part;

    fn schedule(per_second: f64) -> Schedule {
        let length = Duration::from_millis(200);
        Schedule::new(Dice::new(5, 0), vec![Part { length, per_second }])
    }

    #[tokio::test]
    async fn counts_the_time_from_the_moment_that_was_meant() {
        let notes = Notes::default();
        let lose = async |notes: Notes, due| notes.note(due, &Outcome::Lost);
        let begin = |due| lose(notes.clone(), due);
        let driven = drive(schedule(500.0), 1_000, begin).await;
        assert_eq!(driven.unsent_count, 0);
        assert_eq!(notes.take().reasons()["LOST"], driven.arrival_count);
        assert!(notes.take().reasons().is_empty());
    }

    #[tokio::test]
    async fn sends_no_more_than_may_be_under_way() {
        let gate = Arc::new(Semaphore::new(0));
        let opening = Arc::clone(&gate);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(400)).await;
            opening.add_permits(1_000);
        });
        let pass = async |gate: Arc<Semaphore>| drop(gate.acquire().await);
        let begin = |_| pass(Arc::clone(&gate));
        let driven = drive(schedule(1_000.0), 3, begin).await;
        assert_eq!(driven.arrival_count - driven.unsent_count, 3);
        assert!(driven.unsent_count > 0);
    }
}
