//! Agents beside their peers, fairly: what each gave beyond what the same reasons and gestures cost
//! on the whole, with limits that widen where there are few gifts.
#![expect(
    clippy::cast_precision_loss,
    reason = "statistics are estimates; the sums that they are made of stay exact until here"
)]

use std::collections::BTreeMap;

use makegood_core::ids::AgentPid;
use makegood_core::money::Currency;

use super::figures::{Cell, Figures, Gifts};

/// Nobody is shown with fewer gifts: a mean of four says nothing about a person.
pub(super) const LEAST_GIFTS: u64 = 5;
/// The share of agents at each end that counts in the over-dispersion as the next one does.
const WINSORISED: f64 = 0.1;

/// The peers of one currency.
#[derive(Debug, Default)]
pub(super) struct Peers {
    /// Those with gifts enough, by pseudonym.
    pub(super) points: Vec<Point>,
    /// The standard deviation of one gift around what is expected of it, in minor units, widened by
    /// the over-dispersion between agents.
    pub(super) spread_minor: f64,
    /// The over-dispersion: how much more agents differ than chance alone would have it; at least 1.
    pub(super) dispersion: f64,
    /// How many agents have too few gifts to be shown.
    pub(super) hidden_count: usize,
}

/// One agent.
#[derive(Debug, Clone)]
pub(super) struct Point {
    /// Who.
    pub(super) agent: AgentPid,
    /// How many gifts.
    pub(super) count: u64,
    /// What they gave beyond the expected, in minor units a gift.
    pub(super) excess_minor: f64,
}

/// Compares the agents of a currency.
pub(super) fn peers(figures: &Figures, currency: Currency) -> Peers {
    let agents = figures.gifts.iter().filter(|((of, _), _)| *of == currency);
    let agents: Vec<_> = agents.map(|((_, agent), cells)| (*agent, cells)).collect();
    let expected = means(agents.iter().map(|(_, cells)| *cells));
    let (mut squares, mut total) = (0.0, 0_u64);
    let mut points = Vec::new();
    for (agent, cells) in &agents {
        let (mut count, mut excess) = (0_u64, 0.0);
        for (cell, gifts) in *cells {
            let mean = expected.get(cell).copied().unwrap_or_default();
            count += gifts.count;
            excess += gifts.sum as f64 - mean * gifts.count as f64;
            squares += around(gifts, mean);
        }
        total += count;
        points.push(Point { agent: *agent, count, excess_minor: excess / count.max(1) as f64 });
    }
    let freedom = total.saturating_sub(expected.len() as u64).max(1);
    let deviation = (squares / freedom as f64).sqrt();
    let agent_count = points.len();
    points.retain(|point| point.count >= LEAST_GIFTS);
    let dispersion = dispersion(&points, deviation);
    Peers {
        hidden_count: agent_count - points.len(),
        points,
        spread_minor: deviation * dispersion.sqrt(),
        dispersion,
    }
}

impl Peers {
    /// How far from the expected chance alone takes the mean of so many gifts, at `z` standard
    /// errors, in minor units.
    pub(super) fn limit_minor(&self, z: f64, count: f64) -> f64 {
        z * self.spread_minor / count.sqrt()
    }
}

/// The mean of each kind of gift over all agents.
fn means<'a>(agents: impl Iterator<Item = &'a BTreeMap<Cell, Gifts>>) -> BTreeMap<Cell, f64> {
    let mut sums: BTreeMap<Cell, Gifts> = BTreeMap::new();
    for (cell, gifts) in agents.flatten() {
        let sum = sums.entry(cell.clone()).or_default();
        sum.count += gifts.count;
        sum.sum += gifts.sum;
    }
    let mean = |gifts: Gifts| gifts.sum as f64 / gifts.count.max(1) as f64;
    sums.into_iter().map(|(cell, gifts)| (cell, mean(gifts))).collect()
}

/// The sum of the squares around a mean.
fn around(gifts: &Gifts, mean: f64) -> f64 {
    let squares = gifts.squares as f64 - 2.0 * mean * gifts.sum as f64;
    (squares + mean * mean * gifts.count as f64).max(0.0)
}

/// The mean square of the agents' z-scores, the most extreme ones drawn in.
fn dispersion(points: &[Point], deviation: f64) -> f64 {
    if deviation <= 0.0 || points.len() < 2 {
        return 1.0;
    }
    let score = |point: &Point| point.excess_minor * (point.count as f64).sqrt() / deviation;
    let mut scores: Vec<f64> = points.iter().map(score).collect();
    scores.sort_by(f64::total_cmp);
    let (low, high) = (quantile(&scores, WINSORISED), quantile(&scores, 1.0 - WINSORISED));
    let squares = scores.iter().map(|score| score.clamp(low, high).powi(2)).sum::<f64>();
    (squares / scores.len() as f64).max(1.0)
}

/// The value below which this share of sorted values lies.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a length is between zero and the length"
)]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = (share * last as f64).round() as usize;
    sorted.get(index.min(last)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::period::Period;

    fn agent(number: u8) -> AgentPid {
        AgentPid::from_bytes([number; 15])
    }

    /// Each agent's gifts, all of one kind.
    fn figures(agents: &[(u8, &[i128])]) -> Figures {
        let day = "2026-01-01".parse().unwrap();
        let mut figures = Figures::of(Period::new(day, day).unwrap());
        for (number, gifts) in agents {
            let gifts = Gifts {
                count: gifts.len() as u64,
                sum: gifts.iter().sum(),
                squares: gifts.iter().map(|gift| gift * gift).sum(),
            };
            let cells = BTreeMap::from([((None, None), gifts)]);
            figures.gifts.insert((Currency::USD, agent(*number)), cells);
        }
        figures
    }

    #[test]
    fn shows_nobody_with_few_gifts_and_measures_all_against_the_same_mean() {
        let figures = figures(&[(1, &[100; 6]), (2, &[200; 6]), (3, &[150; 4])]);
        let peers = peers(&figures, Currency::USD);
        assert_eq!(peers.hidden_count, 1);
        let excess: Vec<_> = peers.points.iter().map(|it| (it.agent, it.excess_minor)).collect();
        assert_eq!(excess, [(agent(1), -50.0), (agent(2), 50.0)]);
    }

    #[test]
    fn widens_the_limits_where_agents_differ_more_than_chance_would_have_it() {
        let steady: &[i128] = &[90, 110, 90, 110, 90, 110];
        let alike = figures(&[(1, steady), (2, steady), (3, steady)]);
        let alike = peers(&alike, Currency::USD);
        assert!((alike.dispersion - 1.0).abs() < 1e-9, "{alike:?}");
        let apart = figures(&[(1, &[10; 6]), (2, steady), (3, &[190; 6])]);
        let apart = peers(&apart, Currency::USD);
        assert!(apart.dispersion > 1.5, "{apart:?}");
        assert!(apart.limit_minor(1.96, 6.0) > alike.limit_minor(1.96, 6.0));
        assert!(apart.limit_minor(1.96, 6.0) > apart.limit_minor(1.96, 24.0));
    }

    #[test]
    fn compares_nothing_where_nothing_was_given() {
        let none = peers(&figures(&[]), Currency::USD);
        assert!(none.points.is_empty() && none.spread_minor.abs() < 1e-9);
    }
}
