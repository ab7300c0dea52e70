//! Rules about gestures that belong together: split, made again, or made twice.

use std::collections::{BTreeMap, BTreeSet};

use super::amounts::{at_least, usual_permille};
use super::{Case, positions, whole};
use crate::findings::{Gift, GiftState, Rule};
use crate::money::Currency;

/// Parts of one matter in several interactions, together above the cap on one.
pub(super) fn split(case: &mut Case<'_>) {
    let set = case.parameters.split;
    let is_part = |gift: &&Gift| {
        let cap = gift.interaction_cap.unwrap_or(0);
        !gift.is_approved && cap > 0 && gift.amount >= cap * set.part_permille / 1_000
    };
    let mut pairs: BTreeMap<(u32, u32, Currency), Vec<&Gift>> = BTreeMap::new();
    for gift in case.facts.given().filter(is_part) {
        pairs.entry((gift.agent, gift.customer, gift.currency)).or_default().push(gift);
    }
    for ((agent, _, _), gifts) in pairs {
        for parts in gifts.chunk_by(|one, next| next.at - one.at <= set.gap_ns) {
            split_found(case, agent, parts);
        }
    }
}

fn split_found(case: &mut Case<'_>, agent: u32, parts: &[&Gift]) {
    let set = case.parameters.split;
    let interactions: BTreeSet<_> = parts.iter().map(|gift| gift.interaction).collect();
    let sum: i64 = parts.iter().map(|gift| gift.amount).sum();
    let cap = parts.iter().filter_map(|gift| gift.interaction_cap).min().unwrap_or(0);
    let permille = sum.saturating_mul(1_000) / cap.max(1);
    if at_least(interactions.len(), set.least_count) && permille >= set.sum_permille {
        let score = u32::try_from(permille / 4).unwrap_or(1_000);
        let why = vec![("sum_minor", sum), ("cap_minor", cap)];
        case.found((Rule::Split, score), positions(parts), [agent], why);
    }
}

/// Rounds of releasing or taking back and making again, with one customer.
pub(super) fn void_and_reissue(case: &mut Case<'_>) {
    let set = case.parameters.void_and_reissue;
    let mut pairs: BTreeMap<(u32, u32), Vec<&Gift>> = BTreeMap::new();
    for gift in &case.facts.gifts {
        pairs.entry((gift.agent, gift.customer)).or_default().push(gift);
    }
    for ((agent, _), gifts) in pairs {
        let rounds: Vec<(&Gift, &Gift)> = gifts
            .windows(2)
            .filter_map(|pair| match pair {
                [one, next] if is_made_again(one, next, set.again_ns) => Some((*one, *next)),
                _ => None,
            })
            .collect();
        let is_on =
            |one: &(&Gift, &Gift), next: &(&Gift, &Gift)| next.0.at - one.0.at <= set.window_ns;
        let runs = rounds.chunk_by(is_on).filter(|run| at_least(run.len(), set.least_count));
        for run in runs {
            let rounds = whole(run.len());
            let score = u32::try_from(rounds * 150).unwrap_or(1_000);
            let positions = run.iter().flat_map(positions_of_round);
            case.found((Rule::VoidAndReissue, score), positions, [agent], vec![("rounds", rounds)]);
        }
    }
}

fn positions_of_round((one, next): &(&Gift, &Gift)) -> Vec<u64> {
    let ended = one.ended.map(|(_, position)| position);
    [Some(one.position), ended, Some(next.position)].into_iter().flatten().collect()
}

fn is_made_again(one: &Gift, next: &Gift, again_ns: i64) -> bool {
    let is_undone = matches!(one.state, GiftState::Released | GiftState::TakenBack);
    let is_soon = one.ended.is_some_and(|(at, _)| (0..=again_ns).contains(&(next.at - at)));
    // A wish that a second person refused is another rule's.
    is_undone && is_soon && one.kind == next.kind && one.currency == next.currency
}

/// The same gesture for the same customer within days, for a sum that is nobody's price.
pub(super) fn duplicate(case: &mut Case<'_>) {
    let set = case.parameters.duplicate;
    let usual = usual_permille(case.facts);
    let mut same: BTreeMap<(u32, u32, Currency, i64), Vec<&Gift>> = BTreeMap::new();
    for gift in case.facts.given() {
        let share = usual.get(&(gift.kind, gift.currency, gift.amount)).copied().unwrap_or(0);
        if share <= set.usual_permille {
            let key = (gift.customer, gift.kind, gift.currency, gift.amount);
            same.entry(key).or_default().push(gift);
        }
    }
    for ((_, _, _, amount), gifts) in same {
        let runs = gifts.chunk_by(|one, next| next.at - one.at <= set.window_ns);
        for run in runs.filter(|run| run.len() > 1) {
            let times = whole(run.len());
            let score = u32::try_from(400 + times * 200).unwrap_or(1_000);
            let why = vec![("amount_minor", amount), ("times", times)];
            let agents: Vec<u32> = run.iter().map(|gift| gift.agent).collect();
            case.found((Rule::Duplicate, score), positions(run), agents, why);
        }
    }
}
