//! Asking a second person for more than there is room for: who that would be, what became of the
//! question, and taking it back. What is held meanwhile can be given at any time.

use makegood_proto::v1 as pb;
use makegood_proto::v1::ConsultState;

use super::line::{Line, Op};
use super::{Call, Env, Model, Sum, Tell, money};
use crate::copy;
use crate::format::Format;
use crate::rpc::fault::Fault;
use crate::rpc::request::{Reply, Request};

/// How long it is taken for true who would be asked: people come and go.
const PREVIEW_MS: i64 = 10_000;

impl Model {
    /// Asks who would be asked, while the composer says more than there is room for.
    pub(super) fn preview(&mut self, env: &mut Env<'_>) {
        let Some(call) = self.shown().filter(|call| self.may_begin(call)) else {
            return;
        };
        let Some(draft) = &call.draft else { return };
        let sum = draft.sum(call, env.fmt);
        let over = matches!(sum, Sum::Over { .. }) && !draft.reason.is_empty();
        if !over || env.now < draft.preview_at {
            return;
        }
        let request = pb::PreviewSpendRequest {
            customer_id: call.customer_id().to_owned(),
            interaction_id: call.id.clone(),
            amount: Some(money(sum.wished(), call.currency())),
            reason_code: draft.reason.clone(),
            gesture_code: draft.gesture.clone(),
        };
        env.send(&call.id, Request::Preview(request));
        if let Some(draft) = self.draft_mut() {
            draft.preview_at = env.now + PREVIEW_MS;
        }
    }

    pub(super) fn hear_preview(&mut self, id: &str, result: Result<Reply, Fault>) {
        let draft = self.call_mut(id).and_then(|call| call.draft.as_mut());
        if let (Some(draft), Ok(Reply::Approver(name))) = (draft, result) {
            draft.approver = name;
        }
    }

    /// Takes the question about a line back. What is held stays held.
    pub(super) fn withdraw(&mut self, spend_id: &str, env: &mut Env<'_>) {
        let allowed = self.shown().is_some_and(|call| self.may_hold(call));
        let Some(call) = self.shown_mut().filter(|_| allowed) else {
            return;
        };
        let id = call.id.clone();
        let line = call.line_mut(spend_id);
        if let Some(consult) = line.and_then(|line| line.consult.as_ref()) {
            let request_id = env.new_id();
            let consult_id = consult.consult_id.clone();
            let request = pb::WithdrawConsultRequest { request_id, consult_id };
            env.send(&id, Request::Withdraw(request));
        }
    }
}

impl Call {
    /// Takes what became of the questions about this agent's gestures; an answer is said.
    pub(super) fn take_consults(&mut self, panel: &mut pb::Panel, env: &mut Env<'_>) {
        while let Some(consult) = panel.consults.pop() {
            let spend_id = consult.spend.as_ref().map_or("", |spend| &spend.spend_id);
            let Some(line) = self.line_mut(spend_id).filter(|_| consult.own) else {
                continue;
            };
            let was_open = line.consult_state() == ConsultState::Open;
            line.consult = Some(consult);
            if was_open && line.consult_state() != ConsultState::Open {
                env.say(line.answer(env.fmt));
                env.tell(line.told());
            }
        }
    }
}

impl Line {
    /// Who is asked, or has answered.
    pub(crate) fn approver(&self) -> &str {
        self.consult.as_ref().map_or("", |consult| &consult.approver_name)
    }

    /// What the host is told of the question.
    pub(super) fn told(&self) -> Tell {
        let state = match self.consult_state() {
            ConsultState::Open => "asked",
            ConsultState::Approved => "approved",
            ConsultState::Declined => "declined",
            ConsultState::TimedOut => "timed_out",
            _ => "over",
        };
        Tell::new("consult").text("spend_id", &self.spend_id).text("state", state)
    }

    /// Whether the same may be asked for again.
    pub(crate) fn may_ask_again(&self) -> bool {
        use ConsultState::{Declined, TimedOut, Withdrawn};
        self.begun && matches!(self.consult_state(), Declined | TimedOut | Withdrawn)
    }

    /// What was answered, and what can be given now. Empty while nothing was.
    pub(crate) fn answer(&self, fmt: &dyn Format) -> String {
        let held = self.held_minor();
        let amount = if held > 0 { fmt.money(held, self.currency()) } else { String::new() };
        let words = match self.consult_state() {
            ConsultState::Approved => return copy::approved(self.approver(), &amount),
            ConsultState::Declined => &copy::declined(self.approver()),
            ConsultState::TimedOut => copy::NO_ANSWER,
            ConsultState::Withdrawn => copy::TOOK_BACK,
            _ => return String::new(),
        };
        copy::still(words, &amount)
    }
}

impl Op {
    /// Whether it holds something new.
    pub(super) fn begins(self) -> bool {
        matches!(self, Op::Reserve | Op::Give | Op::Ask)
    }
}
