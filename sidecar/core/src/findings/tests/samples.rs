//! Samples: drawn again from the same seed, and by the amounts that were recorded.

use super::super::sample::{Draw, RELIABILITY_FACTORS, draw, interval_minor, reliability_factor};
use super::super::statistics::poisson_tail;
use super::*;

#[test]
fn reliability_factors_are_those_of_poisson() {
    for (confidence, factors) in RELIABILITY_FACTORS {
        for (errors, factor) in (0_u32..).zip(factors) {
            let mean = f64::from(u32::try_from(factor).unwrap()) / 100.0;
            let found = poisson_tail(errors + 1, mean) * 100.0;
            assert!((found - f64::from(confidence)).abs() < 0.3, "{confidence} {errors}: {found}");
        }
    }
    assert_eq!(reliability_factor(95, 0), Some(300));
    assert_eq!(reliability_factor(95, 6), None);
    assert_eq!(interval_minor(900_000, 300), 300_000);
}

#[test]
fn records_are_drawn_again_from_the_same_seed() {
    let facts = Facts::of(&Book::ordinary().0);
    let of = |seed: u8, count: usize| {
        draw(&facts, 0, u64::MAX, Digest::from_bytes([seed; 32]), Draw::Records { count })
    };
    assert_eq!(of(1, 25), of(1, 25));
    assert_ne!(of(1, 25).picks, of(2, 25).picks);
    assert_eq!(of(1, 25).picks[..10], of(1, 10).picks, "a larger sample continues a smaller one");
    assert_eq!((of(1, 25).drawn.population_count, of(1, 25).drawn.spend_count), (1_600, 25));
    assert_eq!(of(1, 9_999).picks.len(), 1_600);
    let part = draw(&facts, 100, 200, Digest::from_bytes([1; 32]), Draw::Records { count: 99 });
    assert_eq!(part.drawn.population_count, 50);
    assert!(part.picks.iter().all(|pick| (100..200).contains(&pick.position)));
}

#[test]
fn every_interval_of_money_is_hit_once() {
    let mut book = Book::ordinary();
    let large = book.give(1, 1, 99 * NS_PER_DAY, 777_777);
    let facts = Facts::of(&book.0);
    let interval = Money::new(Currency::USD, 100_000);
    for seed in 0..20 {
        let seed = Digest::from_bytes([seed; 32]);
        let sample = draw(&facts, 0, u64::MAX, seed, Draw::MonetaryUnit { interval });
        let total: i64 = facts.gifts.iter().map(|gift| gift.amount).sum();
        assert_eq!(sample.population_minor, i128::from(total));
        assert!((1..=100_000).contains(&sample.start_minor));
        let hits: u64 = sample.picks.iter().map(|pick| pick.hit_count).sum();
        let expected = (total - sample.start_minor) / 100_000 + 1;
        assert_eq!(i64::try_from(hits).unwrap(), expected);
        let pick = sample.picks.iter().find(|pick| pick.spend == large.spend).unwrap();
        assert!((7..=8).contains(&pick.hit_count), "what is larger is always in");
    }
}

/// What is taken back, in part or wholly, stays in the population with what was recorded.
#[test]
fn money_is_drawn_from_the_amounts_as_recorded() {
    let mut book = Book::ordinary();
    let interval = Money::new(Currency::USD, 50_000);
    let drawn = |book: &Book| {
        let seed = Digest::from_bytes([3; 32]);
        draw(&Facts::of(&book.0), 0, 3_200, seed, Draw::MonetaryUnit { interval })
    };
    let (large, small) =
        (book.give(1, 1, 99 * NS_PER_DAY, 77_777), book.give(1, 2, 99 * NS_PER_DAY, 5));
    let before = drawn(&book);
    book.take_back(1, 100 * NS_PER_DAY, large, 77_000);
    book.take_back(1, 100 * NS_PER_DAY, small, 5);
    let first = book.0.iter().find_map(|entry| match &entry.body {
        EntryBody::Committed { about, amount_minor, .. } => {
            Some(((**about).clone(), *amount_minor))
        }
        _ => None,
    });
    let (first, amount_minor) = first.unwrap();
    book.take_back(1, 100 * NS_PER_DAY, first, amount_minor);
    let after = drawn(&book);
    assert_eq!(after.drawn, before.drawn);
    assert_eq!(after.picks, before.picks);
    assert_eq!(after.population_minor, before.population_minor);
    assert_eq!(after.taken_back_minor - before.taken_back_minor, i128::from(amount_minor));
    let whole = draw(
        &Facts::of(&book.0),
        3_200,
        u64::MAX,
        Digest::from_bytes([3; 32]),
        Draw::MonetaryUnit { interval },
    );
    assert_eq!((whole.population_minor, whole.taken_back_minor), (77_782, 77_005));
    assert_eq!(whole.picks[0].amount_minor, 77_777);
}
