//! An entry's body as one row: the same fields whatever happened, empty where it does not say.

use makegood_core::ids::{
    AgentPid, CasePid, CustomerPid, Digest, GestureCode, InteractionPid, PoolId, ReasonCode,
    RequestId, SpendId,
};
use makegood_core::ledger::{
    Act, ConsultState, Entry, EntryBody, GestureRequest, Operation, OperationId, SpendAbout,
};
use makegood_core::policy::GestureKind;
use makegood_core::time::Time;

/// What one entry says.
#[derive(Debug, Default)]
pub(super) struct Event {
    /// The id under which it was asked.
    pub(super) operation: Option<OperationId>,
    /// The gesture.
    pub(super) spend: Option<SpendId>,
    /// Whose gesture it is.
    pub(super) agent: Option<AgentPid>,
    /// For whom.
    pub(super) customer: Option<CustomerPid>,
    /// During which interaction.
    pub(super) interaction: Option<InteractionPid>,
    /// In which case.
    pub(super) case: Option<CasePid>,
    /// Why.
    pub(super) reason: Option<ReasonCode>,
    /// What.
    pub(super) gesture: Option<GestureCode>,
    /// The kind of the gesture.
    pub(super) kind: Option<GestureKind>,
    /// The pool that it draws on.
    pub(super) pool: Option<PoolId>,
    /// The amount that the entry is about, in minor units.
    pub(super) amount_minor: Option<i64>,
    /// When the hold ends as of this entry.
    pub(super) hold_expires_at: Option<Time>,
    /// The consult that it belongs to.
    pub(super) consult: Option<RequestId>,
    /// The salted commitment to the note.
    pub(super) note: Option<Digest>,
    /// Milliseconds from the complaint to the decision.
    pub(super) decided_ms: Option<u32>,
    /// How it ended: `DONE`, or why not.
    pub(super) outcome: String,
}

impl Event {
    /// What an entry says.
    pub(super) fn of(entry: &Entry) -> Self {
        let mut event = Self { outcome: "DONE".to_owned(), ..Self::default() };
        event.fill(&entry.body);
        event.operation = event.operation.or_else(|| operation_id(&entry.body));
        event
    }

    fn fill(&mut self, body: &EntryBody) {
        match body {
            EntryBody::PolicyActivated { .. } => {}
            EntryBody::PoolOpened { pool, allotted_minor, .. } => {
                self.pool = Some(pool.clone());
                self.amount_minor = *allotted_minor;
            }
            EntryBody::Reserved { request, kind, pool, expire_at, consult, is_give: _ } => {
                self.request(request);
                self.kind = Some(*kind);
                self.pool = Some(pool.clone());
                self.hold_expires_at = Some(*expire_at);
                self.consult = *consult;
            }
            EntryBody::Refused { operation, refusal, about } => {
                self.refused(operation, about.as_deref());
                refusal.reason().clone_into(&mut self.outcome);
            }
            EntryBody::Extended { about, expire_at, .. } => {
                self.about(about);
                self.hold_expires_at = Some(*expire_at);
            }
            EntryBody::Committed { about, amount_minor, .. }
            | EntryBody::Increased { about, amount_minor, .. }
            | EntryBody::Reversed { about, amount_minor, .. } => {
                self.about(about);
                self.amount_minor = Some(*amount_minor);
            }
            EntryBody::Voided { about, released_minor, .. }
            | EntryBody::Expired { about, released_minor } => {
                self.about(about);
                self.amount_minor = Some(*released_minor);
            }
            EntryBody::Corrected { about, reason, gesture, kind, amount_minor, .. } => {
                self.about(about);
                self.reason = Some(reason.clone());
                self.gesture = Some(gesture.clone());
                self.kind = Some(*kind);
                self.amount_minor = Some(*amount_minor);
            }
            EntryBody::ConsultAsked { .. }
            | EntryBody::ConsultPassed { .. }
            | EntryBody::ConsultApproved { .. }
            | EntryBody::ConsultClosed { .. } => self.consulted(body),
            EntryBody::Act { act, .. } => self.act(act),
        }
    }

