//! Rules about amounts: just below a limit, round, or the same again and again.

use std::collections::{BTreeMap, BTreeSet};

use super::{Burst, Case, Episode, by_agent, positions, rate_of_others, whole};
use crate::findings::parameters::SameAmount;
use crate::findings::{Facts, Gift, Rule};
use crate::money::Currency;

/// Sum after sum in the last tenth below a cap, without a second person.
pub(super) fn just_below_limit(case: &mut Case<'_>) {
    let set = case.parameters.just_below_limit;
    let near = set.near_permille;
    by_agent(
        case,
        Rule::JustBelowLimit,
        (set.window_ns, set.least_count, set.chance_power),
        |gift| !gift.is_approved,
        |gift| (near..=1_000).contains(&gift.near_permille),
    );
}

/// Large sums that are round, where sums are free.
pub(super) fn round_amounts(case: &mut Case<'_>) {
    let set = case.parameters.round_amounts;
    by_agent(
        case,
        Rule::RoundAmounts,
        (set.window_ns, set.least_count, set.chance_power),
        |gift| !gift.is_approved && gift.amount >= minor(gift.currency, set.least_major),
        |gift| gift.amount.rem_euclid(minor(gift.currency, set.multiple_major).max(1)) == 0,
    );
}

/// One sum to many customers, which others hardly give.
pub(super) fn same_amount(case: &mut Case<'_>) {
    let set = case.parameters.same_amount;
    let facts = case.facts;
    let of_house = tally(facts.given());
    let total: usize = of_house.values().sum();
    for (agent, gifts) in (0..).zip(facts.given_by_agent()) {
        let own = tally(gifts.iter().copied());
        let often = own.iter().filter(|(_, times)| at_least(**times, set.least_count));
        for (amount, times) in often {
            let all = of_house.get(amount).copied().unwrap_or(0);
            let rate = rate_of_others((all, total), (*times, gifts.len()));
            same_amount_of(case, agent, &gifts, (*amount, rate));
        }
    }
}

fn same_amount_of(
    case: &mut Case<'_>,
    agent: u32,
    gifts: &[&Gift],
    (amount, rate): ((Currency, i64), f64),
) {
    let SameAmount { window_ns, least_count, chance_power } = case.parameters.same_amount;
    let burst = Burst { window_ns, least_count, chance_power, rate };
    let things: Vec<(i64, bool)> =
        gifts.iter().map(|gift| (gift.at, key(gift) == amount)).collect();
    for episode in burst.episodes(&things) {
        let hits: Vec<&Gift> = episode.hits.iter().map(|hit| gifts[*hit]).collect();
        same_amount_found(case, agent, &hits, &episode);
    }
}

fn same_amount_found(case: &mut Case<'_>, agent: u32, hits: &[&Gift], episode: &Episode) {
    let customers: BTreeSet<u32> = hits.iter().map(|gift| gift.customer).collect();
    if at_least(customers.len(), case.parameters.same_amount.least_count) {
        let why = vec![
            ("amount_minor", hits.first().map_or(0, |gift| gift.amount)),
            ("customers", whole(customers.len())),
        ];
        let positions = positions(hits);
        case.found((Rule::SameAmount, episode.score()), positions, [agent], why);
    }
}

/// How often each amount was given.
fn tally<'a>(gifts: impl Iterator<Item = &'a Gift>) -> BTreeMap<(Currency, i64), usize> {
    let mut tally = BTreeMap::new();
    for gift in gifts {
        *tally.entry(key(gift)).or_default() += 1;
    }
    tally
}

fn key(gift: &Gift) -> (Currency, i64) {
    (gift.currency, gift.amount)
}

/// How often each amount was given as each kind of gesture, in thousandths of that kind.
pub(super) fn usual_permille(facts: &Facts) -> BTreeMap<(u32, Currency, i64), i64> {
    let mut kinds: BTreeMap<(u32, Currency), i64> = BTreeMap::new();
    let mut amounts: BTreeMap<(u32, Currency, i64), i64> = BTreeMap::new();
    for gift in facts.given() {
        *kinds.entry((gift.kind, gift.currency)).or_default() += 1;
        *amounts.entry((gift.kind, gift.currency, gift.amount)).or_default() += 1;
    }
    let part = |(key, times): ((u32, Currency, i64), i64)| {
        let all = kinds.get(&(key.0, key.1)).copied().unwrap_or(1).max(1);
        (key, times * 1_000 / all)
    };
    amounts.into_iter().map(part).collect()
}

pub(super) fn at_least(things: usize, least: i64) -> bool {
    whole(things) >= least
}

fn minor(currency: Currency, major: i64) -> i64 {
    (0..currency.exponent()).fold(major, |amount, _| amount.saturating_mul(10))
}
