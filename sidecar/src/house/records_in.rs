//! What agents write down: actions, promises, preferences; and what customers answer.

use std::sync::Arc;

use makegood_core::ids::CustomerPid;
use makegood_core::time::Time;
use makegood_proto::records::v1::{self as pb, RecordKind};
use makegood_proto::v1;
use prost::Message;

use super::calls::to_its_end;
use super::record_view::{action_view, preference_view, promise_view, score_view};
use super::{House, HouseError, Visitor};
use crate::clock::wall_time;
use crate::hub::Topic;
use crate::ledger::writer::Work;
use crate::records::{self, Draft, LIVE};
use crate::vault::Pid;

/// An action on its way in.
#[derive(Debug, Clone)]
pub struct ActionIn {
    /// The client's id.
    pub action_id: String,
    /// The customer; none if the caller is not known.
    pub customer: Option<CustomerPid>,
    /// When it was done, if it was sent later.
    pub act_time: Option<Time>,
    /// What to keep of it; origin, time and agent are filled in here.
    pub record: pb::AdvocacyAction,
}

/// A promise on its way in.
#[derive(Debug, Clone)]
pub struct PromiseIn {
    /// The client's id.
    pub promise_id: String,
    /// To whom.
    pub customer: CustomerPid,
    /// The host's id of the interaction.
    pub interaction_id: String,
    /// What.
    pub text: String,
    /// By when.
    pub due_at: Time,
}

/// A preference on its way in.
#[derive(Debug, Clone)]
pub struct PreferenceIn {
    /// The client's id.
    pub preference_id: String,
    /// Whose.
    pub customer: CustomerPid,
    /// What to keep of it; origin, source and times are filled in here.
    pub record: pb::Preference,
}

/// A score on its way in.
#[derive(Debug, Clone)]
pub struct ScoreIn {
    /// The client's id.
    pub score_id: String,
    /// Whose.
    pub customer: CustomerPid,
    /// What to keep of it; origin is filled in here.
    pub record: pb::Score,
}

impl House {
    /// Logs an action.
    ///
    /// # Errors
    /// [`HouseError::IdReused`], an unknown interaction or customer, or that it cannot be written.
    pub async fn log_action(
        self: &Arc<Self>,
        visitor: &Visitor,
        action: ActionIn,
    ) -> Result<v1::AdvocacyAction, HouseError> {
        visitor.may_act_on(&action.record.interaction_id)?;
        let live = self.interaction(&action.record.interaction_id)?;
        if let Some(customer) = &action.customer {
            self.shared.check_customer_of(visitor, live.customer(), customer)?;
        }
        // Without a customer it is the agent's own note, sealed under the agent's key.
        let subject = action.customer.map_or(visitor.agent.pid, |pid| *pid.as_bytes());
        let now = wall_time();
        let record = pb::AdvocacyAction {
            origin: Some(live_origin(&action.action_id)),
            act_ns: action.act_time.unwrap_or(now).min(now).as_nanos(),
            agent_pid: visitor.agent.pid.to_vec(),
            policy_version: self.shared.policy.version.clone(),
            ..action.record
        };
        let new = New {
            kind: RecordKind::Action,
            id: action.action_id,
            field: "action_id",
            subject,
            sort_time_ns: record.act_ns,
            topics: vec![Topic::Interaction(live.pid())],
        };
        // Only what the request carried is compared: a retry is stamped anew.
        let same = |stored: &pb::AdvocacyAction, given: &pb::AdvocacyAction| {
            let (act_ns, policy_version) = (stored.act_ns, stored.policy_version.clone());
            *stored == pb::AdvocacyAction { act_ns, policy_version, ..given.clone() }
        };
        let kept = self.keep(new, record, same).await?;
        Ok(action_view(&kept, visitor.agent.name.clone()))
    }

