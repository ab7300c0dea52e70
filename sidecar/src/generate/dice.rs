//! Chance that is the same on every machine.

use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng as _;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Dice(Pcg32);

impl Dice {
    /// One of the streams of a seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        // Streams of one start resemble each other in their first numbers.
        Self(Pcg32::new(mixed(seed ^ mixed(stream)), stream))
    }

    /// A number from 0 to below `count`; 0 if `count` is 0.
    ///
    /// By multiplication: the bias is below `count` / 2^32, and no loop hangs on chance.
    pub(super) fn below(&mut self, count: u32) -> u32 {
        let wide = u64::from(self.0.next_u32()) * u64::from(count);
        // The upper half of a product of two 32-bit numbers.
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// A number from `least` to `most`, both included.
    pub(super) fn between(&mut self, least: u32, most: u32) -> u32 {
        least + self.below(most - least + 1)
    }

    /// True in so many of a hundred cases.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of some things, which are not none.
    pub(super) fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        let count = u32::try_from(things.len()).unwrap_or(u32::MAX);
        &things[self.below(count) as usize]
    }

    /// One of some things, which are not none, by their weights.
    pub(super) fn weighted<'a, T>(&mut self, things: &'a [(u32, T)]) -> &'a T {
        let total = things.iter().map(|(weight, _)| weight).sum();
        let mut at = self.below(total);
        for (weight, thing) in things {
            if at < *weight {
                return thing;
            }
            at -= weight;
        }
        &things[0].1
    }
}

/// Spreads a number over all 64 bits: the finisher of `SplitMix64`.
fn mixed(number: u64) -> u64 {
    let mut it = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    it ^ (it >> 31)
}
