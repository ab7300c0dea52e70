//! Rules about second persons.

use std::collections::BTreeMap;

use super::amounts::at_least;
use super::{Burst, Case, Episode, rate_of_others, whole};
use crate::findings::{Consult, ConsultEnd, Gift, GiftState, Rule};

/// A second person who approves one agent's wishes in full before anybody could have read them.
pub(super) fn rubber_stamp(case: &mut Case<'_>) {
    let set = case.parameters.rubber_stamp;
    let is_hit = |consult: &Consult| {
        consult.waited_ns < set.at_once_ns
            && matches!(consult.end, ConsultEnd::Approved(approved) if approved >= consult.asked)
    };
    let mut pairs: BTreeMap<(u32, u32), Vec<&Consult>> = BTreeMap::new();
    let mut all = (0, 0);
    for consult in &case.facts.consults {
        let gift = case.facts.gifts.get(consult.gift as usize);
        if let Some((approver, gift)) = consult.answered_by.zip(gift) {
            all = (all.0 + usize::from(is_hit(consult)), all.1 + 1);
            pairs.entry((approver, gift.agent)).or_default().push(consult);
        }
    }
    for ((approver, agent), consults) in pairs {
        let hits = consults.iter().filter(|consult| is_hit(consult)).count();
        let burst = Burst {
            window_ns: set.window_ns,
            least_count: set.least_count,
            chance_power: set.chance_power,
            rate: rate_of_others(all, (hits, consults.len())),
        };
        let things: Vec<(i64, bool)> =
            consults.iter().map(|consult| (consult.asked_at, is_hit(consult))).collect();
        for episode in burst.episodes(&things) {
            stamps_found(case, &consults, &episode, [approver, agent]);
        }
    }
}

fn stamps_found(case: &mut Case<'_>, consults: &[&Consult], episode: &Episode, people: [u32; 2]) {
    let (first, last) = (episode.hits.first().copied(), episode.hits.last().copied());
    let all = last.unwrap_or(0) + 1 - first.unwrap_or(0);
    let share = episode.hits.len() * 1_000 / all;
    if at_least(share, case.parameters.rubber_stamp.share_permille) {
        let positions = episode.hits.iter().filter_map(|hit| consults[*hit].positions.1);
        let why = vec![("count", whole(episode.hits.len())), ("share_permille", whole(share))];
        case.found((Rule::RubberStamp, episode.score()), positions, people, why);
    }
}

/// A refused wish for a customer that another second person approves, or that is given in parts.
pub(super) fn consult_shopping(case: &mut Case<'_>) {
    let set = case.parameters.consult_shopping;
    let facts = case.facts;
    let mut asked: BTreeMap<(u32, u32), Vec<(&Consult, &Gift)>> = BTreeMap::new();
    let mut given: BTreeMap<(u32, u32), Vec<&Gift>> = BTreeMap::new();
    for consult in &facts.consults {
        if let Some(gift) = facts.gifts.get(consult.gift as usize) {
            asked.entry((gift.agent, gift.customer)).or_default().push((consult, gift));
        }
    }
    for gift in facts.given() {
        given.entry((gift.agent, gift.customer)).or_default().push(gift);
    }
    for (pair, consults) in &asked {
        let Some((refused, wish)) =
            consults.iter().find(|(consult, _)| consult.end == ConsultEnd::Declined)
        else {
            continue;
        };
        let after = |at: i64| (1..=set.window_ns).contains(&(at - refused.ended_at));
        let is_same = |part: i64, permille: i64| part * 1_000 >= refused.asked * permille;
        let elsewhere = consults.iter().filter(|(consult, gift)| {
            after(consult.asked_at)
                && gift.currency == wish.currency
                && consult.answered_by != refused.answered_by
                && is_same(consult.asked, set.same_permille)
        });
        let mut positions: Vec<u64> = elsewhere
            .flat_map(|(consult, gift)| {
                let given = (gift.state == GiftState::Given).then_some(gift.position);
                [Some(consult.positions.0), consult.positions.1, given]
            })
            .flatten()
            .collect();
        let parts = given.get(pair).map_or(&[][..], Vec::as_slice).iter().filter(|gift| {
            after(gift.at)
                && gift.spend != wish.spend
                && gift.currency == wish.currency
                && !gift.is_approved
        });
        let parts: Vec<&&Gift> = parts.collect();
        let in_parts: i64 = parts.iter().map(|gift| gift.amount).sum();
        if parts.len() > 1 && is_same(in_parts, set.parts_permille) {
            positions.extend(parts.iter().map(|gift| gift.position));
        }
        if !positions.is_empty() {
            positions
                .extend([Some(refused.positions.0), refused.positions.1].into_iter().flatten());
            let why = vec![("refused_minor", refused.asked), ("in_parts_minor", in_parts)];
            case.found((Rule::ConsultShopping, 800), positions, [pair.0], why);
        }
    }
}
