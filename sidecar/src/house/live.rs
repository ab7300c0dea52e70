//! The interactions of this run: what is known of a call, in memory and as it is stored.

use std::sync::Arc;

use makegood_core::ids::{CasePid, CustomerPid, InteractionPid};
use makegood_proto::records::v1::{self as pb, RecordKind};
use makegood_proto::v1;
use quick_cache::sync::Cache;

use super::view::{customer_id, stored_time, timestamp};
use super::{HouseError, Shared};
use crate::records::{self, Draft, LIVE};
use crate::vault::Pid;

/// Interactions that stay in memory; those that were long not asked for are read again.
const KEPT: usize = 50_000;

/// An interaction as of now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Live {
    /// The host's id.
    pub(super) host_id: String,
    /// What is stored of it.
    pub(super) record: pb::Interaction,
}

/// The interactions of this run, by the host's id and by pseudonym.
pub(super) struct Interactions {
    by_host_id: Cache<String, Arc<Live>>,
    by_pid: Cache<Pid, Arc<Live>>,
}

impl Default for Interactions {
    fn default() -> Self {
        Self { by_host_id: Cache::new(KEPT), by_pid: Cache::new(KEPT) }
    }
}

impl Live {
    /// A call that rings and is not written yet.
    pub(super) fn ringing(shared: &Shared, host_id: &str) -> Self {
        let pid = shared.vault.read().thing_pid("interaction", host_id);
        let record =
            pb::Interaction { interaction_pid: pid.to_vec(), ..pb::Interaction::default() };
        Self { host_id: host_id.to_owned(), record }
    }

    /// The pseudonym under which the ledger knows it.
    pub(super) fn pid(&self) -> Pid {
        Pid::try_from(self.record.interaction_pid.as_slice()).unwrap_or_default()
    }

    /// The interaction as ledger commands name it.
    pub(super) fn interaction(&self) -> InteractionPid {
        InteractionPid::from_bytes(self.pid())
    }

    /// Its case as ledger commands name it.
    pub(super) fn case(&self) -> Option<CasePid> {
        Pid::try_from(self.record.case_pid.as_slice()).ok().map(CasePid::from_bytes)
    }

    /// The customer who is bound to it.
    pub(super) fn customer(&self) -> Option<Pid> {
        Pid::try_from(self.record.customer_pid.as_slice()).ok()
    }

    /// Whose it is: the customer's once one is bound, before that the agent's.
    fn subject(&self) -> Pid {
        let agent = || Pid::try_from(self.record.agent_pid.as_slice()).unwrap_or_default();
        self.customer().unwrap_or_else(agent)
    }

    /// Makes sure that something can be given to this customer on it.
    ///
    /// # Errors
    /// [`HouseError::CustomerNotBound`] or [`HouseError::InteractionEnded`].
    pub(super) fn may_give_to(&self, customer: &CustomerPid) -> Result<(), HouseError> {
        if self.record.call_state() == v1::CallState::Ended {
            return Err(HouseError::InteractionEnded);
        }
        if self.customer() != Some(*customer.as_bytes()) {
            return Err(HouseError::CustomerNotBound);
        }
        Ok(())
    }

    /// The interaction as the API shows it.
    pub(super) fn view(&self, agent_name: String) -> v1::Interaction {
        let record = &self.record;
        v1::Interaction {
            interaction_id: self.host_id.clone(),
            channel: record.channel,
            call_state: record.call_state,
            start_time: Some(timestamp(record.start_ns)),
            connect_time: stored_time(record.connect_ns),
            end_time: stored_time(record.end_ns),
            customer_id: self.customer().as_ref().map(customer_id).unwrap_or_default(),
            match_status: record.match_status,
            case_id: record.case_id.clone(),
            reason: record.reasons.first().cloned().unwrap_or_default(),
            agent_name,
        }
    }

    /// Sealed under the customer's key once one is bound, so that erasing the customer erases it.
    pub(super) fn draft(&self, shared: &Shared) -> Draft {
        let subject = self.subject();
        let vault = shared.vault.read();
        let kind = RecordKind::Interaction;
        let id = vault.record_id(kind.into(), LIVE, &self.host_id);
        Draft::new(kind, subject, id, self.record.start_ns, &self.record)
    }
}

impl Interactions {
    pub(super) fn find(
        &self,
        shared: &Shared,
        host_id: &str,
    ) -> Result<Option<Arc<Live>>, HouseError> {
        let known = self.by_host_id.get(host_id);
        if let Some(live) = known.filter(|live| !shared.erased.contains(&live.subject())) {
            return Ok(Some(live));
        }
        let id = shared.vault.read().record_id(RecordKind::Interaction.into(), LIVE, host_id);
        let Some(envelope) = shared.read_model.record(&id)? else {
            return Ok(None);
        };
        let record =
            records::open(&shared.vault.read(), &envelope).map_err(|_| HouseError::Stored)?;
        Ok(Some(self.keep(Live { host_id: host_id.to_owned(), record })))
    }

    /// The interaction behind a pseudonym, of those in memory.
    pub(super) fn by_pid(&self, pid: &Pid) -> Option<Arc<Live>> {
        self.by_pid.get(pid)
    }

    /// Forgets the interactions of somebody who was erased.
    pub(super) fn forget(&self, subject: &Pid) {
        self.by_pid.retain(|_, live| live.subject() != *subject);
        self.by_host_id.retain(|_, live| live.subject() != *subject);
    }

    pub(super) fn keep(&self, live: Live) -> Arc<Live> {
        let live = Arc::new(live);
        self.by_pid.insert(live.pid(), Arc::clone(&live));
        self.by_host_id.insert(live.host_id.clone(), Arc::clone(&live));
        live
    }
}

/// The stored numbers as the API's enums.
pub(super) trait Stored {
    fn call_state(&self) -> v1::CallState;
}

impl Stored for pb::Interaction {
    fn call_state(&self) -> v1::CallState {
        v1::CallState::try_from(self.call_state).unwrap_or_default()
    }
}
