//! Rules about time: bursts, hours outside the shift, back-dating.

use std::collections::BTreeMap;

use super::amounts::at_least;
use super::{Burst, Case, Episode, add, power, whole};
use crate::findings::parameters::{OffShift, Velocity};
use crate::findings::statistics::{count, float, poisson_tail};
use crate::findings::{Gift, Rule};
use crate::time::{NS_PER_DAY, NS_PER_HOUR, NS_PER_S};

/// Far more gestures within minutes than the agent's own hours, in a rush of the whole house, make
/// likely.
pub(super) fn velocity(case: &mut Case<'_>) {
    let set = case.parameters.velocity;
    let mut house: BTreeMap<i64, usize> = BTreeMap::new();
    for gift in case.facts.given() {
        *house.entry(hour(gift.at)).or_default() += 1;
    }
    let usual = usual_by_hour(&house);
    for (agent, gifts) in (0..).zip(case.facts.given_by_agent()) {
        let mut own: BTreeMap<i64, usize> = BTreeMap::new();
        for gift in &gifts {
            *own.entry(hour(gift.at)).or_default() += 1;
        }
        let expected = moving_average(&own, set.newest_permille);
        let rush = |at: i64| {
            let others = house.get(&at).copied().unwrap_or(0) - own.get(&at).copied().unwrap_or(0);
            let usual = usual.get(&at.rem_euclid(24)).copied().unwrap_or(1.0).max(1.0);
            (count(others) / usual).max(1.0)
        };
        let expected = |at: i64| {
            let own = expected.get(&at).copied().unwrap_or(1.0);
            own * rush(at) * float(set.window_ns) / float(NS_PER_HOUR)
        };
        for episode in bursts(&gifts, &set, expected) {
            let positions: Vec<u64> = episode.hits.iter().map(|hit| gifts[*hit].position).collect();
            let count = whole(positions.len());
            let why = vec![("count", count)];
            case.found((Rule::Velocity, episode.score()), positions, [agent], why);
        }
    }
}

fn bursts(gifts: &[&Gift], set: &Velocity, expected: impl Fn(i64) -> f64) -> Vec<Episode> {
    let limit = power(set.chance_power);
    let mut episodes = Vec::new();
    let mut oldest = 0;
    for (last, gift) in gifts.iter().enumerate() {
        while gifts[oldest].at <= gift.at - set.window_ns {
            oldest += 1;
        }
        if !at_least(last + 1 - oldest, set.least_count) {
            continue;
        }
        let hits = u32::try_from(last + 1 - oldest).unwrap_or(u32::MAX);
        let chance = poisson_tail(hits, expected(hour(gift.at)));
        if chance < limit {
            let inside: Vec<usize> = (oldest..=last).collect();
            add(&mut episodes, &inside, chance);
        }
    }
    episodes
}

/// What the house usually gives at each hour of the day.
fn usual_by_hour(house: &BTreeMap<i64, usize>) -> BTreeMap<i64, f64> {
    let mut sums: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for (hour, times) in house {
        let sum = sums.entry(hour.rem_euclid(24)).or_default();
        *sum = (sum.0 + count(*times), sum.1 + 1.0);
    }
    sums.into_iter().map(|(hour, (sum, days))| (hour, sum / days)).collect()
}

/// What the hours before each hour make one expect: the moving average of the hours at work.
fn moving_average(own: &BTreeMap<i64, usize>, newest_permille: i64) -> BTreeMap<i64, f64> {
    let newest = float(newest_permille) / 1_000.0;
    let mean = own.values().map(|times| count(*times)).sum::<f64>() / count(own.len()).max(1.0);
    let mut average = mean;
    let mut expected = BTreeMap::new();
    for (hour, times) in own {
        // A burst is not to excuse the next.
        let known = count(*times).min(average * 4.0);
        expected.insert(*hour, average.max(mean));
        average += newest * (known - average);
    }
    expected
}

