//! What calls took and how they ended.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::wire::Outcome;

/// The longest time that is told apart from longer ones.
const LONGEST_US: u64 = 60_000_000;
/// Values are kept to three significant digits.
const DIGITS: u8 = 3;

/// The times and ends of calls of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    done: Histogram<u64>,
    refused: Histogram<u64>,
    reasons: BTreeMap<String, u64>,
}

/// The reason under which calls without an answer are counted.
pub(crate) const LOST: &str = "LOST";

impl Default for Recorder {
    fn default() -> Self {
        Self { done: histogram(), refused: histogram(), reasons: BTreeMap::new() }
    }
}

/// Microseconds from 1 to [`LONGEST_US`].
#[expect(clippy::expect_used, reason = "constant bounds that the library takes")]
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_US, DIGITS).expect("bounds of a histogram")
}

impl Recorder {
    /// Notes a call that took `took` from the moment at which it was meant to start.
    pub(crate) fn note(&mut self, took: Duration, outcome: &Outcome) {
        match outcome {
            Outcome::Done(_) => self.done.saturating_record(micros(took)),
            Outcome::Refused(refused) => {
                self.refused.saturating_record(micros(took));
                self.count(&refused.reason);
            }
            Outcome::Lost => self.count(LOST),
        }
    }

    /// Notes a time alone.
    pub(crate) fn note_time(&mut self, took: Duration) {
        self.done.saturating_record(micros(took));
    }

    /// Counts a call that did not come to its end, by its reason.
    pub(crate) fn count(&mut self, reason: &str) {
        match self.reasons.get_mut(reason) {
            Some(count) => *count += 1,
            None => drop(self.reasons.insert(reason.to_owned(), 1)),
        }
    }

    /// Takes in what another one noted.
    pub(crate) fn add(&mut self, other: &Self) {
        // Histograms of the same bounds always fit.
        self.done.add(&other.done).unwrap_or(());
        self.refused.add(&other.refused).unwrap_or(());
        for (reason, count) in &other.reasons {
            *self.reasons.entry(reason.clone()).or_default() += count;
        }
    }

    /// How many calls were done.
    pub(crate) fn done_count(&self) -> u64 {
        self.done.len()
    }

    /// How many were not, by reason.
    pub(crate) fn reasons(&self) -> &BTreeMap<String, u64> {
        &self.reasons
    }

    /// The quantile of the times of calls that were done, in microseconds; 0 where there are none.
    pub(crate) fn done_us(&self, quantile: f64) -> u64 {
        self.done.value_at_quantile(quantile)
    }

    /// The quantile of the times of calls that were refused, in microseconds; 0 where there are
    /// none.
    pub(crate) fn refused_us(&self, quantile: f64) -> u64 {
        self.refused.value_at_quantile(quantile)
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::Refused;

    #[test]
    fn tells_quantiles_to_three_digits() {
        let mut recorder = Recorder::default();
        for micros in 1..=10_000 {
            recorder.note(Duration::from_micros(micros), &Outcome::Done(Bytes::new()));
        }
        for (quantile, expected) in [(0.5, 5_000_u64), (0.99, 9_900), (1.0, 10_000)] {
            let found = recorder.done_us(quantile);
            assert!(found.abs_diff(expected) <= expected / 500, "{quantile}: {found}");
        }
    }

    #[test]
    fn keeps_refusals_and_losses_apart_from_what_was_done() {
        let mut first = Recorder::default();
        let refused = Outcome::Refused(Refused { code: 8, reason: "OVERLOADED".to_owned() });
        first.note(Duration::from_millis(5), &refused);
        first.note(Duration::from_millis(7), &Outcome::Lost);
        let mut both = Recorder::default();
        both.note(Duration::from_millis(1), &Outcome::Done(Bytes::new()));
        both.add(&first);
        both.add(&first);
        assert_eq!(both.done_count(), 1);
        let reasons: Vec<_> = both.reasons().iter().map(|(it, n)| (it.as_str(), *n)).collect();
        assert_eq!(reasons, [("LOST", 2), ("OVERLOADED", 2)]);
        assert!(both.refused_us(0.5).abs_diff(5_000) < 10);
    }

    #[test]
    fn takes_times_beyond_its_bounds_for_the_longest() {
        let mut recorder = Recorder::default();
        recorder.note_time(Duration::from_hours(1));
        recorder.note_time(Duration::ZERO);
        assert_eq!(recorder.done_count(), 2);
        assert!(recorder.done_us(1.0) >= LONGEST_US);
    }
}
