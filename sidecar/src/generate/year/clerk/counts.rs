//! The counts of the limits of a generated house.

use std::collections::BTreeMap;

use makegood_core::ids::{AgentPid, CasePid, InteractionPid, LimitId};
use makegood_core::ledger::{LimitTrace, ScopeKey, WindowKey};
use makegood_core::policy::Counts as Counted;

use super::time;
use crate::generate::calendar::DAY;
use crate::generate::year::office::{
    CASE_CAP, DAY_CAP, GRANTS_CAP, INTERACTION_CAP, Office, Purpose, code, random,
};
use crate::generate::year::story::Story;

/// The rolling window that counts where there is no case.
const ROLLING_NS: i64 = 30 * DAY;

/// The limits of each gesture: id and cap.
const LIMITS: [(&str, i64); 3] =
    [("interaction", INTERACTION_CAP), ("customer_case", CASE_CAP), ("agent_day", DAY_CAP)];

/// What is held and given in each window.
#[derive(Debug, Default)]
pub(super) struct Counts {
    interactions: BTreeMap<(u32, u32), i64>,
    cases: BTreeMap<(u32, u32, u32), i64>,
    /// By agent and customer: when, how much.
    rolling: BTreeMap<(u32, u32), Vec<(i64, i64)>>,
    days: BTreeMap<(u32, i64), i64>,
    grants: BTreeMap<(u32, i64), i64>,
}

/// What each limit leaves, in the order of the limits.
pub(super) struct Room([i64; 3]);

impl Room {
    /// What the tightest leaves, in minor units.
    pub(super) fn least(&self) -> i64 {
        self.0.into_iter().min().unwrap_or(0).max(0)
    }

    /// The tightest; the first of equals.
    pub(super) fn tightest(&self) -> LimitId {
        let index = (0..LIMITS.len()).min_by_key(|index| self.0[*index]).unwrap_or(0);
        code(LIMITS[index].0)
    }
}

impl Counts {
    /// What the limits leave for a story.
    pub(super) fn room(&self, story: &Story) -> Room {
        let used = self.used(story);
        Room([0, 1, 2].map(|index| LIMITS[index].1 - used[index]))
    }

    /// The limits of a story around a change; `change` is what was asked, `added` what was charged
    /// by it.
    pub(super) fn traces(
        &self,
        office: &Office,
        story: &Story,
        change: i64,
        added: i64,
    ) -> Vec<LimitTrace> {
        let used = self.used(story);
        let keys = keys(office, story);
        let limits = LIMITS.iter().zip(used).zip(keys);
        limits
            .map(|(((limit, cap), before), (scope, window))| LimitTrace {
                limit: code(limit),
                scope,
                window,
                before_minor: before,
                amount_minor: change,
                after_minor: before + added,
                cap_minor: *cap,
                counts: Counted::Amounts,
                // Only a second person lets a count rise above its cap.
                granted_minor: (before + added - cap).max(0),
            })
            .collect()
    }

    /// Charges an amount, below zero for a release, and answers with the limits around it.
    pub(super) fn charge(
        &mut self,
        office: &Office,
        story: &Story,
        amount: i64,
    ) -> Vec<LimitTrace> {
        let traces = self.traces(office, story, amount, amount);
        *self.interactions.entry((story.agent, story.interaction)).or_default() += amount;
        *self.days.entry((story.agent, day(story.at))).or_default() += amount;
        if let Some(case) = story.case {
            let key = (story.agent, story.customer, case);
            *self.cases.entry(key).or_default() += amount;
        } else {
            let charges = self.rolling.entry((story.agent, story.customer)).or_default();
            charges.retain(|(at, _)| at + ROLLING_NS > story.at);
            charges.push((story.at, amount));
        }
        traces
    }

    /// Charges a second person, and answers with what was charged before.
    pub(super) fn grant(&mut self, approver: u32, at: i64, amount: i64) -> i64 {
        let used = self.grants.entry((approver, day(at))).or_default();
        let before = *used;
        *used += amount;
        before
    }

    fn used(&self, story: &Story) -> [i64; 3] {
        let of_matter = match story.case {
            Some(case) => self.cases.get(&(story.agent, story.customer, case)).copied(),
            None => self.rolling.get(&(story.agent, story.customer)).map(|charges| {
                let counting = charges.iter().filter(|(at, _)| at + ROLLING_NS > story.at);
                counting.map(|(_, amount)| amount).sum()
            }),
        };
        [
            self.interactions.get(&(story.agent, story.interaction)).copied().unwrap_or(0),
            of_matter.unwrap_or(0),
            self.days.get(&(story.agent, day(story.at))).copied().unwrap_or(0),
        ]
    }
}

/// The limit of a second person around a grant.
pub(super) fn grants_trace(approver: AgentPid, at: i64, before: i64, added: i64) -> LimitTrace {
    LimitTrace {
        limit: code("lead_grants"),
        scope: ScopeKey { agent: Some(approver), ..ScopeKey::default() },
        window: calendar(at),
        before_minor: before,
        amount_minor: added,
        after_minor: before + added,
        cap_minor: GRANTS_CAP,
        counts: Counted::Grants,
        granted_minor: 0,
    }
}

fn keys(office: &Office, story: &Story) -> [(ScopeKey, WindowKey); 3] {
    let agent = Some(office.member(story.agent).pid);
    let of_agent = ScopeKey { agent, ..ScopeKey::default() };
    let customer = Some(office.customer(story.customer));
    let of_both = ScopeKey { customer, ..of_agent.clone() };
    let matter = match story.case {
        Some(case) => WindowKey::Case(case_pid(office, case)),
        None => WindowKey::Rolling { duration_ns: ROLLING_NS },
    };
    let interaction = WindowKey::Interaction(interaction_pid(office, story.interaction));
    [(of_both.clone(), interaction), (of_both, matter), (of_agent, calendar(story.at))]
}

pub(super) fn case_pid(office: &Office, case: u32) -> CasePid {
    CasePid::from_bytes(random(office.config.seed, Purpose::Case, case.into()))
}

pub(super) fn interaction_pid(office: &Office, interaction: u32) -> InteractionPid {
    InteractionPid::from_bytes(random(office.config.seed, Purpose::Interaction, interaction.into()))
}

fn calendar(at: i64) -> WindowKey {
    let start = day(at) * DAY;
    WindowKey::Calendar { start: time(start), end: time(start + DAY) }
}

fn day(at: i64) -> i64 {
    at.div_euclid(DAY)
}
