//! What each answer about a spend means. Only a receipt of the ledger says that something was given;
//! silence is asked about and never guessed.

use makegood_proto::v1 as pb;

use super::line::{Line, Op, Phase};
use super::spending::{EXTEND_AGAIN_MS, extend, request};
use super::{Call, Draft, Env, Focus, Model, Tell};
use crate::copy;
use crate::format::joined;
use crate::rpc::fault::{Code, Fault};
use crate::rpc::request::{Reply, Request, SpendReply};

/// How often the sidecar is asked about an unknown outcome.
const ASK_EVERY_MS: i64 = 1_000;
/// For how long it is asked.
pub(super) const ASK_FOR_MS: i64 = 10_000;
/// Before this a "not yet" may only mean that the request is still on its way.
const SETTLE_MS: i64 = 3_000;
/// How often a write is sent again to get the receipt that was missing.
const MAX_RESENT: u8 = 3;
/// The length of a SHA-256.
const LEAF_HASH_LENGTH: usize = 32;

impl Model {
    pub(super) fn hear_spend(
        &mut self,
        id: &str,
        request: &Request,
        result: Result<Reply, Fault>,
        env: &mut Env<'_>,
    ) {
        let skew = self.skew;
        let Some(spend_id) = request.spend_id() else {
            return;
        };
        let Some(call) = self.call_mut(id) else {
            return;
        };
        let Some(line) = call.lines.iter_mut().find(|line| line.spend_id == spend_id) else {
            return;
        };
        let answers = line.is_pending() && is_of(request, line);
        let awaited = line.phase == Phase::Sent;
        let mut reply = match result {
            Ok(Reply::Spend(reply)) => Ok(*reply),
            Ok(_) => Err(Fault::unknown()),
            Err(fault) => Err(fault),
        };
        let proven = reply.as_ref().is_ok_and(is_proof);
        if let Ok(reply) = &mut reply {
            if let Some(spend) = reply.spend.take() {
                line.take(spend, env.now, skew);
            }
            line.consult = reply.consult.take().or(line.consult.take());
        }
        let reply = reply.map(|reply| call.take_reply(reply));
        if answers {
            match reply {
                Ok(()) if proven => self.settle(id, spend_id, env),
                Err(fault) if !fault.is_unknown() => self.refuse(id, spend_id, &fault, env),
                _ if awaited => self.lose_track(id, spend_id, env),
                _ => {}
            }
        } else if matches!(request, Request::GetSpend(_)) {
            self.hear_outcome(id, spend_id, reply.err().as_ref(), env);
        }
    }

    /// What was asked has happened, and the ledger has proven it.
    fn settle(&mut self, id: &str, spend_id: &str, env: &mut Env<'_>) {
        let Some(call) = self.call_mut(id) else {
            return;
        };
        let name = call.first_name().to_owned();
        let Some(line) = call.line_mut(spend_id) else {
            return;
        };
        line.phase = Phase::Settled;
        line.message.clear();
        let amount = env.fmt.money(line.amount_minor(), line.currency());
        match line.op {
            Op::Ask if line.consult_state() == pb::ConsultState::Open => {
                env.say(copy::asking(line.approver()));
                env.tell(Tell::new("reserve").text("spend_id", &line.spend_id));
                env.tell(line.told());
                env.focus(Focus::Tray);
            }
            Op::Reserve | Op::Ask => {
                env.say(joined(&[&copy::held_for(&name, &amount), ". ", copy::OFFER_THEN_CONFIRM]));
                env.tell(Tell::new("reserve").text("spend_id", &line.spend_id));
                env.focus(Focus::Tray);
            }
            Op::Give | Op::Commit => {
                line.proven = true;
                env.say(joined(&[
                    &copy::given((line.undo_until - env.now) / 1_000),
                    " ",
                    line.reference(),
                ]));
                let tell = Tell::new("commit")
                    .text("ref", line.reference())
                    .number("amount_minor", line.given_minor())
                    .text("currency", line.currency());
                env.tell(tell.text("reason_code", &line.want.reason_code));
                env.focus(Focus::Tray);
            }
            Op::Void => {
                env.tell(Tell::new("void").text("spend_id", &line.spend_id));
                end_well(call, copy::RELEASED, env);
            }
            Op::Reverse => {
                line.dismissed = true;
                end_well(call, copy::TAKEN_BACK, env);
            }
        }
        self.save(env);
    }

