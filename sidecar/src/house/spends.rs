//! Gestures of value: from a visitor's request to the ledger's answer.

use makegood_core::ids::{CustomerPid, Digest, GestureCode, ReasonCode, RequestId, SpendId};
use makegood_core::ledger::{
    Action, GestureRequest, Operation, OperationId, Outcome, Read as _, SpendRow,
};
use makegood_core::money::Money;
use makegood_proto::records::v1::{self as pb, RecordKind};
use makegood_proto::v1;

use super::panel::Call;
use super::view::timestamp;
use super::{House, HouseError, Visitor};
use crate::clock::wall_time;
use crate::ledger::state::View;
use crate::ledger::writer::Work;
use crate::records::{Draft, LIVE};

/// A gesture that somebody wants to hold or give.
#[derive(Debug, Clone)]
pub struct SpendRequest {
    /// The client's id.
    pub spend: SpendId,
    /// For whom.
    pub customer: CustomerPid,
    /// The host's id of the interaction.
    pub interaction_id: String,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: ReasonCode,
    /// What.
    pub gesture: GestureCode,
    /// The agent's words. May be empty.
    pub note: String,
    /// Milliseconds from complaint to decision.
    pub decided_ms: u32,
    /// The suggestion that was shown.
    pub suggestion: Option<GestureCode>,
}

/// The ledger's answer, as the API gives it.
#[derive(Debug, Clone)]
pub struct SpendAnswer {
    /// The spend after it.
    pub spend: v1::Spend,
    /// The headroom after it; none where the interaction is not known any more.
    pub headroom: Option<v1::Headroom>,
    /// The proof.
    pub receipt: v1::Receipt,
    /// Whether this id was answered before.
    pub replayed: bool,
}

/// What came of something that was asked about a gesture.
pub(super) struct Answered {
    pub(super) outcome: Outcome,
    pub(super) receipt: v1::Receipt,
    /// The gesture as it stands.
    pub(super) row: SpendRow,
    /// The gesture as it stood right after the decision.
    pub(super) spend: v1::Spend,
    pub(super) headroom: Option<v1::Headroom>,
}

impl Answered {
    fn into_answer(self) -> SpendAnswer {
        let Self { outcome, receipt, spend, headroom, .. } = self;
        SpendAnswer { spend, headroom, receipt, replayed: outcome.replayed }
    }
}

impl House {
    /// Holds an amount, or gives it at once.
    ///
    /// # Errors
    /// A fault or refusal of the ledger; that the customer is not bound to the interaction; that
    /// it could not be written.
    pub async fn reserve(
        &self,
        visitor: &Visitor,
        request: SpendRequest,
        is_give: bool,
    ) -> Result<SpendAnswer, HouseError> {
        let id = OperationId::Spend(request.spend);
        let operation = if is_give { Operation::Give } else { Operation::Reserve };
        self.hold(visitor, request, id, operation).await.map(Answered::into_answer)
    }

    /// Asks for a gesture, as the operation of this id.
    pub(super) async fn hold(
        &self,
        visitor: &Visitor,
        request: SpendRequest,
        id: OperationId,
        operation: impl FnOnce(Box<GestureRequest>) -> Operation,
    ) -> Result<Answered, HouseError> {
        visitor.may_act_on(&request.interaction_id)?;
        self.shared.check_customer(&request.customer)?;
        // The customer cannot be unbound between the look and the writing.
        let _turn = self.turns.of(&request.interaction_id).read().await;
        let live = self.interaction(&request.interaction_id)?;
        if let Err(refusal) = live.may_give_to(&request.customer) {
            // An id that was answered before gets its first answer, whatever has changed since.
            if !self.shared.state.read(|rows| rows.outcome(id).is_some())? {
                return Err(refusal);
            }
        }
        let note = self.commit_note(&request)?;
        let records = self.note_record(&request).into_iter().collect();
        let gesture = Box::new(GestureRequest {
            spend: request.spend,
            customer: request.customer,
            interaction: live.interaction(),
            case: live.case(),
            amount: request.amount,
            reason: request.reason,
            gesture: request.gesture,
            note,
            decided_ms: request.decided_ms,
            suggestion: request.suggestion,
        });
        self.ask(visitor, operation(gesture), records).await
    }

    /// Extends, raises, commits, voids, reverses or corrects.
    ///
    /// # Errors
    /// A fault or refusal of the ledger; that it could not be written.
    pub async fn change_spend(
        &self,
        visitor: &Visitor,
        operation: Operation,
    ) -> Result<SpendAnswer, HouseError> {
        self.check_bound(visitor, operation.spend())?;
        self.ask(visitor, operation, Vec::new()).await.map(Answered::into_answer)
    }

