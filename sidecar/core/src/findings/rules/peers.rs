//! Rules that compare an agent with peers, fairly for small numbers.

use std::collections::BTreeMap;

use super::amounts::at_least;
use super::{Case, positions, whole};
use crate::findings::statistics::{benford_conformity, count, float, permille};
use crate::findings::{Facts, Gift, Rule};
use crate::ids::AgentPid;
use crate::money::Currency;

/// The standard normal deviates of 95 % and 99.9 %, both sides.
const NORMAL_95: f64 = 1.959_964;
const NORMAL_999: f64 = 3.290_527;

/// How much agents give, compared like with like, and what chance allows.
///
/// Each gesture counts as its amount over the house's mean for the same reason, gesture and
/// currency, so that nobody stands out by the matters they are given; what second persons approved
/// is left out. Means are drawn to that of all by how little is known (empirical Bayes), and the
/// limits of the funnel are widened by the over-dispersion of the house.
#[derive(Debug, Clone, PartialEq)]
pub struct Funnel {
    /// The mean of all, by weight of what is known of each.
    pub mean: f64,
    /// The over-dispersion, at least 1.
    pub dispersion: f64,
    /// The agents, in the order of their first entry.
    pub points: Vec<FunnelPoint>,
}

/// One agent in a funnel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FunnelPoint {
    /// Who.
    pub agent: AgentPid,
    /// How many gestures.
    pub count: u32,
    /// The mean as it is: 1 is the house's mean for the same matters.
    pub raw_mean: f64,
    /// The mean drawn to that of all.
    pub mean: f64,
    /// How far the mean of so many gestures may lie from that of all in 95 of 100 cases.
    pub limit_95: f64,
    /// The same in 999 of 1,000.
    pub limit_999: f64,
    index: u32,
}

/// Compares agents; `None` where there are fewer than three.
pub fn funnel(facts: &Facts) -> Option<Funnel> {
    let by_agent = ratios(facts);
    let groups: Vec<(u32, &Vec<f64>)> =
        (0..).zip(&by_agent).filter(|(_, own)| !own.is_empty()).collect();
    let total: f64 = groups.iter().map(|(_, own)| count(own.len())).sum();
    let group_count = count(groups.len());
    if groups.len() < 3 || total <= group_count {
        return None;
    }
    let means: Vec<(f64, f64)> = groups
        .iter()
        .map(|(_, own)| (count(own.len()), own.iter().sum::<f64>() / count(own.len())))
        .collect();
    let all = means.iter().map(|(n, mean)| n * mean).sum::<f64>() / total;
    let within = groups.iter().zip(&means).map(|((_, own), (_, mean))| {
        own.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>()
    });
    let variance = within.sum::<f64>() / (total - group_count);
    let between = means.iter().map(|(n, mean)| n * (mean - all) * (mean - all)).sum::<f64>();
    let squares: f64 = means.iter().map(|(n, _)| n * n).sum();
    let usual_count = (total - squares / total) / (group_count - 1.0);
    let spread = ((between / (group_count - 1.0) - variance) / usual_count).max(0.0);
    let known = |n: f64| if spread > 0.0 { spread / (spread + variance / n) } else { 0.0 };
    let weights: f64 = means.iter().map(|(n, _)| known(*n)).sum();
    let mean = if weights > 0.0 {
        means.iter().map(|(n, mean)| known(*n) * mean).sum::<f64>() / weights
    } else {
        all
    };
    let dispersion = dispersion(&means, mean, variance);
    let points = groups.iter().zip(&means).filter_map(|((index, own), (n, raw_mean))| {
        let error = (dispersion * variance / n).sqrt();
        Some(FunnelPoint {
            agent: facts.agent(*index)?,
            count: u32::try_from(own.len()).unwrap_or(u32::MAX),
            raw_mean: *raw_mean,
            mean: mean + known(*n) * (raw_mean - mean),
            limit_95: NORMAL_95 * error,
            limit_999: NORMAL_999 * error,
            index: *index,
        })
    });
    Some(Funnel { mean, dispersion, points: points.collect() })
}

/// How much more the agents differ than chance makes them: the mean of the squared z-scores, the
/// tenth at each end drawn in (D. Spiegelhalter, 2005).
fn dispersion(means: &[(f64, f64)], mean: f64, variance: f64) -> f64 {
    let mut scores: Vec<f64> =
        means.iter().map(|(n, own)| (own - mean) / (variance / n).sqrt().max(1e-12)).collect();
    scores.sort_by(f64::total_cmp);
    let cut = scores.len() / 10;
    let (Some(least), Some(most)) =
        (scores.get(cut).copied(), scores.get(scores.len() - 1 - cut).copied())
    else {
        return 1.0;
    };
    let squares = scores.iter().map(|score| {
        let score = score.clamp(least, most);
        score * score
    });
    (squares.sum::<f64>() / count(scores.len())).max(1.0)
}

