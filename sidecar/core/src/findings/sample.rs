//! Samples for review that anybody can draw again: from the entries, a method and a seed.
//!
//! Every gesture that was given is in the population; there is no filter, for what a filter leaves
//! out is never looked at.

use sha2::{Digest as _, Sha256};

use super::{Facts, Gift, GiftState};
use crate::ids::{Digest, SpendId};
use crate::ledger::{SampleDrawn, SampleMethod};
use crate::money::{Currency, Money};

/// Confidence factors of monetary-unit samples, in hundredths: for a confidence in per cent, the
/// upper limits of a Poisson mean where 0, 1, 2, ... errors are seen (AICPA Audit Guide *Audit
/// Sampling*, appendix C, the table of confidence factors; there by risk, which is 100 less the
/// confidence).
pub const RELIABILITY_FACTORS: [(u32, [i64; 6]); 5] = [
    (80, [161, 300, 428, 552, 673, 791]),
    (85, [190, 338, 473, 602, 727, 850]),
    (90, [231, 389, 533, 669, 800, 928]),
    (95, [300, 475, 630, 776, 916, 1_052]),
    (99, [461, 664, 841, 1_005, 1_161, 1_311]),
];

/// The confidence factor in hundredths; `None` where the table has none.
pub fn reliability_factor(confidence_percent: u32, expected_errors: usize) -> Option<i64> {
    let (_, factors) =
        RELIABILITY_FACTORS.iter().find(|(confidence, _)| *confidence == confidence_percent)?;
    factors.get(expected_errors).copied()
}

/// The sampling interval: the tolerable amount over the confidence factor, at least one minor unit.
pub fn interval_minor(tolerable_minor: i64, factor_hundredths: i64) -> i64 {
    let interval = i128::from(tolerable_minor) * 100 / i128::from(factor_hundredths.max(1));
    i64::try_from(interval).unwrap_or(i64::MAX).max(1)
}

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// So many gestures, each as likely.
    Records {
        /// How many.
        count: usize,
    },
    /// Gestures by their amount: every so many minor units one is hit.
    MonetaryUnit {
        /// The interval; also names the currency, gestures in others are another population.
        interval: Money,
    },
}

/// One gesture of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// The gesture.
    pub spend: SpendId,
    /// The entry that gave it.
    pub position: u64,
    /// How much was recorded as given, in minor units; what was taken back is not deducted.
    pub amount_minor: i64,
    /// In which currency.
    pub currency: Currency,
    /// How often it was hit; more than once where it is larger than the interval.
    pub hit_count: u64,
}

/// A sample, with what is needed to draw it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// How it was drawn, from what, and the digest of what came out.
    pub drawn: SampleDrawn,
    /// What the gestures that it was drawn from add up to as recorded, in minor units; of a sample of
    /// records, whatever their currency, 0.
    pub population_minor: i128,
    /// What was taken back of them, in minor units, which is no part of what is drawn from: an item
    /// below zero cannot be hit, and is to be looked at apart. Of a sample of records 0.
    pub taken_back_minor: i128,
    /// The first minor unit that is hit, from 1; 0 in a sample of records.
    pub start_minor: i64,
    /// The gestures: those of records by their draw, those of monetary units by position.
    pub picks: Vec<Pick>,
}

/// Draws a sample of the gestures that were given by entries from `first` to before `end`.
///
/// A sample of records takes the gestures with the smallest SHA-256 of the seed and the gesture's
/// sixteen bytes. A monetary-unit sample lines gestures up by position with the amounts that were
/// recorded as given, so that what is taken back later neither changes the draw nor hides a gesture, begins at a minor unit from
/// 1 to the interval (SHA-256 of the seed and `monetary_unit`, its first sixteen bytes as a number,
/// modulo the interval), and takes every gesture that the start or a multiple of the interval
/// behind it falls into.
pub fn draw(facts: &Facts, first: u64, end: u64, seed: Digest, how: Draw) -> Sample {
    let was_given = |gift: &&Gift| {
        matches!(gift.state, GiftState::Given | GiftState::TakenBack)
            && (first..end).contains(&gift.position)
    };
    let mut population: Vec<&Gift> = facts.gifts.iter().filter(was_given).collect();
    population.sort_by_key(|gift| gift.position);
    let method = match how {
        Draw::Records { .. } => SampleMethod::Records,
        Draw::MonetaryUnit { .. } => SampleMethod::MonetaryUnit,
    };
    let mut sample = Sample {
        drawn: SampleDrawn {
            method,
            first,
            end,
            seed,
            interval: None,
            spend_count: 0,
            population_count: 0,
            spends: seed,
        },
        population_minor: 0,
        taken_back_minor: 0,
        start_minor: 0,
        picks: Vec::new(),
    };
    match how {
        Draw::Records { count } => draw_records(&mut sample, &population, count),
        Draw::MonetaryUnit { interval } => {
            population.retain(|gift| gift.currency == interval.currency);
            draw_units(&mut sample, &population, interval);
        }
    }
    sample.drawn.population_count = u64::try_from(population.len()).unwrap_or(u64::MAX);
    sample.drawn.spend_count = u64::try_from(sample.picks.len()).unwrap_or(u64::MAX);
    let mut digest = Sha256::new();
    for pick in &sample.picks {
        digest.update(pick.spend.as_bytes());
    }
    sample.drawn.spends = Digest::from_bytes(digest.finalize().into());
    sample
}

fn draw_records(sample: &mut Sample, population: &[&Gift], count: usize) {
    let seed = sample.drawn.seed;
    let mut lots: Vec<([u8; 32], &Gift)> =
        population.iter().map(|gift| (hash(seed, gift.spend.as_bytes()), *gift)).collect();
    lots.sort_by_key(|(lot, gift)| (*lot, gift.position));
    sample.picks = lots.into_iter().take(count).map(|(_, gift)| pick(gift, 1)).collect();
}

fn draw_units(sample: &mut Sample, population: &[&Gift], interval: Money) {
    let step = i128::from(interval.amount_minor.max(1));
    let hash = hash(sample.drawn.seed, SampleMethod::MonetaryUnit.code().as_bytes());
    let mut number = [0; 16];
    number.copy_from_slice(&hash[..16]);
    let rest = u128::from_be_bytes(number) % step.unsigned_abs();
    let start = i128::try_from(rest).unwrap_or(0) + 1;
    sample.drawn.interval = Some(interval);
    sample.start_minor = i64::try_from(start).unwrap_or(1);
    let mut next = start;
    let mut sum = 0;
    for gift in population {
        sum += i128::from(gift.recorded);
        let stands = if gift.state == GiftState::Given { gift.amount } else { 0 };
        sample.taken_back_minor += i128::from(gift.recorded) - i128::from(stands);
        if next <= sum {
            let hits = (sum - next) / step + 1;
            next += hits * step;
            sample.picks.push(pick(gift, u64::try_from(hits).unwrap_or(u64::MAX)));
        }
    }
    sample.population_minor = sum;
}

fn pick(gift: &Gift, hit_count: u64) -> Pick {
    let Gift { spend, position, recorded: amount_minor, currency, .. } = *gift;
    Pick { spend, position, amount_minor, currency, hit_count }
}

fn hash(seed: Digest, bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(seed.as_bytes()).chain_update(bytes).finalize().into()
}
