//! Rules about who gives to whom.

use std::collections::{BTreeMap, BTreeSet};

use super::amounts::at_least;
use super::{Burst, Case, by_agent, positions, rate_of_others, whole};
use crate::findings::statistics::permille;
use crate::findings::{Gift, Rule};
use crate::time::NS_PER_DAY;

/// Any gesture to somebody with whom the agent shares a contact.
pub(super) fn self_dealing(case: &mut Case<'_>) {
    let set = case.parameters.self_dealing;
    if !case.context.knows_contacts() {
        case.not_applied(Rule::SelfDealing, None, "contacts_unknown", Vec::new());
        return;
    }
    for ((agent, customer), gifts) in pairs(case) {
        let people = case.facts.agent(agent).zip(case.facts.customers.get(customer as usize));
        let shares =
            people.is_some_and(|(agent, customer)| case.context.shares_contact(agent, *customer));
        if shares && at_least(gifts.len(), set.least_count) {
            let sum = gifts.iter().map(|gift| gift.amount).sum();
            let positions = positions(&gifts);
            case.found((Rule::SelfDealing, 1_000), positions, [agent], vec![("sum_minor", sum)]);
        }
    }
}

/// One customer who gets most from one agent, far more often than by chance.
pub(super) fn concentration(case: &mut Case<'_>) {
    let set = case.parameters.concentration;
    let by_agent = case.facts.given_by_agent();
    let total: usize = by_agent.iter().map(Vec::len).sum();
    let mut of_customer: BTreeMap<u32, usize> = BTreeMap::new();
    for gift in case.facts.given() {
        *of_customer.entry(gift.customer).or_default() += 1;
    }
    for ((agent, customer), gifts) in pairs(case) {
        let all = of_customer.get(&customer).copied().unwrap_or(0);
        let share = gifts.len() * 1_000 / all.max(1);
        if !at_least(gifts.len(), set.least_count) || !at_least(share, set.share_permille) {
            continue;
        }
        let own = by_agent.get(agent as usize).map_or(&[][..], Vec::as_slice);
        let burst = Burst {
            window_ns: set.window_ns,
            least_count: set.least_count,
            chance_power: set.chance_power,
            rate: rate_of_others((all, total), (gifts.len(), own.len())),
        };
        let things: Vec<(i64, bool)> =
            own.iter().map(|gift| (gift.at, gift.customer == customer)).collect();
        for episode in burst.episodes(&things) {
            let positions: Vec<u64> = episode.hits.iter().map(|hit| own[*hit].position).collect();
            let why = vec![
                ("count", whole(gifts.len())),
                ("share_permille", whole(share)),
                ("herfindahl_permille", herfindahl_permille(own)),
            ];
            case.found((Rule::Concentration, episode.score()), positions, [agent], why);
        }
    }
}

/// Gesture after gesture to customers from whom nothing had been heard for long.
///
/// The longer a ledger is, the more of its customers can have been silent for long: what is usual is
/// taken from the month in which most were.
pub(super) fn dormant(case: &mut Case<'_>) {
    let set = case.parameters.dormant;
    let mut last: BTreeMap<u32, i64> = BTreeMap::new();
    let mut woken = BTreeSet::new();
    let mut months: BTreeMap<i64, (usize, usize)> = BTreeMap::new();
    for gift in &case.facts.gifts {
        let before = last.insert(gift.customer, gift.at);
        let is_woken = before.is_some_and(|before| gift.at - before >= set.silent_ns);
        if is_woken {
            woken.insert(gift.position);
        }
        let month = months.entry(gift.at.div_euclid(30 * NS_PER_DAY)).or_default();
        *month = (month.0 + usize::from(is_woken), month.1 + 1);
    }
    let rates = months.values().map(|month| rate_of_others(*month, (0, 0)));
    let rate = rates.max_by(f64::total_cmp).unwrap_or(1.0);
    let (window_ns, least_count) = (set.window_ns, set.least_count);
    let burst = Burst { window_ns, least_count, chance_power: set.chance_power, rate };
    for (agent, gifts) in (0..).zip(case.facts.given_by_agent()) {
        let things: Vec<(i64, bool)> =
            gifts.iter().map(|gift| (gift.at, woken.contains(&gift.position))).collect();
        for episode in burst.episodes(&things) {
            let positions: Vec<u64> = episode.hits.iter().map(|hit| gifts[*hit].position).collect();
            let why = vec![("usual_permille", permille(rate))];
            case.found((Rule::Dormant, episode.score()), positions, [agent], why);
        }
    }
}

/// Gestures about which nothing was recorded, where others record something.
pub(super) fn no_outcome(case: &mut Case<'_>) {
    let set = case.parameters.no_outcome;
    let context = case.context;
    let is_known = |gift: &Gift| context.has_outcome(gift.spend).is_some();
    if !case.facts.given().any(is_known) {
        case.not_applied(Rule::NoOutcome, None, "outcomes_unknown", Vec::new());
        return;
    }
    by_agent(
        case,
        Rule::NoOutcome,
        (set.window_ns, set.least_count, set.chance_power),
        is_known,
        |gift| context.has_outcome(gift.spend) == Some(false),
    );
}

/// Agents who hardly ever give, and gestures that are hardly ever given.
pub(super) fn rare(case: &mut Case<'_>) {
    let set = case.parameters.rare;
    let facts = case.facts;
    let total = facts.given().count();
    if !at_least(total, set.least_gestures) {
        let numbers = vec![("count", whole(total)), ("needed", set.least_gestures)];
        case.not_applied(Rule::Rare, None, "too_few", numbers);
        return;
    }
    for (agent, gifts) in (0..).zip(facts.given_by_agent()) {
        if !gifts.is_empty() && !at_least(gifts.len(), set.agent_count + 1) {
            let why = vec![("agent_count", whole(gifts.len()))];
            let positions = positions(&gifts);
            case.found((Rule::Rare, 300), positions, [agent], why);
        }
    }
    let mut kinds: BTreeMap<u32, Vec<&Gift>> = BTreeMap::new();
    for gift in facts.given() {
        kinds.entry(gift.kind).or_default().push(gift);
    }
    for gifts in kinds.into_values() {
        if !at_least(gifts.len(), set.gesture_count + 1) {
            let why = vec![("gesture_count", whole(gifts.len()))];
            let positions = positions(&gifts);
            let agents: Vec<u32> = gifts.iter().map(|gift| gift.agent).collect();
            case.found((Rule::Rare, 300), positions, agents, why);
        }
    }
}

/// The gestures by agent and customer.
fn pairs<'a>(case: &Case<'a>) -> BTreeMap<(u32, u32), Vec<&'a Gift>> {
    let mut pairs: BTreeMap<(u32, u32), Vec<&Gift>> = BTreeMap::new();
    for gift in case.facts.given() {
        pairs.entry((gift.agent, gift.customer)).or_default().push(gift);
    }
    pairs
}

/// How concentrated gestures are on few customers: 1,000 is all on one.
fn herfindahl_permille(gifts: &[&Gift]) -> i64 {
    let mut tally: BTreeMap<u32, f64> = BTreeMap::new();
    for gift in gifts {
        *tally.entry(gift.customer).or_default() += 1.0;
    }
    let total: f64 = tally.values().sum();
    permille(tally.values().map(|own| own * own).sum::<f64>() / (total * total).max(1.0))
}
