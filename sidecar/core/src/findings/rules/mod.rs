//! The rules, by what they look at.

mod amounts;
mod asking;
mod moments;
mod peers;
mod people;
mod repeats;

pub use peers::{Funnel, FunnelPoint, funnel};

use super::statistics::{binomial_tail, count, score_of_chance};
use super::{Context, Facts, Finding, Gift, NotApplied, Parameters, Report, Rule};
use crate::ids::AgentPid;

/// What a rule works with.
struct Case<'a> {
    facts: &'a Facts,
    parameters: &'a Parameters,
    context: &'a dyn Context,
    report: &'a mut Report,
}

/// Applies one rule.
pub(super) fn apply(
    rule: Rule,
    facts: &Facts,
    parameters: &Parameters,
    context: &dyn Context,
    report: &mut Report,
) {
    let mut case = Case { facts, parameters, context, report };
    match rule {
        Rule::JustBelowLimit => amounts::just_below_limit(&mut case),
        Rule::Split => repeats::split(&mut case),
        Rule::SelfDealing => people::self_dealing(&mut case),
        Rule::Concentration => people::concentration(&mut case),
        Rule::Velocity => moments::velocity(&mut case),
        Rule::PeerOutlier => peers::peer_outlier(&mut case),
        Rule::Digits => peers::digits(&mut case),
        Rule::RoundAmounts => amounts::round_amounts(&mut case),
        Rule::OffShift => moments::off_shift(&mut case),
        Rule::VoidAndReissue => repeats::void_and_reissue(&mut case),
        Rule::RubberStamp => asking::rubber_stamp(&mut case),
        Rule::BackDated => moments::back_dated(&mut case),
        Rule::Rare => people::rare(&mut case),
        Rule::ConsultShopping => asking::consult_shopping(&mut case),
        Rule::Dormant => people::dormant(&mut case),
        Rule::NoOutcome => people::no_outcome(&mut case),
        Rule::Duplicate => repeats::duplicate(&mut case),
        Rule::SameAmount => amounts::same_amount(&mut case),
    }
}

impl Case<'_> {
    fn found(
        &mut self,
        (rule, score): (Rule, u32),
        positions: impl IntoIterator<Item = u64>,
        agents: impl IntoIterator<Item = u32>,
        why: Vec<(&'static str, i64)>,
    ) {
        let agents: Vec<AgentPid> =
            agents.into_iter().filter_map(|index| self.facts.agent(index)).collect();
        self.report.findings.push(Finding::new(rule, score, positions, agents, why));
    }

    fn not_applied(
        &mut self,
        rule: Rule,
        agent: Option<u32>,
        why: &'static str,
        numbers: Vec<(&'static str, i64)>,
    ) {
        let agent = agent.and_then(|index| self.facts.agent(index));
        self.report.not_applied.push(NotApplied { rule, agent, why, numbers });
    }
}

/// What makes a run of hits worth a finding.
#[derive(Debug, Clone, Copy)]
struct Burst {
    window_ns: i64,
    least_count: i64,
    /// Ten to the minus this is the chance that must not be reached.
    chance_power: i64,
    /// The chance of a hit by the others.
    rate: f64,
}

/// A run of hits that chance does not explain.
struct Episode {
    /// The hits, as indices of the things looked at.
    hits: Vec<usize>,
    /// The least chance of its windows.
    chance: f64,
}

impl Burst {
    /// The episodes among things in order of time, each with its time and whether it is a hit.
    fn episodes(&self, things: &[(i64, bool)]) -> Vec<Episode> {
        let hits: Vec<usize> = (0..things.len()).filter(|at| things[*at].1).collect();
        let limit = power(self.chance_power);
        let mut windows = Vec::new();
        let mut oldest = 0;
        for (last, hit) in hits.iter().enumerate() {
            let now = things[*hit].0;
            let is_old = |at: i64| at <= now - self.window_ns;
            oldest += hits[oldest..].partition_point(|hit| is_old(things[*hit].0));
            let inside = &hits[oldest..=last];
            let from = things.partition_point(|(at, _)| is_old(*at));
            let chance = self.chance(hit + 1 - from, inside.len());
            windows.push((inside, chance));
        }
        let mut episodes = Vec::new();
        for (inside, chance) in windows.into_iter().filter(|(_, chance)| *chance < limit) {
            add(&mut episodes, inside, chance);
        }
        episodes
    }

    /// The chance of so many hits among so many things; 1 for fewer than are worth a look.
    fn chance(&self, trials: usize, hits: usize) -> f64 {
        let count = |things: usize| u32::try_from(things).unwrap_or(u32::MAX);
        if i64::from(count(hits)) < self.least_count {
            return 1.0;
        }
        binomial_tail(count(trials), count(hits), self.rate)
    }
}

/// Adds hits as an episode, or to the last one where they overlap.
fn add(episodes: &mut Vec<Episode>, inside: &[usize], chance: f64) {
    let first = inside.first().copied().unwrap_or(0);
    if let Some(last) = episodes.last_mut()
        && last.hits.last().is_some_and(|hit| *hit >= first)
    {
        let after = last.hits.last().copied().unwrap_or(0);
        last.hits.extend(inside.iter().copied().filter(|hit| *hit > after));
        last.chance = last.chance.min(chance);
        return;
    }
    episodes.push(Episode { hits: inside.to_vec(), chance });
}

impl Episode {
    fn score(&self) -> u32 {
        score_of_chance(self.chance)
    }
}

/// The positions of gestures.
fn positions(gifts: &[&Gift]) -> Vec<u64> {
    gifts.iter().map(|gift| gift.position).collect()
}

/// A count as a number of a finding.
fn whole(things: usize) -> i64 {
    i64::try_from(things).unwrap_or(i64::MAX)
}

/// Ten to the minus this.
fn power(negative: i64) -> f64 {
    (0..negative).fold(1.0, |value, _| value / 10.0)
}

/// The rate of hits among all but some, a little above zero where there are none.
fn rate_of_others(all: (usize, usize), own: (usize, usize)) -> f64 {
    let hits = count(all.0.saturating_sub(own.0)) + 1.0;
    let trials = count(all.1.saturating_sub(own.1)) + 2.0;
    hits / trials
}

/// Looks for episodes of hits in the gestures of each agent, by the rate of all others.
fn by_agent(
    case: &mut Case<'_>,
    rule: Rule,
    (window_ns, least_count, chance_power): (i64, i64, i64),
    counts: impl Fn(&Gift) -> bool,
    is_hit: impl Fn(&Gift) -> bool,
) {
    let facts = case.facts;
    let by_agent: Vec<Vec<&Gift>> = facts
        .given_by_agent()
        .into_iter()
        .map(|gifts| gifts.into_iter().filter(|gift| counts(gift)).collect())
        .collect();
    let tally = |gifts: &[&Gift]| (gifts.iter().filter(|gift| is_hit(gift)).count(), gifts.len());
    let all = by_agent
        .iter()
        .map(|gifts| tally(gifts))
        .fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
    for (agent, gifts) in (0..).zip(&by_agent) {
        let rate = rate_of_others(all, tally(gifts));
        let burst = Burst { window_ns, least_count, chance_power, rate };
        let things: Vec<(i64, bool)> = gifts.iter().map(|gift| (gift.at, is_hit(gift))).collect();
        for episode in burst.episodes(&things) {
            let positions = episode.hits.iter().map(|hit| gifts[*hit].position);
            let why = vec![
                ("count", whole(episode.hits.len())),
                ("others_permille", super::statistics::permille(rate)),
            ];
            case.found((rule, episode.score()), positions, [agent], why);
        }
    }
}