    /// Makes a promise, and logs it as an action.
    ///
    /// # Errors
    /// As [`House::log_action`].
    pub async fn make_promise(
        self: &Arc<Self>,
        visitor: &Visitor,
        promise: PromiseIn,
    ) -> Result<v1::Promise, HouseError> {
        visitor.may_act_on(&promise.interaction_id)?;
        let live = self.interaction(&promise.interaction_id)?;
        self.shared.check_customer_of(visitor, live.customer(), &promise.customer)?;
        let now = wall_time();
        let record = pb::Promise {
            origin: Some(live_origin(&promise.promise_id)),
            text: promise.text,
            due_ns: promise.due_at.as_nanos(),
            create_ns: now.as_nanos(),
            owner_pid: visitor.agent.pid.to_vec(),
            interaction_id: promise.interaction_id,
            ..pb::Promise::default()
        };
        let subject = *promise.customer.as_bytes();
        let new = New {
            kind: RecordKind::Promise,
            id: promise.promise_id,
            field: "promise_id",
            subject,
            sort_time_ns: now.as_nanos(),
            topics: vec![Topic::Interaction(live.pid())],
        };
        let kept = self
            .keep(new, record, |stored: &pb::Promise, given| {
                (&stored.text, stored.due_ns, &stored.interaction_id)
                    == (&given.text, given.due_ns, &given.interaction_id)
            })
            .await?;
        Ok(promise_view(&kept, wall_time(), visitor.agent.name.clone()))
    }

    /// Marks a promise as kept; one that is settled already stays as it is.
    ///
    /// # Errors
    /// [`HouseError::PromiseNotFound`], or that it cannot be written.
    pub async fn keep_promise(
        &self,
        visitor: &Visitor,
        customer: CustomerPid,
        promise_id: &str,
    ) -> Result<v1::Promise, HouseError> {
        let opened = self.opened(visitor, customer)?;
        let found = opened.promises.into_iter().find(|it| is_named(it.origin.as_ref(), promise_id));
        let mut record = found.ok_or(HouseError::PromiseNotFound)?;
        if record.outcome == 0 {
            const KEPT: i32 = 1;
            record.outcome = KEPT;
            record.settle_ns = wall_time().as_nanos();
            let source = record.origin.clone().unwrap_or_default();
            let subject = *customer.as_bytes();
            let at = record.create_ns;
            self.replace((RecordKind::Promise, subject), &source, at, &record).await?;
        }
        let owner = self.directory.name(&self.shared, &record.owner_pid);
        Ok(promise_view(&record, wall_time(), owner))
    }

    /// Saves a preference that the customer told the visitor.
    ///
    /// # Errors
    /// [`HouseError::IdReused`], an unknown customer, or that it cannot be written.
    pub async fn save_preference(
        self: &Arc<Self>,
        visitor: &Visitor,
        preference: PreferenceIn,
    ) -> Result<v1::Preference, HouseError> {
        if !preference.record.interaction_id.is_empty() {
            visitor.may_act_on(&preference.record.interaction_id)?;
        }
        self.may_see(visitor, &preference.customer)?;
        let now = wall_time().as_nanos();
        let record = pb::Preference {
            origin: Some(live_origin(&preference.preference_id)),
            source: v1::PreferenceSource::ToldUs.into(),
            learned_ns: now,
            confirmed_ns: now,
            ..preference.record
        };
        let new = New {
            kind: RecordKind::Preference,
            id: preference.preference_id,
            field: "preference_id",
            subject: *preference.customer.as_bytes(),
            sort_time_ns: now,
            topics: Vec::new(),
        };
        let kept = self
            .keep(new, record, |stored: &pb::Preference, given| {
                (stored.kind, &stored.text, stored.expire_ns, stored.situational)
                    == (given.kind, &given.text, given.expire_ns, given.situational)
            })
            .await?;
        Ok(preference_view(&kept))
    }

    /// Ends a preference that is not true any more.
    ///
    /// # Errors
    /// [`HouseError::PreferenceNotFound`], or that it cannot be written.
    pub async fn retire_preference(
        &self,
        visitor: &Visitor,
        customer: CustomerPid,
        preference_id: &str,
    ) -> Result<(), HouseError> {
        let opened = self.opened(visitor, customer)?;
        let mut found = opened.preferences.into_iter();
        let found = found.find(|it| is_named(it.origin.as_ref(), preference_id));
        let mut record = found.ok_or(HouseError::PreferenceNotFound)?;
        if record.retired_ns == 0 {
            record.retired_ns = wall_time().as_nanos();
            let source = record.origin.clone().unwrap_or_default();
            let at = record.learned_ns;
            let subject = *customer.as_bytes();
            self.replace((RecordKind::Preference, subject), &source, at, &record).await?;
        }
        Ok(())
    }