/// Each gesture's amount over the house's mean for its matter, by agent.
fn ratios(facts: &Facts) -> Vec<Vec<f64>> {
    let is_own = |gift: &&Gift| !gift.is_approved;
    let mut cells: BTreeMap<(u32, Currency), (f64, f64)> = BTreeMap::new();
    for gift in facts.given().filter(is_own) {
        let cell = cells.entry((gift.kind, gift.currency)).or_default();
        *cell = (cell.0 + float(gift.amount), cell.1 + 1.0);
    }
    let mut by_agent = vec![Vec::new(); facts.agents.len()];
    for gift in facts.given().filter(is_own) {
        let (sum, times) = cells.get(&(gift.kind, gift.currency)).copied().unwrap_or((1.0, 1.0));
        if let Some(own) = by_agent.get_mut(gift.agent as usize) {
            own.push(float(gift.amount) / (sum / times).max(1.0));
        }
    }
    by_agent
}

/// Agents who give more than peers for the same matters, beyond what chance and the house's own
/// spread explain.
pub(super) fn peer_outlier(case: &mut Case<'_>) {
    let set = case.parameters.peer_outlier;
    let Some(funnel) = funnel(case.facts) else {
        case.not_applied(Rule::PeerOutlier, None, "too_few_agents", vec![("needed", 3)]);
        return;
    };
    let by_agent = case.facts.given_by_agent();
    for point in &funnel.points {
        if i64::from(point.count) < set.least_count {
            let numbers = vec![("count", i64::from(point.count)), ("needed", set.least_count)];
            case.not_applied(Rule::PeerOutlier, Some(point.index), "too_few", numbers);
            continue;
        }
        let error = point.limit_999 / NORMAL_999;
        let errors = (point.raw_mean - funnel.mean) / error.max(1e-12);
        let ratio = point.mean / funnel.mean.max(1e-12);
        let is_above = permille(errors) >= set.errors_permille;
        if !is_above || permille(ratio) < set.ratio_permille {
            continue;
        }
        let gifts = by_agent.get(point.index as usize).into_iter().flatten();
        let positions: Vec<u64> = gifts.map(|gift| gift.position).collect();
        let why = vec![
            ("count", i64::from(point.count)),
            ("ratio_permille", permille(ratio)),
            ("errors_permille", permille(errors)),
        ];
        let score = u32::try_from(permille(errors) / 10).unwrap_or(1_000);
        case.found((Rule::PeerOutlier, score), positions, [point.index], why);
    }
}

/// Agents whose first digits do not fall as those of free amounts do; only where those of the house
/// do.
pub(super) fn digits(case: &mut Case<'_>) {
    let set = case.parameters.digits;
    let facts = case.facts;
    let amounts = |gifts: &mut dyn Iterator<Item = &Gift>| -> Vec<i64> {
        let mut amounts: Vec<i64> = gifts.map(|gift| gift.amount).collect();
        amounts.sort_unstable();
        amounts
    };
    let house = amounts(&mut facts.given());
    if let Err((why, numbers)) = benford_applies(&house, &set) {
        case.not_applied(Rule::Digits, None, why, numbers);
        return;
    }
    for (agent, gifts) in (0..).zip(facts.given_by_agent()) {
        let own = amounts(&mut gifts.iter().copied());
        if !at_least(own.len(), set.least_count) {
            let numbers = vec![("count", whole(own.len())), ("needed", set.least_count)];
            case.not_applied(Rule::Digits, Some(agent), "too_few", numbers);
            continue;
        }
        let (_, deviation) = benford_conformity(own.iter().copied());
        if deviation > set.deviation_millionths {
            let positions = positions(&gifts);
            let score = u32::try_from(deviation / 50).unwrap_or(1_000);
            let why = vec![("count", whole(own.len())), ("deviation_millionths", deviation)];
            case.found((Rule::Digits, score), positions, [agent], why);
        }
    }
}

/// A code and the numbers behind it.
type WhyNot = (&'static str, Vec<(&'static str, i64)>);

/// Why Benford's law cannot be expected of sorted amounts: too few, bound to a narrow range, fixed
/// prices among them, or a house that does not follow it itself.
fn benford_applies(
    amounts: &[i64],
    set: &crate::findings::parameters::Digits,
) -> Result<(), WhyNot> {
    let total = whole(amounts.len());
    if total < set.least_count {
        return Err(("too_few", vec![("count", total), ("needed", set.least_count)]));
    }
    let at = |percent: usize| amounts.get(amounts.len() * percent / 100).copied().unwrap_or(1);
    let spread = at(99) / at(1).max(1);
    if spread < set.least_spread {
        return Err(("narrow_range", vec![("spread", spread), ("needed", set.least_spread)]));
    }
    let most_common = amounts.chunk_by(|one, next| one == next).map(<[i64]>::len).max();
    let share = i64::try_from(most_common.unwrap_or(0)).unwrap_or(0) * 1_000 / total.max(1);
    if share > set.most_common_permille {
        let numbers = vec![("share_permille", share), ("most", set.most_common_permille)];
        return Err(("fixed_prices", numbers));
    }
    let (_, deviation) = benford_conformity(amounts.iter().copied());
    if deviation > set.deviation_millionths {
        let numbers = vec![("deviation_millionths", deviation), ("most", set.deviation_millionths)];
        return Err(("house_does_not_conform", numbers));
    }
    Ok(())
}
