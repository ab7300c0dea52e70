//! Calls as they happen: from the ring to the end, and who was on them.

use std::collections::HashMap;
use std::sync::Arc;

use makegood_core::ids::{CasePid, CustomerPid, InteractionPid, RequestId};
use makegood_core::ledger::{Action, Operation, VoidReason};
use makegood_core::time::Time;
use makegood_proto::records::v1::{self as pb, IndexKind, RecordKind};
use makegood_proto::v1;
use parking_lot::RwLock;

use super::customers::{Match, candidates, identify};
use super::view::{customer_id, stored_time, timestamp};
use super::{House, HouseError, Shared, Visitor};
use crate::clock::wall_time;
use crate::hub::{Desk, Topic};
use crate::ledger::writer::Work;
use crate::records::{self, Draft, LIVE};
use crate::vault::{self, Pid};

/// Interactions that stay in memory; older ones are read again when they are asked for.
const KEPT: usize = 50_000;

/// An interaction as of now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Live {
    /// The host's id.
    pub(super) host_id: String,
    /// What is stored of it.
    pub(super) record: pb::Interaction,
}

/// The interactions of this run, by the host's id.
#[derive(Default)]
pub(super) struct Interactions {
    known: RwLock<HashMap<String, Arc<Live>>>,
    host_ids: RwLock<HashMap<Pid, String>>,
}

/// How an interaction begins.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The host's id.
    pub interaction_id: String,
    /// The channel.
    pub channel: v1::Channel,
    /// How the caller is known.
    pub lookup: Option<v1::Lookup>,
    /// The host's id of the case. May be empty.
    pub case_id: String,
    /// The contact reason. May be empty.
    pub reason: String,
    /// Where the call is.
    pub call_state: v1::CallState,
}

impl Live {
    /// A call that rings and is not written yet.
    pub(super) fn ringing(shared: &Shared, host_id: &str) -> Self {
        let pid = shared.vault.read().thing_pid("interaction", host_id);
        let record = pb::Interaction {
            interaction_pid: pid.to_vec(),
            ..pb::Interaction::default()
        };
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
        Pid::try_from(self.record.case_pid.as_slice())
            .ok()
            .map(CasePid::from_bytes)
    }

    /// The customer who is bound to it.
    pub(super) fn customer(&self) -> Option<Pid> {
        Pid::try_from(self.record.customer_pid.as_slice()).ok()
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
            customer_id: self
                .customer()
                .as_ref()
                .map(customer_id)
                .unwrap_or_default(),
            match_status: record.match_status,
            case_id: record.case_id.clone(),
            reason: record.reasons.first().cloned().unwrap_or_default(),
            agent_name,
        }
    }

    /// Sealed under the customer's key once one is bound, so that erasing the customer erases it.
    fn draft(&self, shared: &Shared) -> Draft {
        let agent = Pid::try_from(self.record.agent_pid.as_slice()).unwrap_or_default();
        let subject = self.customer().unwrap_or(agent);
        let vault = shared.vault.read();
        let kind = RecordKind::Interaction;
        let id = vault.record_id(kind.into(), LIVE, &self.host_id);
        let mut draft = Draft::new(kind, subject, id, self.record.start_ns, &self.record);
        draft.find_by(&vault, IndexKind::Interaction, &self.host_id);
        draft
    }
}

impl Interactions {
    pub(super) fn find(
        &self,
        shared: &Shared,
        host_id: &str,
    ) -> Result<Option<Arc<Live>>, HouseError> {
        if let Some(live) = self.known.read().get(host_id) {
            return Ok(Some(Arc::clone(live)));
        }
        let id = shared
            .vault
            .read()
            .record_id(RecordKind::Interaction.into(), LIVE, host_id);
        let Some(envelope) = shared.read_model.record(&id)? else {
            return Ok(None);
        };
        let record =
            records::open(&shared.vault.read(), &envelope).map_err(|_| HouseError::Stored)?;
        Ok(Some(self.keep(Live {
            host_id: host_id.to_owned(),
            record,
        })))
    }

    /// The interaction behind a pseudonym, of those in memory.
    pub(super) fn by_pid(&self, pid: &Pid) -> Option<Arc<Live>> {
        let host_id = self.host_ids.read().get(pid)?.clone();
        self.known.read().get(&host_id).cloned()
    }

