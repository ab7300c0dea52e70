//! Calls as they happen: from the ring to the end, and who was on them.
//!
//! What is known of a call is read, changed, written and kept as one: a turn of its own for each
//! call, taken to its end even when the caller has gone in the meantime.

use std::sync::Arc;

use makegood_core::ids::{CustomerPid, RequestId};
use makegood_core::ledger::{Action, Operation, VoidReason};
use makegood_core::time::Time;
use makegood_proto::records::v1 as pb;
use makegood_proto::v1;

use super::customers::{Match, candidates, identify};
use super::live::{Live, Stored as _};
use super::{House, HouseError, Visitor};
use crate::clock::wall_time;
use crate::hub::{Desk, Topic};
use crate::ledger::writer::Work;
use crate::read_model::Rebuilding;
use crate::records::LIVE;
use crate::vault;

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

impl House {
    /// The interaction with the host's id; while history is away only those in memory are found.
    pub(super) fn interaction(&self, host_id: &str) -> Result<Arc<Live>, HouseError> {
        let known = self.interactions.find(&self.shared, host_id)?;
        known.ok_or(HouseError::InteractionNotFound)
    }

    /// Starts an interaction, and binds the customer if exactly one fits. One that has started
    /// already is returned as it stands.
    ///
    /// # Errors
    /// When the lookup is malformed or the record cannot be written.
    pub async fn start_interaction(
        self: &Arc<Self>,
        visitor: &Visitor,
        start: Start,
    ) -> Result<(v1::Interaction, Vec<v1::Candidate>), HouseError> {
        visitor.may_act_on(&start.interaction_id)?;
        let found = match identify(&self.shared, start.lookup.as_ref()) {
            // A call that is known needs nobody to be found for it.
            Err(HouseError::Rebuilding(_)) => None,
            found => Some(found?),
        };
        let candidates = match &found {
            Some(found) if found.status == v1::MatchStatus::Several => {
                candidates(&self.shared, &found.pids)?
            }
            _ => Vec::new(),
        };
        let (host_id, visitor) = (start.interaction_id.clone(), visitor.clone());
        let begin = move |house: &Self, known: Option<Live>| match (known, found) {
            (Some(known), _) => Ok(known),
            (None, Some(found)) => Ok(Live {
                record: house.first_record(&visitor, &start, &found, wall_time()),
                host_id: start.interaction_id,
            }),
            // Nobody found so far is no answer: the call would stay without its customer.
            (None, None) => Err(Rebuilding.into()),
        };
        Ok((self.change_call(&host_id, begin).await?, candidates))
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
            team: visitor.agent.team.as_ref().map(ToString::to_string).unwrap_or_default(),
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
            interaction_pid: vault.thing_pid("interaction", &start.interaction_id).to_vec(),
            ..pb::Interaction::default()
        }
    }

    /// Notes where the call is now. A call that has ended stays so.
    ///
    /// # Errors
    /// When there is no such interaction or the record cannot be written.
    pub async fn update_interaction(
        self: &Arc<Self>,
        visitor: &Visitor,
        host_id: &str,
        call_state: v1::CallState,
    ) -> Result<v1::Interaction, HouseError> {
        visitor.may_act_on(host_id)?;
        let update = move |_: &Self, known: Option<Live>| {
            let mut live = known.ok_or(HouseError::InteractionNotFound)?;
            if live.record.call_state() != v1::CallState::Ended {
                live.record.call_state = call_state.into();
            }
            if call_state == v1::CallState::Connected && live.record.connect_ns == 0 {
                live.record.connect_ns = wall_time().as_nanos();
            }
            Ok(live)
        };
        self.change_call(host_id, update).await
    }

    /// Binds the customer whom the agent picked.
    ///
    /// # Errors
    /// When there is no such interaction or customer, another one is bound, the interaction has
    /// ended, or the record cannot be written.
    pub async fn confirm_customer(
        self: &Arc<Self>,
        visitor: &Visitor,
        host_id: &str,
        customer: CustomerPid,
    ) -> Result<v1::Interaction, HouseError> {
        visitor.may_act_on(host_id)?;
        self.shared.check_customer(&customer)?;
        let confirm = move |_: &Self, known: Option<Live>| {
            let mut live = known.ok_or(HouseError::InteractionNotFound)?;
            if live.record.call_state() == v1::CallState::Ended {
                return Err(HouseError::InteractionEnded);
            }
            if live.customer().is_some_and(|bound| bound != *customer.as_bytes()) {
                return Err(HouseError::OtherCustomerBound);
            }
            live.record.customer_pid = customer.as_bytes().to_vec();
            live.record.match_status = v1::MatchStatus::Confirmed.into();
            Ok(live)
        };
        self.change_call(host_id, confirm).await
    }

    /// Unbinds a customer who turned out to be somebody else, and releases what the visitor held
    /// for them. Answers with the number of holds released.
    ///
    /// # Errors
    /// When there is no such interaction or something cannot be written.
    pub async fn reject_customer(
        self: &Arc<Self>,
        visitor: &Visitor,
        host_id: &str,
        customer: CustomerPid,
    ) -> Result<(v1::Interaction, usize), HouseError> {
        visitor.may_act_on(host_id)?;
        let reject = move |_: &Self, known: Option<Live>| {
            let mut live = known.ok_or(HouseError::InteractionNotFound)?;
            if live.customer() == Some(*customer.as_bytes()) {
                live.record.customer_pid.clear();
                live.record.match_status = v1::MatchStatus::None.into();
            }
            Ok(live)
        };
        let (house, visitor, host_id) = (Arc::clone(self), visitor.clone(), host_id.to_owned());
        to_its_end(async move {
            // Unbound first: from then on nothing more can be held for them.
            let interaction = house.change_call(&host_id, reject).await?;
            let live = house.interaction(&host_id)?;
            let released = house.release_held(&visitor, &live, customer).await?;
            Ok((interaction, released))
        })
        .await
    }

    async fn release_held(
        &self,
        visitor: &Visitor,
        live: &Live,
        customer: CustomerPid,
    ) -> Result<usize, HouseError> {
        let held: Vec<_> = self.shared.state.read(|rows| {
            let open = rows.resident().open_of_interaction(live.interaction());
            let own = open.filter(|row| {
                row.about.customer == customer && row.about.agent.as_bytes() == &visitor.agent.pid
            });
            own.map(|row| row.about.spend).collect()
        })?;
        let mut released = 0;
        for spend in held {
            let action = Action::Spend(Operation::Void {
                request: RequestId::from_bytes(vault::random()?),
                spend,
                reason: VoidReason::Misidentified,
            });
            let ask = Some((visitor.agent.caller(visitor.access, wall_time()), action));
            let done = self.shared.writer.submit(Work { ask, ..Work::default() }).await?;
            // A hold that ended by itself in the meantime is released as well.
            released += usize::from(done.outcome.is_some_and(|outcome| outcome.refusal.is_none()));
        }
        Ok(released)
    }

    /// Ends an interaction; one that has ended stays as it is.
    ///
    /// # Errors
    /// When there is no such interaction or the record cannot be written.
    pub async fn end_interaction(
        self: &Arc<Self>,
        visitor: &Visitor,
        host_id: &str,
        is_resolved: bool,
    ) -> Result<v1::Interaction, HouseError> {
        visitor.may_act_on(host_id)?;
        let end = move |_: &Self, known: Option<Live>| {
            let mut live = known.ok_or(HouseError::InteractionNotFound)?;
            if live.record.call_state() != v1::CallState::Ended {
                live.record.call_state = v1::CallState::Ended.into();
                live.record.end_ns = wall_time().as_nanos();
                live.record.resolved_agent = Some(is_resolved);
            }
            Ok(live)
        };
        self.change_call(host_id, end).await
    }

    /// Lets a desk know whenever anything changes that an interaction's panel shows.
    pub fn watch(&self, desk: &Arc<Desk>, visitor: &Visitor, host_id: &str) {
        let pid = self.shared.vault.read().thing_pid("interaction", host_id);
        self.shared.hub.watch(Topic::Interaction(pid), desk, host_id);
        self.shared.hub.watch(Topic::Agent(visitor.agent.pid), desk, host_id);
        if let Ok(live) = self.interaction(host_id)
            && let Some(customer) = live.customer()
        {
            self.shared.hub.watch(Topic::Customer(customer), desk, host_id);
        }
    }

    /// Changes what is known of a call: reads, changes, writes and keeps it in the call's turn.
    async fn change_call(
        self: &Arc<Self>,
        host_id: &str,
        change: impl FnOnce(&Self, Option<Live>) -> Result<Live, HouseError> + Send + 'static,
    ) -> Result<v1::Interaction, HouseError> {
        let (house, host_id) = (Arc::clone(self), host_id.to_owned());
        to_its_end(async move {
            let _turn = house.turns.of(&host_id).write().await;
            // While history is away, a call that is not found may be one from before a restart:
            // begun anew it would lose its customer, and its case with the limits that go by it.
            let known = house.interactions.find(&house.shared, &host_id)?;
            let live = change(&house, known.as_deref().cloned())?;
            if known.as_deref() == Some(&live) {
                return Ok(house.interaction_view(&live));
            }
            let before = known.and_then(|known| known.customer());
            house.write_call(live, before.map(Topic::Customer)).await
        })
        .await
    }

    /// Writes the new version, and tells those who watch the customer before and the one now.
    async fn write_call(
        &self,
        live: Live,
        before: Option<Topic>,
    ) -> Result<v1::Interaction, HouseError> {
        let topics = std::iter::once(Topic::Interaction(live.pid())).chain(before).collect();
        let records = vec![live.draft(&self.shared)];
        self.shared.writer.submit(Work { ask: None, records, topics }).await?;
        let live = self.interactions.keep(live);
        // Those who read between the write and the keeping would have seen the former version.
        self.shared.hub.publish([Topic::Interaction(live.pid())]);
        Ok(self.interaction_view(&live))
    }
}

/// Lets work come to its end although whoever waits for it may go away: a dropped request must not
/// fall between what is written and what is kept in memory.
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, HouseError>> + Send + 'static,
) -> Result<T, HouseError> {
    // It fails only if the work panicked, which was logged.
    tokio::spawn(work).await.unwrap_or(Err(HouseError::Stored))
}