    /// How much a commit or reversal is about, in minor units: what was given along, else what it
    /// was about the first time, else all that `all` says.
    ///
    /// # Errors
    /// [`HouseError::SpendNotFound`], or [`HouseError::OtherCurrency`]: the ledger counts in minor
    /// units of the spend's own currency.
    pub fn amount_of(
        &self,
        (request, spend): (RequestId, SpendId),
        given: Option<Money>,
        all: impl Fn(&SpendRow) -> i64,
    ) -> Result<i64, HouseError> {
        let (row, first) = self.shared.state.read(|rows| {
            let first = rows.outcome(OperationId::Request(request));
            let first = first.and_then(|outcome| outcome.operation.amount_minor());
            (rows.spend(spend).cloned(), first)
        })?;
        let row = row.ok_or(HouseError::SpendNotFound)?;
        if let Some(given) = given {
            let currency_code = row.currency.code();
            let is_its = given.currency == row.currency;
            return if is_its {
                Ok(given.amount_minor)
            } else {
                Err(HouseError::OtherCurrency { field: "amount", currency_code })
            };
        }
        // Where nothing is left, the state forbids it whatever the amount.
        let whole = Some(all(&row)).filter(|minor| *minor > 0).unwrap_or(row.amount_minor);
        Ok(first.unwrap_or(whole))
    }

    /// A spend as it stands.
    ///
    /// # Errors
    /// [`HouseError::SpendNotFound`]; [`HouseError::Refused`] for one that was refused.
    pub fn spend(&self, visitor: &Visitor, spend: SpendId) -> Result<v1::Spend, HouseError> {
        self.check_bound(visitor, spend)?;
        let (row, refusal) = self.shared.state.read(|rows| {
            let refused = rows.outcome(OperationId::Spend(spend));
            let refusal = refused.and_then(|outcome| outcome.outcome.refusal.clone());
            (rows.spend(spend).cloned(), refusal)
        })?;
        let why_not = refusal.map_or(HouseError::SpendNotFound, HouseError::Refused);
        let row = row.ok_or(why_not)?;
        Ok(self.spend_view_of(&row, visitor, wall_time()))
    }

    /// Asks the ledger, and says what came of it.
    pub(super) async fn ask(
        &self,
        visitor: &Visitor,
        operation: Operation,
        records: Vec<Draft>,
    ) -> Result<Answered, HouseError> {
        let spend = operation.spend();
        let caller = visitor.agent.caller(visitor.access, wall_time());
        let ask = Some((caller, Action::Spend(operation)));
        let done = self.shared.writer.submit(Work { ask, records, topics: Vec::new() }).await?;
        let outcome = done.outcome.ok_or(HouseError::Stored)?;
        if let Some(refusal) = outcome.refusal {
            return Err(HouseError::Refused(refusal));
        }
        let trace = if outcome.replayed { self.trace_of(outcome.position) } else { done.trace };
        let now = wall_time();
        let seen = self.shared.state.read(|rows| {
            let row = rows.spend(spend)?;
            let customer = *row.about.customer.as_bytes();
            let live = self.live_of(row);
            let headroom = live.as_deref().and_then(|live| {
                let call = Call { visitor, live, customer, now };
                self.headroom_after(rows, &call, row, &trace)
            });
            Some((row.clone(), headroom))
        })?;
        let (row, headroom) = seen.ok_or(HouseError::Stored)?;
        let mut spend = self.spend_view_of(&row, visitor, now);
        if let Some(first) = &outcome.spend {
            self.answer_as_first(&mut spend, &row, (first, outcome.at));
        }
        let receipt = v1::Receipt {
            ledger_position: outcome.position.cast_signed(),
            leaf_hash: self.shared.state.leaf(outcome.position).unwrap_or_default().to_vec(),
            record_time: Some(timestamp(outcome.at.as_nanos())),
        };
        Ok(Answered { outcome, receipt, row, spend, headroom })
    }

    /// A token that is bound to an interaction reaches the spends of no other.
    pub(super) fn check_bound(&self, visitor: &Visitor, spend: SpendId) -> Result<(), HouseError> {
        let Some(bound) = &visitor.interaction else {
            return Ok(());
        };
        let pid = self.shared.vault.read().thing_pid("interaction", bound);
        // After a restart the interaction is in no memory yet, and the answer shows it; while it
        // cannot be read, the answer goes without.
        drop(self.interaction(bound));
        let interaction = |rows: &View<'_>| rows.spend(spend).map(|row| row.about.interaction);
        match self.shared.state.read(interaction)? {
            Some(own) if own.as_bytes() != &pid => Err(HouseError::SpendNotFound),
            _ => Ok(()),
        }
    }

    fn commit_note(&self, request: &SpendRequest) -> Result<Option<Digest>, HouseError> {
        if request.note.is_empty() {
            return Ok(None);
        }
        let vault = self.shared.vault.read();
        let (customer, spend) = (request.customer.as_bytes(), request.spend.as_bytes());
        let commitment = vault.note_commitment(customer, spend, &request.note)?;
        Ok(Some(Digest::from_bytes(commitment)))
    }

    fn note_record(&self, request: &SpendRequest) -> Option<Draft> {
        if request.note.is_empty() {
            return None;
        }
        let kind = RecordKind::GestureNote;
        let id = self.shared.vault.read().record_id(kind.into(), LIVE, &request.spend.to_string());
        let note = pb::GestureNote {
            spend_id: request.spend.as_bytes().to_vec(),
            note: request.note.clone(),
        };
        let at = wall_time().as_nanos();
        Some(Draft::new(kind, *request.customer.as_bytes(), id, at, &note))
    }
}