    /// Records what a customer answered.
    ///
    /// # Errors
    /// [`HouseError::IdReused`], an unknown customer, or that it cannot be written.
    pub async fn record_score(self: &Arc<Self>, score: ScoreIn) -> Result<v1::Score, HouseError> {
        self.shared.check_customer(&score.customer)?;
        let record = pb::Score { origin: Some(live_origin(&score.score_id)), ..score.record };
        let subject = *score.customer.as_bytes();
        let new = New {
            kind: RecordKind::Score,
            id: score.score_id,
            field: "score_id",
            subject,
            sort_time_ns: record.respond_ns,
            topics: Vec::new(),
        };
        let kept = self
            .keep(new, record, |stored: &pb::Score, given| {
                (stored.kind, stored.value, &stored.words, &stored.interaction_id)
                    == (given.kind, given.value, &given.words, &given.interaction_id)
            })
            .await?;
        Ok(score_view(&kept, None))
    }

    /// Writes a record unless its id is there already: with the same content that is the answer.
    async fn keep<M: Message + Default + 'static>(
        self: &Arc<Self>,
        new: New,
        record: M,
        is_same: impl FnOnce(&M, &M) -> bool + Send + 'static,
    ) -> Result<M, HouseError> {
        let house = Arc::clone(self);
        to_its_end(async move {
            // Of two requests with one id, the second one sees what the first one wrote.
            let _turn = house.turns.of(&new.id).write().await;
            house.keep_in_turn(new, record, is_same).await
        })
        .await
    }

    async fn keep_in_turn<M: Message + Default>(
        &self,
        new: New,
        record: M,
        is_same: impl FnOnce(&M, &M) -> bool,
    ) -> Result<M, HouseError> {
        let New { kind, id, field, subject, sort_time_ns, topics } = new;
        let record_id = self.shared.vault.read().record_id(kind.into(), LIVE, &id);
        if let Some(envelope) = self.shared.read_model.record(&record_id)? {
            let stored: M = records::open(&self.shared.vault.read(), &envelope)
                .map_err(|_| HouseError::Stored)?;
            let is_repeat = envelope.subject_pid == subject && is_same(&stored, &record);
            return if is_repeat { Ok(stored) } else { Err(HouseError::IdReused { field }) };
        }
        let records = vec![Draft::new(kind, subject, record_id, sort_time_ns, &record)];
        self.shared.writer.submit(Work { ask: None, records, topics }).await?;
        Ok(record)
    }

    /// Writes a new version of a record that came from `origin`.
    async fn replace(
        &self,
        (kind, subject): (RecordKind, Pid),
        origin: &pb::Origin,
        sort_time_ns: i64,
        record: &impl Message,
    ) -> Result<(), HouseError> {
        let (source, source_id) = (&origin.source, &origin.source_id);
        let id = self.shared.vault.read().record_id(kind.into(), source, source_id);
        let records = vec![Draft::new(kind, subject, id, sort_time_ns, record)];
        self.shared.writer.submit(Work { records, ..Work::default() }).await?;
        Ok(())
    }
}

/// A record that a client names by an id of its own.
struct New {
    kind: RecordKind,
    id: String,
    /// The request's field that holds the id.
    field: &'static str,
    subject: Pid,
    sort_time_ns: i64,
    /// What changes besides the subject.
    topics: Vec<Topic>,
}

fn live_origin(id: &str) -> pb::Origin {
    pb::Origin { source: LIVE.to_owned(), source_id: id.to_owned() }
}

fn is_named(origin: Option<&pb::Origin>, id: &str) -> bool {
    origin.is_some_and(|origin| origin.source_id == id)
}
