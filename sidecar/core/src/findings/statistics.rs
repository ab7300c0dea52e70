//! The statistics of the rules: exact tails by recurrence, robust middles, first digits.
//!
//! Only operations that IEEE 754 rounds in one way everywhere.

/// The chance of `hits` or more among `trials` that each hit with chance `rate`.
pub(crate) fn binomial_tail(trials: u32, hits: u32, rate: f64) -> f64 {
    if hits == 0 || rate >= 1.0 {
        return 1.0;
    }
    let mut none = Small::ONE;
    for _ in 0..trials {
        none = none.times(1.0 - rate);
    }
    let odds = rate / (1.0 - rate);
    let ratio =
        |hit: u32| odds * f64::from(trials.saturating_sub(hit)) / f64::from(hit.saturating_add(1));
    tail(none, hits, ratio)
}

/// The chance of `hits` or more where `expected` are expected; up to a few thousand.
pub(crate) fn poisson_tail(hits: u32, expected: f64) -> f64 {
    // e^-x by the power of its root: (1 - x/2^k)^(2^k) is near enough for a threshold.
    const HALVINGS: i32 = 24;
    if hits == 0 {
        return 1.0;
    }
    let mut none = Small::ONE.times((1.0 - expected / f64::from(1 << HALVINGS)).max(0.0));
    for _ in 0..HALVINGS {
        none = none.squared();
    }
    tail(none, hits, |hit| expected / f64::from(hit.saturating_add(1)))
}

/// The sum of the chances from `hits` on, each `ratio` times the one before.
fn tail(none: Small, hits: u32, ratio: impl Fn(u32) -> f64) -> f64 {
    let Small { value: mut chance, mut shrunk } = none;
    // More are expected than can be told from certainty.
    if chance <= 0.0 {
        return 1.0;
    }
    let mut sum = 0.0;
    for hit in 0..u32::MAX {
        if hit >= hits {
            sum += chance;
        }
        let ratio = ratio(hit);
        chance *= ratio;
        // Grown chances come back to the scale of numbers, and what was summed with them.
        while shrunk > 0 && chance >= 1.0 {
            (chance, sum, shrunk) = (chance / SCALE, sum / SCALE, shrunk.saturating_sub(1));
        }
        let is_negligible = ratio < 1.0 && chance <= sum * f64::EPSILON;
        if hit >= hits && is_negligible || chance <= 0.0 {
            break;
        }
    }
    for _ in 0..shrunk {
        sum /= SCALE;
    }
    sum.min(1.0)
}

/// By which numbers are grown that would be too small: 2^256.
const SCALE: f64 = f64::from_bits((1_023 + 256) << 52);

/// A chance that may be smaller than any number: `value / SCALE^shrunk`. Scaling by a power of two
/// rounds nothing.
#[derive(Debug, Clone, Copy)]
struct Small {
    value: f64,
    shrunk: u32,
}

impl Small {
    const ONE: Self = Self { value: 1.0, shrunk: 0 };

    fn times(self, factor: f64) -> Self {
        Self { value: self.value * factor, ..self }.grown()
    }

    fn squared(self) -> Self {
        let shrunk = self.shrunk.saturating_mul(2);
        Self { value: self.value * self.value, shrunk }.grown()
    }

    fn grown(self) -> Self {
        if self.value > 0.0 && self.value < 1.0 / SCALE {
            Self { value: self.value * SCALE, shrunk: self.shrunk.saturating_add(1) }
        } else {
            self
        }
    }
}

/// A score from 0 to 1,000 of a chance: 50 for each power of ten below one.
pub(crate) fn score_of_chance(chance: f64) -> u32 {
    let mut grown = chance;
    let mut score = 0_u32;
    while grown < 1.0 && score < 1_000 {
        grown *= 10.0;
        score = score.saturating_add(50);
    }
    score
}

/// A whole number as a fraction's part; exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts and amounts lie below 2^53")]
pub(crate) fn float(number: i64) -> f64 {
    number as f64
}

/// A count as a number for fractions.
pub(crate) fn count(things: usize) -> f64 {
    float(i64::try_from(things).unwrap_or(i64::MAX))
}

/// Thousandths of a number, for reports.
#[expect(clippy::cast_possible_truncation, reason = "reports hold small numbers")]
pub(crate) fn permille(number: f64) -> i64 {
    (number * 1_000.0).round() as i64
}

