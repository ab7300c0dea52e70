//! Holding, giving, releasing and taking back: what is asked of the sidecar, and with which ids.

use makegood_proto::v1 as pb;

use super::line::{Line, Op, Phase};
use super::{Call, Env, Focus, Model, money};
use crate::rpc::request::{Request, SpendReply};

/// When a failed prolongation is tried again.
pub(super) const EXTEND_AGAIN_MS: i64 = 15_000;

impl Model {
    /// Begins a hold, or a gift in one step, on the call that is shown.
    pub(super) fn begin(&mut self, op: Op, mut want: pb::ReserveSpendRequest, env: &mut Env<'_>) {
        let allowed = self
            .shown()
            .is_some_and(|call| self.may_begin(call) && (op != Op::Give || self.may_give(call)));
        if !allowed {
            return;
        }
        let spend_id = env.new_id();
        let consult_id = if op == Op::Ask { env.new_id() } else { String::new() };
        let Some(call) = self.shown_mut() else { return };
        want.spend_id.clone_from(&spend_id);
        call.customer_id().clone_into(&mut want.customer_id);
        want.interaction_id.clone_from(&call.id);
        want.decided_ms = (env.now - call.seen_at).max(0);
        let mut line = Line::begin(op, want);
        line.request_id = consult_id;
        call.lines.insert(0, line);
        call.draft = None;
        call.race.clear();
        let id = call.id.clone();
        self.send_line(&id, &spend_id, env);
        env.focus(Focus::Tray);
    }

    /// Asks for the next step of a line on the call that is shown.
    pub(super) fn step(&mut self, spend_id: &str, op: Op, why: i32, env: &mut Env<'_>) {
        let allowed = self.shown().is_some_and(|call| match op {
            Op::Commit => self.may_give(call),
            Op::Ask => self.may_begin(call),
            _ => self.may_hold(call),
        });
        let request_id = env.new_id();
        let Some(call) = self.shown_mut().filter(|_| allowed) else {
            return;
        };
        let id = call.id.clone();
        let Some(line) = call.line_mut(spend_id) else {
            return;
        };
        if line.is_pending() {
            return;
        }
        if !(line.reuse && line.op == op && line.why == why) {
            line.request_id = request_id;
        }
        line.asked_minor = if op == Op::Reverse { line.given_minor() } else { line.held_minor() };
        (line.op, line.why, line.phase) = (op, why, Phase::Sent);
        (line.armed, line.asking_back, line.reuse, line.resent) = (false, false, false, 0);
        line.message.clear();
        call.gate = false;
        self.send_line(&id, spend_id, env);
    }

    /// Holds the same again: under the same id if the sidecar never heard of it, else under a new
    /// one.
    pub(super) fn hold_again(&mut self, spend_id: &str, env: &mut Env<'_>) {
        let Some(call) = self.shown_mut() else { return };
        let id = call.id.clone();
        let Some(line) = call.line_mut(spend_id) else {
            return;
        };
        if line.is_pending() {
            return;
        }
        if line.spend.is_none() {
            line.phase = Phase::Sent;
            line.message.clear();
            self.send_line(&id, spend_id, env);
            return;
        }
        line.dismissed = true;
        let want = line.want.clone();
        self.begin(Op::Reserve, want, env);
    }

    /// Prolongs a hold now.
    pub(super) fn keep_holding(&mut self, spend_id: &str, env: &mut Env<'_>) {
        let Some(call) = self.shown_mut() else { return };
        let id = call.id.clone();
        if let Some(line) = call.line_mut(spend_id) {
            extend(&id, line, env);
        }
    }

    /// Keeps the line, then sends what it asks for.
    fn send_line(&mut self, id: &str, spend_id: &str, env: &mut Env<'_>) {
        self.save(env);
        let Some(line) = self.call_mut(id).and_then(|call| call.line_mut(spend_id)) else {
            return;
        };
        env.send(id, request(line));
    }
}

impl Call {
    pub(super) fn line_mut(&mut self, spend_id: &str) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.spend_id == spend_id)
    }

    /// Takes the headroom that came with an answer, and the position that it has seen.
    pub(super) fn take_reply(&mut self, reply: SpendReply) {
        if let (Some(panel), Some(headroom)) = (&mut self.panel, reply.headroom) {
            panel.headroom = Some(headroom);
        }
        if let Some(receipt) = &reply.receipt {
            self.revision.ledger = self.revision.ledger.max(receipt.ledger_position + 1);
        }
    }

    /// Takes up the lines of this interaction whose outcome was open when the page went away.
    pub(super) fn recall(&mut self, parked: &mut Vec<Line>) {
        while let Some(at) = parked.iter().position(|line| line.want.interaction_id == self.id) {
            let line = parked.swap_remove(at);
            self.lines.insert(0, line);
        }
    }
}

/// Asks for a hold to be prolonged.
pub(super) fn extend(id: &str, line: &mut Line, env: &mut Env<'_>) {
    line.extend_at = env.now + EXTEND_AGAIN_MS;
    let request =
        pb::ExtendSpendRequest { request_id: env.new_id(), spend_id: line.spend_id.clone() };
    env.send(id, Request::Extend(request));
}

/// What a line asks for: the same fields each time it is sent.
pub(super) fn request(line: &Line) -> Request {
    let (request_id, spend_id) = (line.request_id.clone(), line.spend_id.clone());
    let amount = Some(money(line.asked_minor, line.currency()));
    match line.op {
        Op::Reserve => Request::Reserve(line.want.clone()),
        // Both requests have the same fields.
        Op::Give => Request::Give(line.want.clone()),
        Op::Ask => Request::Ask(request_id, line.want.clone()),
        Op::Commit => Request::Commit(pb::CommitSpendRequest {
            request_id,
            spend_id,
            amount,
            keep_rest: false,
        }),
        Op::Void => Request::Void(pb::VoidSpendRequest { request_id, spend_id, reason: line.why }),
        Op::Reverse => Request::Reverse(pb::ReverseSpendRequest {
            request_id,
            spend_id,
            amount,
            reason: line.why,
            ..pb::ReverseSpendRequest::default()
        }),
    }
}
