//! Who works here: from a host's agent id to pseudonym, role, team and tenure.

use std::collections::HashMap;
use std::sync::Arc;

use makegood_core::ids::{AgentPid, RoleCode, TeamId};
use makegood_core::ledger::{Access, Caller};
use makegood_core::time::{NS_PER_DAY, Time};
use makegood_proto::records::v1::{self as pb, IndexKind, RecordKind};
use parking_lot::RwLock;

use super::{HouseError, Shared};
use crate::read_model::Progress;
use crate::records;
use crate::vault::Pid;

/// The role of an agent whose record names none, or none that a policy could name.
const DEFAULT_ROLE: &str = "agent";

/// An employee as of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentProfile {
    /// The pseudonym.
    pub pid: Pid,
    /// The name, for people.
    pub name: String,
    /// The role that limits look at.
    pub role: RoleCode,
    /// The team.
    pub team: Option<TeamId>,
    /// The site. May be empty.
    pub site: String,
    /// Since when employed, in nanoseconds since the Unix epoch; 0 if not known.
    pub hired_ns: i64,
}

/// The employees who have been seen since the start; they stay known while the read model is away.
#[derive(Default)]
pub(super) struct Directory {
    by_host_id: RwLock<HashMap<String, Arc<AgentProfile>>>,
    by_pid: RwLock<HashMap<Pid, Arc<AgentProfile>>>,
}

impl AgentProfile {
    /// The employee as a caller with what their token allows.
    pub fn caller(&self, access: Access, now: Time) -> Caller {
        let employed_ns =
            if self.hired_ns == 0 { 0 } else { now.since_ns(Time::from_nanos(self.hired_ns)) };
        Caller {
            agent: AgentPid::from_bytes(self.pid),
            access,
            role: self.role.clone(),
            team: self.team.clone(),
            tenure_days: u32::try_from(employed_ns / NS_PER_DAY).unwrap_or(0),
        }
    }
}

impl Directory {
    /// The employee whom the host knows by `host_id`.
    pub(super) fn agent(
        &self,
        shared: &Shared,
        host_id: &str,
    ) -> Result<Arc<AgentProfile>, HouseError> {
        let known = self.by_host_id.read().get(host_id).cloned();
        if let Some(known) = known.filter(|known| !shared.erased.contains(&known.pid)) {
            return Ok(known);
        }
        let hash = shared.vault.read().index_hash(IndexKind::Agent.into(), host_id);
        let pids = shared.read_model.find(IndexKind::Agent, &hash, 2)?;
        let [pid] = pids.as_slice() else {
            return Err(HouseError::AgentNotFound { is_ambiguous: pids.len() > 1 });
        };
        let profile =
            self.by_pid(shared, pid)?.ok_or(HouseError::AgentNotFound { is_ambiguous: false })?;
        // While history is being rebuilt, an older version may be found; it is not kept.
        if shared.read_model.progress() == Progress::Ready {
            let mut known = self.by_host_id.write();
            known.insert(host_id.to_owned(), Arc::clone(&profile));
        }
        Ok(profile)
    }

    /// The employee behind a pseudonym; none if their record was erased.
    pub(super) fn by_pid(
        &self,
        shared: &Shared,
        pid: &Pid,
    ) -> Result<Option<Arc<AgentProfile>>, HouseError> {
        let known = self.by_pid.read().get(pid).cloned();
        if shared.erased.contains(pid) {
            return Ok(None);
        }
        if known.is_some() {
            return Ok(known);
        }
        let found = shared.read_model.records_of(pid, &[(RecordKind::Agent, 1)])?;
        let Some(envelope) = found.first().and_then(|records| records.first()) else {
            return Ok(None);
        };
        let Ok(record) = records::open::<pb::Agent>(&shared.vault.read(), envelope) else {
            return Ok(None);
        };
        let profile = Arc::new(profile(*pid, record));
        if shared.read_model.progress() == Progress::Ready {
            self.by_pid.write().insert(*pid, Arc::clone(&profile));
        }
        Ok(Some(profile))
    }

    /// Forgets an employee who was erased.
    pub(super) fn forget(&self, pid: &Pid) {
        self.by_pid.write().remove(pid);
        self.by_host_id.write().retain(|_, known| known.pid != *pid);
    }

    /// The employee's name; empty where it is not known, or cannot be known now.
    pub(super) fn name(&self, shared: &Shared, pid: &[u8]) -> String {
        let known =
            Pid::try_from(pid).ok().and_then(|pid| self.by_pid(shared, &pid).ok().flatten());
        known.map(|profile| profile.name.clone()).unwrap_or_default()
    }
}

fn profile(pid: Pid, record: pb::Agent) -> AgentProfile {
    #[expect(clippy::expect_used, reason = "a constant that fits the form")]
    let default_role = || DEFAULT_ROLE.parse().expect("a short code");
    AgentProfile {
        pid,
        name: record.display_name,
        role: record.role.to_lowercase().parse().unwrap_or_else(|_| default_role()),
        team: record.team.to_lowercase().replace(' ', "-").parse().ok(),
        site: record.site,
        hired_ns: record.hired_ns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_tenure_whatever_the_day_of_hire() {
        let now = Time::from_nanos(1_800_000_000 * 1_000_000_000);
        let longest = u32::try_from(i64::MAX / NS_PER_DAY).unwrap();
        for (hired_ns, days) in [
            (0, 0),
            (now.as_nanos() - 3 * NS_PER_DAY, 3),
            (now.as_nanos() + NS_PER_DAY, 0),
            (i64::MIN, longest),
            (i64::MAX, 0),
        ] {
            let record = pb::Agent { hired_ns, ..pb::Agent::default() };
            let caller = profile(Pid::default(), record).caller(Access::Agent, now);
            assert_eq!(caller.tenure_days, days, "{hired_ns}");
        }
    }
}
