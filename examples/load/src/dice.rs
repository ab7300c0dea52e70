//! Chance that a seed repeats.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;
use uuid::{Builder, Uuid};

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Dice(Pcg64);

impl Dice {
    /// One of the streams of a seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self(Pcg64::new(u128::from(seed), u128::from(stream)))
    }

    /// A number from 0 to below `count`; 0 if `count` is 0.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let wide = u128::from(self.0.next_u64()) * (count as u128);
        // The upper half of a product of two 64-bit numbers.
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number above 0 and up to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (f64::from(self.0.next_u32()) + 1.0) / (f64::from(u32::MAX) + 1.0)
    }

    /// A number whose mean is `mean` and whose chance falls with its size: the time between events
    /// that know nothing of each other.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -self.unit().ln() * mean
    }

    /// A new random id.
    pub(crate) fn uuid(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// A seed that no other run has.
pub(crate) fn fresh_seed() -> u64 {
    Uuid::new_v4().as_u64_pair().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_what_a_seed_gave() {
        let draw = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            (dice.below(1_000_000), dice.uuid(), dice.unit().to_bits())
        };
        assert_eq!(draw(1, 1), draw(1, 1));
        assert_ne!(draw(1, 1), draw(2, 1));
        assert_ne!(draw(1, 1), draw(1, 2));
    }

    #[test]
    fn stays_within_bounds() {
        let mut dice = Dice::new(7, 0);
        assert_eq!(dice.below(0), 0);
        for _ in 0..10_000 {
            assert!(dice.below(3) < 3);
            let unit = dice.unit();
            assert!(unit > 0.0 && unit <= 1.0);
        }
    }

    #[test]
    fn draws_exponential_times_with_the_mean_that_was_asked() {
        let mut dice = Dice::new(3, 0);
        let sum: f64 = (0..100_000).map(|_| dice.exponential(2.0)).sum();
        assert!((sum / 100_000.0 - 2.0).abs() < 0.05, "{sum}");
    }
}