    fn keep(&self, live: Live) -> Arc<Live> {
        let live = Arc::new(live);
        let mut known = self.known.write();
        if known.len() >= KEPT {
            known.retain(|_, live| live.record.call_state() != v1::CallState::Ended);
            self.host_ids
                .write()
                .retain(|_, host_id| known.contains_key(host_id));
        }
        self.host_ids
            .write()
            .insert(live.pid(), live.host_id.clone());
        known.insert(live.host_id.clone(), Arc::clone(&live));
        live
    }
}

impl House {
    /// The interaction with the host's id; while history is away only those in memory are found.
    pub(super) fn interaction(&self, host_id: &str) -> Result<Arc<Live>, HouseError> {
        self.interactions
            .find(&self.shared, host_id)?
            .ok_or(HouseError::InteractionNotFound)
    }

    /// Starts an interaction, and binds the customer if exactly one fits. One that has started
    /// already is returned as it stands.
    ///
    /// # Errors
    /// When the lookup is malformed or the record cannot be written.
    pub async fn start_interaction(
        &self,
        visitor: &Visitor,
        start: Start,
    ) -> Result<(v1::Interaction, Vec<v1::Candidate>), HouseError> {
        visitor.may_act_on(&start.interaction_id)?;
        let found = identify(&self.shared, start.lookup.as_ref())?;
        let candidates = match found.status {
            v1::MatchStatus::Several => candidates(&self.shared, &found.pids)?,
            _ => Vec::new(),
        };
        if let Some(live) = self
            .interactions
            .find(&self.shared, &start.interaction_id)?
        {
            return Ok((self.interaction_view(&live), candidates));
        }
        let record = self.first_record(visitor, &start, &found, wall_time());
        let live = Live {
            host_id: start.interaction_id,
            record,
        };
        Ok((self.write_interaction(live, None).await?, candidates))
    }

    fn first_record(
        &self,
        visitor: &Visitor,
        start: &Start,
        found: &Match,
        now: Time,
    ) -> pb::Interaction {
        let vault = self.shared.vault.read();
        let case = (!start.case_id.is_empty()).then(|| vault.thing_pid("case", &start.case_id));
        let call_state = match start.call_state {
            v1::CallState::Unspecified => v1::CallState::Offered,
            given => given,
        };
        let is_connected = call_state == v1::CallState::Connected;
        pb::Interaction {
            origin: Some(pb::Origin {
                source: LIVE.to_owned(),
                source_id: start.interaction_id.clone(),
            }),
            customer_pid: found.exact().map(|pid| pid.to_vec()).unwrap_or_default(),
            agent_pid: visitor.agent.pid.to_vec(),
            team: visitor
                .agent
                .team
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            site: visitor.agent.site.clone(),
            channel: start.channel.into(),
            reasons: Some(start.reason.clone())
                .filter(|text| !text.is_empty())
                .into_iter()
                .collect(),
            start_ns: now.as_nanos(),
            connect_ns: if is_connected { now.as_nanos() } else { 0 },
            call_state: call_state.into(),
            match_status: found.status.into(),
            case_id: start.case_id.clone(),
            case_pid: case.map(|pid| pid.to_vec()).unwrap_or_default(),
            interaction_pid: vault
                .thing_pid("interaction", &start.interaction_id)
                .to_vec(),
            ..pb::Interaction::default()
        }
    }

    /// Notes where the call is now.
    ///
    /// # Errors
    /// When there is no such interaction or the record cannot be written.
    pub async fn update_interaction(
        &self,
        visitor: &Visitor,
        host_id: &str,
        call_state: v1::CallState,
    ) -> Result<v1::Interaction, HouseError> {
        visitor.may_act_on(host_id)?;
        let mut live = Live::clone(self.interaction(host_id)?.as_ref());
        if live.record.call_state() == call_state {
            return Ok(self.interaction_view(&live));
        }
        let now = wall_time().as_nanos();
        live.record.call_state = call_state.into();
        if call_state == v1::CallState::Connected && live.record.connect_ns == 0 {
            live.record.connect_ns = now;
        }
        self.write_interaction(live, None).await
    }

    /// Binds the customer whom the agent picked.
    ///
    /// # Errors
    /// When there is no such interaction or customer, or the record cannot be written.
    pub async fn confirm_customer(
        &self,
        visitor: &Visitor,
        host_id: &str,
        customer: CustomerPid,
    ) -> Result<v1::Interaction, HouseError> {
        visitor.may_act_on(host_id)?;
        self.shared.check_customer(&customer)?;
        let mut live = Live::clone(self.interaction(host_id)?.as_ref());
        let before = live.customer();
        live.record.customer_pid = customer.as_bytes().to_vec();
        live.record.match_status = v1::MatchStatus::Confirmed.into();
        self.write_interaction(live, before).await
    }