/// How well first digits follow Benford's law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conformity {
    /// Close conformity.
    Close,
    /// Acceptable conformity.
    Acceptable,
    /// Marginally acceptable conformity.
    Marginal,
    /// Nonconformity.
    None,
}

/// The shares of the first digits 1 to 9 under Benford's law: `log10(1 + 1/d)`.
const BENFORD: [f64; 9] = [
    std::f64::consts::LOG10_2,
    0.176_091_259_056,
    0.124_938_736_608,
    0.096_910_013_008,
    0.079_181_246_048,
    0.066_946_789_631,
    0.057_991_946_978,
    0.051_152_522_447,
    0.045_757_490_561,
];

/// The thresholds of the mean absolute deviation of first digits (M. Nigrini, *Benford's Law*,
/// 2012, table 7.1).
const FIRST_DIGIT_MAD: [(f64, Conformity); 3] =
    [(0.006, Conformity::Close), (0.012, Conformity::Acceptable), (0.015, Conformity::Marginal)];

/// How well amounts above zero follow Benford's law by their first digit, and the mean absolute
/// deviation in millionths, less what chance alone makes of so many.
///
/// Without the last, a few hundred amounts would fail by chance: the deviation that is expected of
/// `n` conforming amounts is the mean of `sqrt(2p(1-p)/(pi n))`.
pub fn benford_conformity(amounts: impl IntoIterator<Item = i64>) -> (Conformity, i64) {
    let mut seen = [0_i64; 9];
    for amount in amounts {
        if let Some(place) = first_digit(amount).and_then(|digit| seen.get_mut(digit)) {
            *place = place.saturating_add(1);
        }
    }
    let total = float(seen.iter().sum::<i64>().max(1));
    let mut deviation = 0.0;
    let mut by_chance = 0.0;
    for (seen, share) in seen.iter().zip(BENFORD) {
        deviation += (float(*seen) / total - share).abs() / 9.0;
        by_chance += (2.0 * share * (1.0 - share) / (std::f64::consts::PI * total)).sqrt() / 9.0;
    }
    let excess = (deviation - by_chance).max(0.0);
    let conformity = FIRST_DIGIT_MAD.iter().find(|(most, _)| excess <= *most);
    (conformity.map_or(Conformity::None, |(_, it)| *it), permille(excess * 1_000.0))
}

/// The first digit less one; `None` for what is not above zero.
fn first_digit(amount: i64) -> Option<usize> {
    let mut left = amount;
    if left <= 0 {
        return None;
    }
    while left >= 10 {
        left /= 10;
    }
    usize::try_from(left.saturating_sub(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_agree_with_tables() {
        for (found, expected) in [
            (binomial_tail(10, 5, 0.5), 0.623_046_875),
            (binomial_tail(20, 3, 0.05), 0.075_483_67),
            (binomial_tail(100, 10, 0.01), 7.632e-8),
            (poisson_tail(3, 1.0), 0.080_301_4),
            (poisson_tail(12, 1.6), 1.351_084e-7),
        ] {
            let ratio: f64 = found / expected;
            assert!((0.99..1.01).contains(&ratio), "{found} for {expected}");
        }
    }

    /// Where the chance of no hit at all is smaller than any number, the tail is not.
    #[test]
    fn tails_of_many_trials_agree_with_tables() {
        for (found, expected) in [
            // By sums of the logarithms of each term.
            (binomial_tail(2_000, 1_000, 0.5), 0.508_919_5),
            (binomial_tail(5_000, 600, 0.1), 2.450_493e-6),
            (binomial_tail(100_000, 90_000, 0.9), 0.502_663),
            (poisson_tail(1_100, 1_000.0), 9.626_3e-4),
            (poisson_tail(5, 1_000.0), 1.0),
        ] {
            let ratio: f64 = found / expected;
            assert!((0.95..1.05).contains(&ratio), "{found} for {expected}");
        }
        assert!(binomial_tail(100_000, 99_000, 0.9) < 1e-300);
        assert!(binomial_tail(20_000, 19_999, 0.001) <= 0.0);
    }

    #[test]
    fn growth_follows_benford_and_equal_digits_do_not() {
        let growth = std::iter::successors(Some(1_000_i64), |amount| {
            let next = amount * 1_017 / 1_000;
            (next < 1_000_000_000).then_some(next).or(Some(1_000))
        });
        assert!(benford_conformity(growth.take(3_000)).0 <= Conformity::Acceptable);
        let even = (0..3_000_i64).map(|at| at % 9 + 1);
        assert_eq!(benford_conformity(even).0, Conformity::None);
    }
}
