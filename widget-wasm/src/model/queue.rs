//! The questions that wait for this agent: who asks for how much, and the answer. They come over the
//! stream of the desk, also while nobody calls.

use makegood_proto::v1 as pb;

use super::link::DESK;
use super::{Env, Focus, Model, millis, money};
use crate::copy;
use crate::format::{Format, parse_amount, plain_amount};
use crate::rpc::fault::Fault;
use crate::rpc::request::{Reply, Request};

/// How long a card says how it ended.
const ENDED_MS: i64 = 6_000;

/// How long after its answer time a question is taken for over, where the sidecar says nothing.
const LATE_MS: i64 = 2_000;

/// A question that waits for this agent.
#[derive(Debug, Default)]
pub(crate) struct Card {
    /// The question.
    pub(crate) consult: pb::Consult,
    /// The amount to approve, as typed.
    pub(crate) amount: String,
    /// Whether the answer is on its way.
    pub(crate) sent: bool,
    /// The id of the last answer: the same answer again is the same request.
    request_id: String,
    answer: i32,
    /// Whether the question waits no more.
    gone: bool,
    /// What was wrong with the last answer, or how the question ended. Empty if nothing is.
    pub(crate) message: String,
    /// Until when its end is shown. 0 while it is open.
    ended_until: i64,
}

impl Card {
    fn new(consult: pb::Consult, fmt: &dyn Format) -> Card {
        let asked = consult.asked.clone().unwrap_or_default();
        let digits = fmt.digits(&asked.currency_code);
        let amount = plain_amount(asked.amount_minor, fmt.decimal(), digits);
        Card { consult, amount, ..Card::default() }
    }

    /// What is wished in all, in minor units.
    pub(crate) fn asked_minor(&self) -> i64 {
        self.consult.asked.as_ref().map_or(0, |asked| asked.amount_minor)
    }

    /// The currency.
    pub(crate) fn currency(&self) -> &str {
        self.consult.asked.as_ref().map_or("", |asked| &asked.currency_code)
    }

    /// What can be given whatever is answered, in minor units.
    pub(crate) fn held_minor(&self) -> i64 {
        self.consult.spend.as_ref().map_or(0, |spend| spend.held_minor)
    }

    /// The amount that approving would allow in all. 0 if what was typed is not above what is held
    /// or is more than was asked.
    pub(crate) fn approvable(&self, fmt: &dyn Format) -> i64 {
        let typed = parse_amount(&self.amount, fmt.decimal(), fmt.digits(self.currency()));
        let fits = |minor: &i64| *minor > self.held_minor() && *minor <= self.asked_minor();
        typed.ok().filter(fits).unwrap_or(0)
    }

    /// Whether the question has ended, and the card only says how.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended_until > 0
    }

    fn end(&mut self, words: &str, env: &mut Env<'_>) {
        words.clone_into(&mut self.message);
        self.ended_until = env.now + ENDED_MS;
        env.say(words);
        env.focus(Focus::Rest);
    }
}

impl Model {
    /// Whether questions may be answered here.
    pub(crate) fn may_answer(&self) -> bool {
        !self.readonly && !self.link.is_offline()
    }

    /// Takes the questions that wait now. One that waits no more says so for some seconds.
    pub(super) fn take_queue(&mut self, mut queue: pb::ConsultQueue, env: &mut Env<'_>) {
        for card in &mut self.queue {
            let waits = |consult: &pb::Consult| consult.consult_id == card.consult.consult_id;
            card.gone = !queue.waiting.iter().any(waits);
        }
        self.tick_queue(env);
        let end = self.queue.len();
        // The newest comes first.
        while let Some(consult) = queue.waiting.pop() {
            let known = |card: &&mut Card| card.consult.consult_id == consult.consult_id;
            if let Some(card) = self.queue.iter_mut().find(known) {
                card.consult = consult;
                continue;
            }
            let card = Card::new(consult, env.fmt);
            let amount = env.fmt.money(card.asked_minor(), card.currency());
            env.say(copy::asks(&card.consult.agent_name, &amount, &card.consult.customer_name));
            self.queue.insert(end, card);
        }
    }

    /// Ends what nobody answered in time, and takes away the cards that have said how they ended.
    pub(super) fn tick_queue(&mut self, env: &mut Env<'_>) {
        let skew = self.skew;
        for card in &mut self.queue {
            let until = card.consult.answer_expire_time.as_ref();
            card.gone |= until.is_some_and(|until| millis(until) - skew + LATE_MS <= env.now);
            // The reply to an answer that is on its way may say more.
            if card.gone && !card.sent && !card.has_ended() {
                card.end(copy::QUESTION_OVER, env);
            }
        }
        let past = |card: &Card| card.has_ended() && env.now >= card.ended_until;
        if let Some(at) = self.queue.iter().position(past) {
            self.queue.remove(at);
            env.focus(Focus::Rest);
        }
    }

    /// Changes the amount to approve.
    pub(super) fn edit_card(&mut self, index: usize, text: String) {
        if let Some(card) = self.queue.get_mut(index).filter(|card| !card.has_ended()) {
            card.amount = text;
            card.request_id.clear();
            card.message.clear();
        }
    }

    /// Answers a question.
    pub(super) fn decide(&mut self, index: usize, answer: pb::ConsultAnswer, env: &mut Env<'_>) {
        let allowed = self.may_answer();
        let Some(card) = self.queue.get_mut(index).filter(|card| allowed && !card.sent) else {
            return;
        };
        let approve = answer == pb::ConsultAnswer::Approve;
        let minor = card.approvable(env.fmt);
        if card.has_ended() || (approve && minor == 0) {
            return;
        }
        // The reply to the same answer may have been lost: it is replayed.
        if card.answer != answer as i32 || card.request_id.is_empty() {
            card.answer = answer as i32;
            card.request_id = env.new_id();
        }
        let request = pb::AnswerConsultRequest {
            request_id: card.request_id.clone(),
            consult_id: card.consult.consult_id.clone(),
            answer: card.answer,
            approved: approve.then(|| money(minor, card.currency())),
        };
        card.sent = true;
        card.message.clear();
        env.send(DESK, Request::Decide(request));
    }

    pub(super) fn hear_decision(
        &mut self,
        request: &pb::AnswerConsultRequest,
        result: Result<Reply, Fault>,
        env: &mut Env<'_>,
    ) {
        let answered = |card: &&mut Card| card.consult.consult_id == request.consult_id;
        let Some(card) = self.queue.iter_mut().find(answered) else {
            return;
        };
        card.sent = false;
        match result {
            Ok(_) => {
                let words = match &request.approved {
                    Some(sum) => copy::you_approved(
                        &env.fmt.money(sum.amount_minor, &sum.currency_code),
                        &card.consult.agent_name,
                    ),
                    None => copy::YOU_DECLINED.to_owned(),
                };
                card.end(&words, env);
            }
            Err(fault) => {
                card.gone |= fault.reason.starts_with("CONSULT_");
                let words = match &*fault.words {
                    _ if card.gone => return self.tick_queue(env),
                    _ if fault.is_unknown() => copy::NO_REPLY,
                    "" => copy::REFUSED,
                    words => words,
                };
                words.clone_into(&mut card.message);
                env.say(words);
            }
        }
    }
}
