//! Who is asked in a consult, and whom a question goes on to when nobody has answered in time.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use makegood_core::ids::{AgentPid, ReasonCode};
use makegood_core::ledger::{Access, Action, ConsultRow, Read as _};
use makegood_core::policy::Counts;
use makegood_core::time::Time;

use super::directory::AgentProfile;
use super::{House, HouseError};
use crate::clock::wall_time;
use crate::ledger::writer::{Work, system};

/// How often consults are looked for whose time to answer is over.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Consults sent on at a time; the others follow with the next look.
const PASSED_AT_ONCE: usize = 64;

impl House {
    /// The person whom a consult about a gesture of `asking` goes to: of those with an open desk
    /// and one of the policy's roles for it, the asking agent's own team first, then in the order of
    /// those roles, then whoever has the fewest questions waiting. Never `asking`, and nobody in
    /// `asked`.
    pub(super) fn approver(
        &self,
        asking: &AgentProfile,
        asked: &[AgentPid],
        reason: &ReasonCode,
    ) -> Result<Option<AgentPid>, HouseError> {
        let now = wall_time();
        let mut best = None;
        let waiting = self.waiting_counts()?;
        for pid in self.shared.hub.present() {
            let agent = AgentPid::from_bytes(pid);
            if pid == asking.pid || asked.contains(&agent) {
                continue;
            }
            let Some(profile) = self.directory.by_pid(&self.shared, &pid)? else {
                continue;
            };
            let Some(role) = self.consult_role(&profile, reason, now) else {
                continue;
            };
            let is_own_team = profile.team.is_some() && profile.team == asking.team;
            let count = waiting.get(&agent).copied().unwrap_or(0);
            let rank = (Reverse(is_own_team), role, count, agent);
            if best.is_none_or(|best| rank < best) {
                best = Some(rank);
            }
        }
        Ok(best.map(|(.., agent)| agent))
    }

    /// The place of somebody's role among those that are asked; none where the policy names it not,
    /// or gives it nothing to grant.
    fn consult_role(
        &self,
        profile: &AgentProfile,
        reason: &ReasonCode,
        now: Time,
    ) -> Option<usize> {
        let policy = &self.shared.policy;
        let place = policy.approvers.iter().position(|role| *role == profile.role)?;
        let tenure_days = profile.caller(Access::Agent, now).tenure_days;
        let grants = policy.limits.iter().filter(|limit| limit.counts == Counts::Grants);
        let mut own = grants.filter(|it| it.applies(&profile.role, tenure_days, Some(reason)));
        own.next().map(|_| place)
    }

    /// How many questions wait for each person.
    fn waiting_counts(&self) -> Result<HashMap<AgentPid, usize>, HouseError> {
        Ok(self.shared.state.read(|rows| {
            let mut counts = HashMap::new();
            for consult in rows.resident().open_consults() {
                *counts.entry(consult.to).or_default() += 1;
            }
            counts
        })?)
    }

    /// Sends consults on whose time to answer is over, for as long as it is polled.
    pub async fn pass_due_consults(&self) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.pass_due().await {
                tracing::warn!(%error, "consults cannot be sent on for the moment");
            }
        }
    }

    /// Sends on the consults that are due now: each to the next person, or to its end where there
    /// is none.
    async fn pass_due(&self) -> Result<(), HouseError> {
        let due: Vec<ConsultRow> = self.shared.state.read(|rows| {
            let due = rows.resident().due_consults(wall_time());
            due.take(PASSED_AT_ONCE).filter_map(|id| rows.consult(id)).cloned().collect()
        })?;
        // One that cannot be sent on does not keep the others back.
        let mut passed = Ok(());
        for consult in due {
            passed = passed.and(self.pass(&consult).await);
        }
        passed
    }

    async fn pass(&self, row: &ConsultRow) -> Result<(), HouseError> {
        let mut asked = row.passed.clone();
        asked.push(row.to);
        let asking = self.directory.by_pid(&self.shared, row.agent.as_bytes())?;
        let about = self
            .shared
            .state
            .read(|rows| rows.spend(row.spend).map(|spend| spend.about.reason.clone()))?;
        let to = match asking.zip(about) {
            Some((asking, reason)) => self.approver(&asking, &asked, &reason)?,
            None => None,
        };
        let action = Action::PassConsult { consult: row.consult, to };
        let ask = Some((system(), action));
        self.shared.writer.submit(Work { ask, ..Work::default() }).await?;
        Ok(())
    }
}