    /// No answer came, or none that proves anything: the sidecar is asked what became of it.
    fn lose_track(&mut self, id: &str, spend_id: &str, env: &mut Env<'_>) {
        let Some(line) = self.call_mut(id).and_then(|call| call.line_mut(spend_id)) else {
            return;
        };
        line.phase = Phase::Unknown { since: env.now, next: env.now + ASK_EVERY_MS };
        env.cry(copy::CHECKING);
        ask(id, spend_id, env);
        env.wake(ASK_EVERY_MS);
    }

    /// The answer to the question what became of it.
    fn hear_outcome(&mut self, id: &str, spend_id: &str, fault: Option<&Fault>, env: &mut Env<'_>) {
        let Some(line) = self.call_mut(id).and_then(|call| call.line_mut(spend_id)) else {
            return;
        };
        let since = match line.phase {
            Phase::Unknown { since, .. } => since,
            Phase::Stuck => env.now - ASK_FOR_MS,
            Phase::Sent | Phase::Settled => return,
        };
        match fault {
            None if line.has_happened() => self.hear_happened(id, spend_id, env),
            Some(fault) if fault.code != Code::NotFound => {}
            _ if env.now - since >= SETTLE_MS => self.hear_not_happened(id, spend_id, env),
            _ => {}
        }
    }

    /// It has happened. What was given needs its receipt: the same request brings it again.
    fn hear_happened(&mut self, id: &str, spend_id: &str, env: &mut Env<'_>) {
        let Some(line) = self.call_mut(id).and_then(|call| call.line_mut(spend_id)) else {
            return;
        };
        let needs_receipt = !matches!(line.op, Op::Reserve | Op::Void | Op::Ask);
        if needs_receipt && line.resent < MAX_RESENT {
            line.resent += 1;
            line.phase = Phase::Sent;
            env.send(id, request(line));
        } else if needs_receipt {
            line.phase = Phase::Settled;
            self.save(env);
        } else {
            self.settle(id, spend_id, env);
        }
    }

    /// It has not happened; the same request may be sent again without harm.
    fn hear_not_happened(&mut self, id: &str, spend_id: &str, env: &mut Env<'_>) {
        let Some(line) = self.call_mut(id).and_then(|call| call.line_mut(spend_id)) else {
            return;
        };
        line.phase = Phase::Settled;
        line.reuse = true;
        let words = match line.op {
            Op::Reserve => copy::NOT_HELD,
            Op::Ask => copy::NOT_ASKED,
            Op::Give | Op::Commit => copy::NOT_GIVEN,
            Op::Void | Op::Reverse => copy::REFUSED,
        };
        words.clone_into(&mut line.message);
        env.cry(words);
        self.save(env);
    }

    /// The sidecar has refused it: nothing was spent.
    fn refuse(&mut self, id: &str, spend_id: &str, fault: &Fault, env: &mut Env<'_>) {
        let over = fault.reason == "LIMIT_EXCEEDED";
        let words = match fault.code {
            _ if over => copy::MORE_THAN_ROOM,
            Code::ResourceExhausted => copy::BUSY,
            _ if fault.words.is_empty() => copy::REFUSED,
            _ => &fault.words,
        };
        env.say(words);
        let retryable = fault.code == Code::ResourceExhausted;
        let tell = Tell::new("error").text("code", &fault.reason);
        env.tell(tell.flag("retryable", retryable));
        let Some(call) = self.call_mut(id) else {
            return;
        };
        let Some(at) = call.lines.iter().position(|line| line.spend_id == spend_id) else {
            return;
        };
        if call.lines[at].op.begins() && call.lines[at].spend.is_none() {
            // A refusal sticks to its id: the next try is a new line with the same fields.
            let line = call.lines.remove(at);
            if !call.signed_out {
                call.draft = Some(Draft::again(&line.want, words, env.fmt));
                env.focus(Focus::Amount);
            }
        } else {
            let line = &mut call.lines[at];
            line.phase = Phase::Settled;
            words.clone_into(&mut line.message);
            ask(id, spend_id, env);
        }
        self.save(env);
        self.ask_panel(id, env);
    }