/// Gestures hours away from the agent's own hours, or on days that are not theirs.
pub(super) fn off_shift(case: &mut Case<'_>) {
    let set = case.parameters.off_shift;
    for (agent, gifts) in (0..).zip(case.facts.given_by_agent()) {
        if !at_least(gifts.len(), set.least_gestures) {
            let numbers = vec![("count", whole(gifts.len())), ("needed", set.least_gestures)];
            case.not_applied(Rule::OffShift, Some(agent), "too_few", numbers);
            continue;
        }
        let habits = Habits::of(&gifts, &set);
        let things: Vec<(i64, bool)> =
            gifts.iter().map(|gift| (gift.at, habits.is_outside(gift.at, &set))).collect();
        let burst = Burst {
            window_ns: set.window_ns,
            least_count: set.least_count,
            chance_power: 0,
            rate: 0.01,
        };
        for episode in burst.episodes(&things) {
            let count = whole(episode.hits.len());
            let positions: Vec<u64> = episode.hits.iter().map(|hit| gifts[*hit].position).collect();
            let score = u32::try_from(300 + count * 70).unwrap_or(1_000);
            case.found((Rule::OffShift, score), positions, [agent], vec![("count", count)]);
        }
    }
}

/// When an agent works, as their gestures tell.
struct Habits {
    hours: Vec<bool>,
    weekdays: Vec<bool>,
}

impl Habits {
    fn of(gifts: &[&Gift], set: &OffShift) -> Self {
        let mut hours = [0_usize; 24];
        let mut weekdays = [0_usize; 7];
        for gift in gifts {
            let (weekday, hour) = local(gift.at, set);
            hours[hour] += 1;
            weekdays[weekday] += 1;
        }
        let part =
            |times: &usize, permille: i64| at_least(times * 1_000 / gifts.len().max(1), permille);
        Self {
            hours: hours.iter().map(|times| part(times, set.usual_hour_permille)).collect(),
            weekdays: weekdays.iter().map(|it| part(it, set.rare_weekday_permille)).collect(),
        }
    }

    fn is_outside(&self, at: i64, set: &OffShift) -> bool {
        let (weekday, hour) = local(at, set);
        let open = set.open_hour..set.close_hour;
        let is_open = i64::try_from(hour).is_ok_and(|hour| open.contains(&hour));
        if is_open {
            return false;
        }
        let near = usize::try_from(set.distance_hours).unwrap_or(24).min(12);
        let is_near = (0..near)
            .any(|away| self.hours[(hour + away) % 24] || self.hours[(hour + 24 - away) % 24]);
        !is_near || !self.weekdays[weekday]
    }
}

/// The day of the week from Monday as 0, and the hour of the day, by the house's clock.
fn local(at: i64, set: &OffShift) -> (usize, usize) {
    let local = at.saturating_add(set.zone_offset_s.saturating_mul(NS_PER_S));
    // The epoch was a Thursday.
    let weekday = (local.div_euclid(NS_PER_DAY) + 3).rem_euclid(7);
    let hour = local.rem_euclid(NS_PER_DAY) / NS_PER_HOUR;
    (usize::try_from(weekday).unwrap_or(0), usize::try_from(hour).unwrap_or(0))
}

fn hour(at: i64) -> i64 {
    at.div_euclid(NS_PER_HOUR)
}

/// What counts for a closed period, and whoever back-dates again and again.
pub(super) fn back_dated(case: &mut Case<'_>) {
    let set = case.parameters.back_dated;
    let facts = case.facts;
    let mut by_agent: BTreeMap<u32, Vec<(i64, u64)>> = BTreeMap::new();
    for dating in &facts.back_dated {
        if dating.is_post_close {
            let why = vec![("back_days", dating.back_ns / NS_PER_DAY)];
            case.found((Rule::BackDated, 800), [dating.position], [dating.agent], why);
        } else if dating.back_ns >= set.back_ns {
            by_agent.entry(dating.agent).or_default().push((dating.at, dating.position));
        }
    }
    for (agent, datings) in by_agent {
        let runs = datings.chunk_by(|one, next| next.0 - one.0 <= set.window_ns);
        for run in runs.filter(|run| at_least(run.len(), set.least_count)) {
            let positions = run.iter().map(|(_, position)| *position);
            case.found(
                (Rule::BackDated, 500),
                positions,
                [agent],
                vec![("count", whole(run.len()))],
            );
        }
    }
}