    fn consulted(&mut self, body: &EntryBody) {
        match body {
            EntryBody::ConsultAsked { consult, about, asked_minor, expire_at, .. } => {
                self.about(about);
                self.consult = Some(*consult);
                self.amount_minor = Some(*asked_minor);
                self.hold_expires_at = Some(*expire_at);
            }
            EntryBody::ConsultPassed { consult, about, expire_at, .. } => {
                self.about(about);
                self.consult = Some(*consult);
                self.hold_expires_at = Some(*expire_at);
            }
            EntryBody::ConsultApproved { consult, about, approved_minor, expire_at, .. } => {
                self.about(about);
                self.consult = Some(*consult);
                self.amount_minor = Some(*approved_minor);
                self.hold_expires_at = Some(*expire_at);
                "APPROVED".clone_into(&mut self.outcome);
            }
            EntryBody::ConsultClosed { consult, about, end, .. } => {
                self.about(about);
                self.consult = Some(*consult);
                self.outcome = ConsultState::code(*end).to_uppercase();
            }
            _ => {}
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Allocate { to, from, amount } => {
                self.pool = to.clone().or_else(|| from.clone());
                self.amount_minor = Some(amount.amount_minor);
            }
            Act::Note { spend, state, note } => {
                self.spend = Some(*spend);
                self.note = *note;
                self.outcome = state.code().to_uppercase();
            }
            Act::DisposeFinding { disposition, note, .. } => {
                self.note = *note;
                self.outcome = disposition.code().to_uppercase();
            }
            Act::Pause { reason, note } => {
                self.note = *note;
                self.outcome = reason.code().to_uppercase();
            }
            Act::Resume { note } => self.note = *note,
            Act::DraftPolicy(_)
            | Act::PublishPolicy { .. }
            | Act::SchedulePolicy { .. }
            | Act::WithdrawPolicy { .. }
            | Act::ClosePeriod(_)
            | Act::ReopenPeriod(_)
            | Act::SecondReopening(_)
            | Act::DigestBalances
            | Act::RotateKey { .. }
            | Act::Export { .. }
            | Act::ExportSubject { .. }
            | Act::AskErasure { .. }
            | Act::EraseSubject { .. }
            | Act::DrawSample(_)
            | Act::RaiseFinding(_) => {}
        }
    }

    fn refused(&mut self, operation: &Operation, about: Option<&SpendAbout>) {
        if let Operation::Reserve(request)
        | Operation::Give(request)
        | Operation::Ask { gesture: request, .. } = operation
        {
            self.request(request);
        }
        if let Some(about) = about {
            self.about(about);
        }
        self.operation = Some(operation.id());
        self.spend = Some(operation.spend());
        self.amount_minor = operation.amount_minor();
    }

    fn request(&mut self, request: &GestureRequest) {
        self.operation = Some(OperationId::Spend(request.spend));
        self.spend = Some(request.spend);
        self.customer = Some(request.customer);
        self.interaction = Some(request.interaction);
        self.case = request.case;
        self.reason = Some(request.reason.clone());
        self.gesture = Some(request.gesture.clone());
        self.amount_minor = Some(request.amount.amount_minor);
        self.note = request.note;
        self.decided_ms = Some(request.decided_ms).filter(|ms| *ms > 0);
    }

    fn about(&mut self, about: &SpendAbout) {
        self.spend = Some(about.spend);
        self.agent = Some(about.agent);
        self.customer = Some(about.customer);
        self.interaction = Some(about.interaction);
        self.case = about.case;
        self.reason = Some(about.reason.clone());
        self.gesture = Some(about.gesture.clone());
        self.kind = Some(about.kind);
        self.pool = Some(about.pool.clone());
    }
}

/// The request that an entry answers.
fn operation_id(body: &EntryBody) -> Option<OperationId> {
    let request = match body {
        EntryBody::Extended { request, .. }
        | EntryBody::Voided { request, .. }
        | EntryBody::Reversed { request, .. }
        | EntryBody::Increased { request, .. }
        | EntryBody::Corrected { request, .. }
        | EntryBody::ConsultApproved { request, .. }
        | EntryBody::ConsultAsked { consult: request, .. } => Some(*request),
        // What is given at once is asked under the gesture's own id.
        EntryBody::Committed { request: None, about, .. } => {
            return Some(OperationId::Spend(about.spend));
        }
        EntryBody::Committed { request, .. }
        | EntryBody::ConsultClosed { request, .. }
        | EntryBody::Act { request, .. } => *request,
        EntryBody::PolicyActivated { .. }
        | EntryBody::PoolOpened { .. }
        | EntryBody::Reserved { .. }
        | EntryBody::Refused { .. }
        | EntryBody::Expired { .. }
        | EntryBody::ConsultPassed { .. } => None,
    };
    request.map(OperationId::Request)
}