    /// Asks about unknown outcomes, and prolongs holds well before they end.
    pub(super) fn tick_lines(&mut self, env: &mut Env<'_>) {
        let (offline, readonly) = (self.link.is_offline(), self.readonly);
        for call in &mut self.calls {
            if env.now >= call.notice_until {
                call.notice.clear();
            }
            let prolong =
                call.is_live() && call.acting == super::Acting::Here && !offline && !readonly;
            for line in &mut call.lines {
                tick_line(&call.id, line, prolong, env);
            }
        }
    }

    /// The sidecar answers again: what could not be cleared up is asked once more.
    pub(super) fn ask_stuck(&mut self, env: &mut Env<'_>) {
        for call in &mut self.calls {
            for line in call.lines.iter_mut().filter(|line| line.phase == Phase::Stuck) {
                line.phase = Phase::Unknown { since: env.now, next: env.now + ASK_EVERY_MS };
                ask(&call.id, &line.spend_id, env);
            }
        }
    }

    /// A new state of the sidecar may say what became of a line.
    pub(super) fn settle_by_state(&mut self, id: &str, env: &mut Env<'_>) {
        let Some(call) = self.call_mut(id) else {
            return;
        };
        let cleared =
            |line: &&Line| line.phase != Phase::Sent && line.is_pending() && line.has_happened();
        // One at a time: the next message of the stream brings the next.
        if let Some(spend_id) = call.lines.iter().find(cleared).map(|line| line.spend_id.clone()) {
            self.hear_happened(id, &spend_id, env);
        }
    }
}

fn end_well(call: &mut Call, words: &str, env: &mut Env<'_>) {
    call.notify(words, env.now);
    env.say(words);
    env.focus(Focus::Top);
}

fn is_proof(reply: &SpendReply) -> bool {
    let whole = |receipt: &pb::Receipt| receipt.leaf_hash.len() == LEAF_HASH_LENGTH;
    reply.spend.is_some() && reply.receipt.as_ref().is_some_and(whole)
}

fn tick_line(id: &str, line: &mut Line, prolong: bool, env: &mut Env<'_>) {
    match line.phase {
        Phase::Unknown { since, .. } if env.now - since >= ASK_FOR_MS => {
            line.phase = Phase::Stuck;
            env.cry(copy::STILL_UNSURE);
        }
        Phase::Unknown { since, next } if env.now >= next => {
            line.phase = Phase::Unknown { since, next: env.now + ASK_EVERY_MS };
            ask(id, &line.spend_id, env);
        }
        Phase::Settled if line.is_held() && env.now >= line.extend_at => {
            if prolong && env.now < line.expires_at {
                extend(id, line, env);
            } else if env.now >= line.expires_at {
                line.extend_at = env.now + EXTEND_AGAIN_MS;
                ask(id, &line.spend_id, env);
            }
        }
        _ => {}
    }
}

fn ask(id: &str, spend_id: &str, env: &mut Env<'_>) {
    let request = pb::GetSpendRequest { spend_id: spend_id.to_owned() };
    env.send(id, Request::GetSpend(request));
}

/// Whether a request is what a line asked for last.
fn is_of(request: &Request, line: &Line) -> bool {
    match (line.op, request) {
        (Op::Reserve, Request::Reserve(_)) | (Op::Give, Request::Give(_)) => true,
        (Op::Ask, Request::Ask(consult_id, _)) => *consult_id == line.request_id,
        (Op::Commit, Request::Commit(request)) => request.request_id == line.request_id,
        (Op::Void, Request::Void(request)) => request.request_id == line.request_id,
        (Op::Reverse, Request::Reverse(request)) => request.request_id == line.request_id,
        _ => false,
    }
}