    /// Unbinds a customer who turned out to be somebody else, and releases what the visitor held
    /// for them. Answers with the number of holds released.
    ///
    /// # Errors
    /// When there is no such interaction or something cannot be written.
    pub async fn reject_customer(
        &self,
        visitor: &Visitor,
        host_id: &str,
        customer: CustomerPid,
    ) -> Result<(v1::Interaction, usize), HouseError> {
        visitor.may_act_on(host_id)?;
        let live = self.interaction(host_id)?;
        let released = self.release_held(visitor, &live, customer).await?;
        if live.customer() != Some(*customer.as_bytes()) {
            return Ok((self.interaction_view(&live), released));
        }
        let mut live = Live::clone(live.as_ref());
        live.record.customer_pid.clear();
        live.record.match_status = v1::MatchStatus::None.into();
        let live = self
            .write_interaction(live, Some(*customer.as_bytes()))
            .await?;
        Ok((live, released))
    }

    async fn release_held(
        &self,
        visitor: &Visitor,
        live: &Live,
        customer: CustomerPid,
    ) -> Result<usize, HouseError> {
        let held: Vec<_> = {
            let rows = self.shared.state.rows();
            let own = rows.open_of_interaction(live.interaction()).filter(|row| {
                row.about.customer == customer && row.about.agent.as_bytes() == &visitor.agent.pid
            });
            own.map(|row| row.about.spend).collect()
        };
        let mut released = 0;
        for spend in held {
            let action = Action::Spend(Operation::Void {
                request: RequestId::from_bytes(vault::random()?),
                spend,
                reason: VoidReason::Misidentified,
            });
            let ask = Some((visitor.agent.caller(visitor.access, wall_time()), action));
            let done = self
                .shared
                .writer
                .submit(Work {
                    ask,
                    ..Work::default()
                })
                .await?;
            // A hold that ended by itself in the meantime is released as well.
            released += usize::from(
                done.outcome
                    .is_some_and(|outcome| outcome.refusal.is_none()),
            );
        }
        Ok(released)
    }

    /// Ends an interaction.
    ///
    /// # Errors
    /// When there is no such interaction or the record cannot be written.
    pub async fn end_interaction(
        &self,
        visitor: &Visitor,
        host_id: &str,
        is_resolved: bool,
    ) -> Result<v1::Interaction, HouseError> {
        visitor.may_act_on(host_id)?;
        let mut live = Live::clone(self.interaction(host_id)?.as_ref());
        live.record.call_state = v1::CallState::Ended.into();
        live.record.end_ns = wall_time().as_nanos();
        live.record.resolved_agent = Some(is_resolved);
        self.write_interaction(live, None).await
    }

    /// Lets a desk know whenever anything changes that an interaction's panel shows.
    pub fn watch(&self, desk: &Arc<Desk>, visitor: &Visitor, host_id: &str) {
        let pid = self.shared.vault.read().thing_pid("interaction", host_id);
        self.shared
            .hub
            .watch(Topic::Interaction(pid), desk, host_id);
        self.shared
            .hub
            .watch(Topic::Agent(visitor.agent.pid), desk, host_id);
        if let Ok(live) = self.interaction(host_id)
            && let Some(customer) = live.customer()
        {
            self.shared
                .hub
                .watch(Topic::Customer(customer), desk, host_id);
        }
    }

    /// Writes the new version, and tells those who watch the customer before and the one now.
    async fn write_interaction(
        &self,
        live: Live,
        before: Option<Pid>,
    ) -> Result<v1::Interaction, HouseError> {
        let topics = std::iter::once(Topic::Interaction(live.pid()))
            .chain(before.map(Topic::Customer))
            .collect();
        let records = vec![live.draft(&self.shared)];
        self.shared
            .writer
            .submit(Work {
                ask: None,
                records,
                topics,
            })
            .await?;
        let live = self.interactions.keep(live);
        // Those who read between the write and the keeping would have seen the former version.
        self.shared.hub.publish([Topic::Interaction(live.pid())]);
        Ok(self.interaction_view(&live))
    }
}

/// The stored numbers as the API's enums.
trait Stored {
    fn call_state(&self) -> v1::CallState;
}

impl Stored for pb::Interaction {
    fn call_state(&self) -> v1::CallState {
        v1::CallState::try_from(self.call_state).unwrap_or_default()
    }
}
