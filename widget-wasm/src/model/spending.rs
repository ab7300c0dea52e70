//! Holding, giving, releasing and taking back: what is sent, and what each answer means. Only a
//! receipt of the ledger says that something was given; silence is asked about and never guessed.

use makegood_proto::v1 as pb;

use super::line::{Line, Op, Phase};
use super::{Call, Draft, Env, Focus, Model, Tell, money};
use crate::copy;
use crate::rpc::fault::{Code, Fault};
use crate::rpc::request::{Reply, Request, SpendReply};

/// How often the sidecar is asked about an unknown outcome.
const ASK_EVERY_MS: i64 = 1_000;
/// For how long it is asked.
pub(super) const ASK_FOR_MS: i64 = 10_000;
/// Before this a "not yet" may only mean that the request is still on its way.
const SETTLE_MS: i64 = 3_000;
/// When a failed prolongation is tried again.
const EXTEND_AGAIN_MS: i64 = 15_000;
/// How often a write is sent again to get the receipt that was missing.
const MAX_RESENT: u8 = 3;
/// The length of a SHA-256.
const LEAF_HASH_LENGTH: usize = 32;

impl Model {
    /// Begins a hold, or a gift in one step, on the call that is shown.
    pub(super) fn begin(&mut self, op: Op, mut want: pb::ReserveSpendRequest, env: &mut Env<'_>) {
        let allowed = self.shown().is_some_and(|call| match op {
            Op::Give => self.may_give(call),
            _ => self.may_hold(call),
        });
        if !allowed {
            return;
        }
        let spend_id = env.new_id();
        let Some(call) = self.shown_mut() else { return };
        want.spend_id.clone_from(&spend_id);
        call.customer_id().clone_into(&mut want.customer_id);
        want.interaction_id.clone_from(&call.id);
        want.decided_ms = (env.now - call.seen_at).max(0);
        call.lines.insert(0, Line::begin(op, want));
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
        line.asked_minor = if op == Op::Reverse {
            line.given_minor()
        } else {
            line.held_minor()
        };
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
        if let Ok(reply) = &mut reply
            && let Some(spend) = reply.spend.take()
        {
            line.take(spend, env.now, skew);
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
            Op::Reserve => {
                env.say(
                    [
                        &copy::held_for(&name, &amount),
                        ". ",
                        copy::OFFER_THEN_CONFIRM,
                    ]
                    .concat(),
                );
                env.tell(Tell::Reserved(line.spend_id.clone()));
                env.focus(Focus::Tray);
            }
            Op::Give | Op::Commit => {
                line.proven = true;
                env.say(
                    [
                        &copy::given((line.undo_until - env.now) / 1_000),
                        " ",
                        line.reference(),
                    ]
                    .concat(),
                );
                env.tell(Tell::Committed {
                    reference: line.reference().to_owned(),
                    amount_minor: line.given_minor(),
                    currency_code: line.currency().to_owned(),
                    reason_code: line.want.reason_code.clone(),
                });
                env.focus(Focus::Tray);
            }
            Op::Void => {
                env.tell(Tell::Voided(line.spend_id.clone()));
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
        line.phase = Phase::Unknown {
            since: env.now,
            next: env.now + ASK_EVERY_MS,
        };
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
        let needs_receipt = !matches!(line.op, Op::Reserve | Op::Void);
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
        env.tell(Tell::Error {
            code: fault.reason.clone(),
            retryable: fault.code == Code::ResourceExhausted,
        });
        let Some(call) = self.call_mut(id) else {
            return;
        };
        let Some(at) = call.lines.iter().position(|line| line.spend_id == spend_id) else {
            return;
        };
        if matches!(call.lines[at].op, Op::Reserve | Op::Give) {
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
            for line in call
                .lines
                .iter_mut()
                .filter(|line| line.phase == Phase::Stuck)
            {
                line.phase = Phase::Unknown {
                    since: env.now,
                    next: env.now + ASK_EVERY_MS,
                };
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
        if let Some(spend_id) = call
            .lines
            .iter()
            .find(cleared)
            .map(|line| line.spend_id.clone())
        {
            self.hear_happened(id, &spend_id, env);
        }
    }
}

impl Call {
    pub(super) fn line_mut(&mut self, spend_id: &str) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.spend_id == spend_id)
    }

    /// Takes the headroom that came with an answer, and the position that it has seen.
    fn take_reply(&mut self, reply: SpendReply) {
        if let (Some(panel), Some(headroom)) = (&mut self.panel, reply.headroom) {
            panel.headroom = Some(headroom);
        }
        if let Some(receipt) = &reply.receipt {
            self.revision.ledger = self.revision.ledger.max(receipt.ledger_position + 1);
        }
    }

    /// Takes up the lines of this interaction whose outcome was open when the page went away.
    pub(super) fn recall(&mut self, parked: &mut Vec<Line>) {
        while let Some(at) = parked
            .iter()
            .position(|line| line.want.interaction_id == self.id)
        {
            let line = parked.swap_remove(at);
            self.lines.insert(0, line);
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
            line.phase = Phase::Unknown {
                since,
                next: env.now + ASK_EVERY_MS,
            };
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

fn extend(id: &str, line: &mut Line, env: &mut Env<'_>) {
    line.extend_at = env.now + EXTEND_AGAIN_MS;
    let request = pb::ExtendSpendRequest {
        request_id: env.new_id(),
        spend_id: line.spend_id.clone(),
    };
    env.send(id, Request::Extend(request));
}

fn ask(id: &str, spend_id: &str, env: &mut Env<'_>) {
    let request = pb::GetSpendRequest {
        spend_id: spend_id.to_owned(),
    };
    env.send(id, Request::GetSpend(request));
}

/// Whether a request is what a line asked for last.
fn is_of(request: &Request, line: &Line) -> bool {
    match (line.op, request) {
        (Op::Reserve, Request::Reserve(_)) | (Op::Give, Request::Give(_)) => true,
        (Op::Commit, Request::Commit(request)) => request.request_id == line.request_id,
        (Op::Void, Request::Void(request)) => request.request_id == line.request_id,
        (Op::Reverse, Request::Reverse(request)) => request.request_id == line.request_id,
        _ => false,
    }
}

/// What a line asks for: the same fields each time it is sent.
fn request(line: &Line) -> Request {
    let (request_id, spend_id) = (line.request_id.clone(), line.spend_id.clone());
    let amount = Some(money(line.asked_minor, line.currency()));
    match line.op {
        Op::Reserve => Request::Reserve(line.want.clone()),
        // Both requests have the same fields.
        Op::Give => Request::Give(line.want.clone()),
        Op::Commit => Request::Commit(pb::CommitSpendRequest {
            request_id,
            spend_id,
            amount,
            keep_rest: false,
        }),
        Op::Void => Request::Void(pb::VoidSpendRequest {
            request_id,
            spend_id,
            reason: line.why,
        }),
        Op::Reverse => Request::Reverse(pb::ReverseSpendRequest {
            request_id,
            spend_id,
            amount,
            reason: line.why,
        }),
    }
}
