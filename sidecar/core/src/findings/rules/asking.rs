//! Rules about second persons.

use std::collections::{BTreeMap, BTreeSet};

use super::amounts::at_least;
use super::{Burst, Case, Episode, rate_of_others, whole};
use crate::findings::parameters::ConsultShopping;
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
///
/// Every refusal is looked at; what follows one and leads to the next is one finding.
pub(super) fn consult_shopping(case: &mut Case<'_>) {
    let set = case.parameters.consult_shopping;
    let facts = case.facts;
    let mut asked: BTreeMap<(u32, u32), Vec<Wish<'_>>> = BTreeMap::new();
    let mut given: BTreeMap<(u32, u32), Vec<&Gift>> = BTreeMap::new();
    for consult in &facts.consults {
        if let Some(gift) = facts.gifts.get(consult.gift as usize) {
            asked.entry((gift.agent, gift.customer)).or_default().push((consult, gift));
        }
    }
    for gift in facts.given() {
        given.entry((gift.agent, gift.customer)).or_default().push(gift);
    }
    for (pair, wishes) in &asked {
        let given = given.get(pair).map_or(&[][..], Vec::as_slice);
        for Shopping { positions, refused_minor, in_parts_minor } in tours(set, wishes, given) {
            let why = vec![("refused_minor", refused_minor), ("in_parts_minor", in_parts_minor)];
            case.found((Rule::ConsultShopping, 800), positions, [pair.0], why);
        }
    }
}

/// What followed the refusals of one agent's wishes for a customer, each way of its own.
fn tours(set: ConsultShopping, wishes: &[Wish<'_>], given: &[&Gift]) -> Vec<Shopping> {
    let is_refused = |(consult, _): &&Wish<'_>| consult.end == ConsultEnd::Declined;
    let mut tours: Vec<Shopping> = Vec::new();
    for refused in wishes.iter().filter(is_refused) {
        let Some(next) = Shopping::after(set, *refused, (wishes, given)) else {
            continue;
        };
        match tours.last_mut() {
            Some(last) if !last.positions.is_disjoint(&next.positions) => last.add(next),
            _ => tours.push(next),
        }
    }
    tours
}

/// What was asked, with its gesture.
type Wish<'a> = (&'a Consult, &'a Gift);

/// What followed a refusal.
struct Shopping {
    positions: BTreeSet<u64>,
    refused_minor: i64,
    in_parts_minor: i64,
}

impl Shopping {
    /// What followed one refusal; `None` where nothing did that speaks of shopping.
    fn after(
        set: ConsultShopping,
        (refused, wish): Wish<'_>,
        (wishes, given): (&[Wish<'_>], &[&Gift]),
    ) -> Option<Self> {
        let after = |at: i64| (1..=set.window_ns).contains(&(at - refused.ended_at));
        let is_same = |part: i64, permille: i64| part * 1_000 >= refused.asked * permille;
        let elsewhere = wishes.iter().filter(|(consult, gift)| {
            after(consult.asked_at)
                && gift.currency == wish.currency
                && consult.answered_by != refused.answered_by
                && is_same(consult.asked, set.same_permille)
        });
        let mut positions: BTreeSet<u64> = elsewhere
            .flat_map(|(consult, gift)| {
                let given = (gift.state == GiftState::Given).then_some(gift.position);
                [Some(consult.positions.0), consult.positions.1, given]
            })
            .flatten()
            .collect();
        let is_part = |gift: &&&Gift| {
            after(gift.at)
                && gift.spend != wish.spend
                && gift.currency == wish.currency
                && !gift.is_approved
        };
        let parts: Vec<&&Gift> = given.iter().filter(is_part).collect();
        let in_parts_minor: i64 = parts.iter().map(|gift| gift.amount).sum();
        if parts.len() > 1 && is_same(in_parts_minor, set.parts_permille) {
            positions.extend(parts.iter().map(|gift| gift.position));
        }
        if positions.is_empty() {
            return None;
        }
        positions.extend([Some(refused.positions.0), refused.positions.1].into_iter().flatten());
        Some(Self { positions, refused_minor: refused.asked, in_parts_minor })
    }

    /// What followed another refusal on the way is part of it.
    fn add(&mut self, next: Self) {
        self.positions.extend(next.positions);
        self.refused_minor = self.refused_minor.max(next.refused_minor);
        self.in_parts_minor = self.in_parts_minor.max(next.in_parts_minor);
    }
}
