//! Rulings on consults: ask, answer, take back, pass on.

use super::draft::{Draft, Scribe};
use super::gesture::{check_current, check_going_on, check_open, open_consult, own};
use super::grant;
use super::operate::{Bench, Ruling, Stop};
use super::raise;
use super::reserve::{Way, Weighed};
use crate::ids::{AgentPid, LimitId, RequestId, SpendId};
use crate::ledger::outcome::answer as outcome_of;
use crate::ledger::weigh::{LimitState, binding, refusal};
use crate::ledger::{
    ConsultRow, ConsultState, Decision, EntryBody, Fault, GestureRequest, Operation, OperationId,
    Read, Refusal, SpendAbout, SpendRow, SpendState,
};
use crate::money::Money;
use crate::mutants::{Mutant, is_on};
use crate::policy::Policy;
use crate::time::Time;

/// What is asked, of whom.
pub(super) struct Asked<'a> {
    pub(super) consult: RequestId,
    /// With the whole amount that is wished.
    pub(super) gesture: &'a GestureRequest,
    pub(super) to: Option<AgentPid>,
}

/// Asks about a new gesture, or about one that is held.
pub(super) fn ask(bench: &Bench<'_, impl Read>, asked: &Asked<'_>) -> Result<Ruling, Stop> {
    if asked.to == Some(bench.command.caller.agent) {
        return Err(Fault::OwnApproval { field: "approver" }.into());
    }
    let spend = asked.gesture.spend;
    if bench.rows.spend(spend).is_some() {
        return ask_anew(bench, own(bench, spend)?, asked);
    }
    // A refusal stays with the gesture's id.
    if bench.rows.outcome(OperationId::Spend(spend)).is_some() {
        return Err(Fault::IdReused { field: "operation" }.into());
    }
    ask_first(bench, asked)
}

/// Holds what every limit leaves, and asks for the rest; where all have room, nobody is asked.
fn ask_first(bench: &Bench<'_, impl Read>, asked: &Asked<'_>) -> Result<Ruling, Stop> {
    let Asked { consult, gesture, to } = *asked;
    let weighed = Weighed::of(bench, gesture)?;
    let asked_minor = gesture.amount.amount_minor;
    let Some(tightest) = binding(&weighed.states) else {
        let role = bench.command.caller.role.clone();
        return Err(Refusal::NoAuthority { role }.into());
    };
    let held_minor = tightest.room_minor().min(asked_minor);
    if held_minor == asked_minor {
        let (draft, _) = weighed.hold(bench, gesture, Way::Consult(consult))?;
        return Ok(draft.into());
    }
    let pool = weighed.states.iter().find(|state| state.is_pool());
    if let Some(refusal) = pool_refusal(bench, pool, gesture.amount) {
        return Err(Stop::Refusal(refusal, weighed.traces(asked_minor, false)));
    }
    let to = to.ok_or(Refusal::NobodyToAsk)?;
    let amount = Money::new(gesture.amount.currency, held_minor);
    let part = GestureRequest { amount, ..gesture.clone() };
    let (first, about) = weighed.hold(bench, &part, Way::Consult(consult))?;
    let question = Question { consult, to, asked_minor, held_minor, binding: &tightest.limit };
    let then = question.draft(bench, amount, about, bench.now);
    Ok(Ruling { first, then: Some(then) })
}

/// Asks about a hold that stands.
fn ask_anew(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    asked: &Asked<'_>,
) -> Result<Ruling, Stop> {
    let Asked { consult, gesture, to } = *asked;
    if let Some(field) = first_difference(bench.rows, gesture) {
        return Err(Fault::IdReused { field }.into());
    }
    check_open(row, bench.now)?;
    if let Some(open) = open_consult(bench.rows, row) {
        return Err(Refusal::ConsultOpen { consult: open.consult }.into());
    }
    // One approval a gesture: the parts that two persons grant could not be told apart.
    if !row.approvers.is_empty() {
        return Err(Refusal::ConsultOver { state: ConsultState::Approved }.into());
    }
    let asked_minor = gesture.amount.amount_minor;
    if asked_minor <= row.amount_minor {
        let (field, currency) = ("amount_minor", row.currency);
        let held_minor = row.amount_minor;
        return Err(Fault::NotAboveHold { field, held_minor, currency }.into());
    }
    check_going_on(bench.rows)?;
    check_current(bench, row)?;
    let more_minor = asked_minor.saturating_sub(row.amount_minor);
    let more = Money::new(row.currency, more_minor);
    let states = raise::states(bench, row);
    let pool = states.iter().find(|state| state.is_pool());
    if let Some(refusal) = pool_refusal(bench, pool, more) {
        return Err(Stop::Refusal(refusal, raise::asked(bench, row, more_minor)));
    }
    let to = to.ok_or(Refusal::NobodyToAsk)?;
    let Some(tightest) = binding(&states) else {
        return Err(Refusal::NoAuthority { role: bench.command.caller.role.clone() }.into());
    };
    let held_minor = row.held_minor;
    let question = Question { consult, to, asked_minor, held_minor, binding: &tightest.limit };
    Ok(question.draft(bench, more, row.about.clone(), row.expire_at).into())
}

/// The first field in which a gesture differs from the one that was reserved under its id.
fn first_difference(rows: &impl Read, gesture: &GestureRequest) -> Option<&'static str> {
    let first = rows.outcome(OperationId::Spend(gesture.spend))?;
    let (Operation::Reserve(reserved) | Operation::Give(reserved)) = &first.operation else {
        return Some("operation");
    };
    // How much is wished is what is asked about.
    let mut asked = Box::new(gesture.clone());
    if asked.amount.currency == reserved.amount.currency {
        asked.amount = reserved.amount;
    }
    Operation::Reserve(reserved.clone()).differing_field(&Operation::Reserve(asked))
}

/// Pools are never overdrawn, whoever approves it.
fn pool_refusal(
    bench: &Bench<'_, impl Read>,
    pool: Option<&LimitState>,
    amount: Money,
) -> Option<Refusal> {
    let asker = (&bench.command.caller.role, amount.currency);
    refusal(std::slice::from_ref(pool?), asker, amount.amount_minor)
}

struct Question<'a> {
    consult: RequestId,
    to: AgentPid,
    asked_minor: i64,
    held_minor: i64,
    binding: &'a LimitId,
}

impl Question<'_> {
    fn draft(
        &self,
        bench: &Bench<'_, impl Read>,
        amount: Money,
        about: SpendAbout,
        lives_until: Time,
    ) -> Draft {
        let answer_at = bench.now.saturating_add_ns(bench.policy.answer_ns);
        let asked = EntryBody::ConsultAsked {
            consult: self.consult,
            about: Box::new(about),
            asked_minor: self.asked_minor,
            held_minor: self.held_minor,
            to: self.to,
            answer_at,
            expire_at: outlives(bench.policy, answer_at, lives_until),
            binding: self.binding.clone(),
        };
        Draft::of(Some(amount.currency), asked)
    }
}

/// A hold outlives the time to answer by its own time, so that the answer can be acted on.
fn outlives(policy: &Policy, answer_at: Time, lives_until: Time) -> Time {
    answer_at.saturating_add_ns(policy.hold_ns).max(lives_until)
}

/// What is answered, to which question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    pub(super) request: RequestId,
    pub(super) consult: RequestId,
    pub(super) spend: SpendId,
    pub(super) approved_minor: i64,
}

/// Approves more than is held, or declines with zero.
pub(super) fn answer(bench: &Bench<'_, impl Read>, answered: Answered) -> Result<Ruling, Stop> {
    let consult = find(bench.rows, answered.consult, answered.spend)?;
    let caller = bench.command.caller.agent;
    if caller == consult.agent {
        return Err(Fault::OwnApproval { field: "caller" }.into());
    }
    if !consult.asks(caller) && !is_on(Mutant::AnyoneAnswers) {
        return Err(Fault::NotAsked { consult: consult.consult }.into());
    }
    let row = super::gesture::find(bench.rows, answered.spend)?;
    check_asked(consult)?;
    check_open(row, bench.now)?;
    if answered.approved_minor == 0 {
        let end = ConsultState::Declined;
        return Ok(closed((row, consult), Some(answered.request), end, bench.now).into());
    }
    grant::approve(bench, (row, consult), answered)
}

/// Takes the question back.
pub(super) fn withdraw(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    request: RequestId,
    consult: RequestId,
) -> Result<Ruling, Stop> {
    let consult = find(bench.rows, consult, row.about.spend)?;
    check_asked(consult)?;
    check_open(row, bench.now)?;
    let end = ConsultState::Withdrawn;
    Ok(closed((row, consult), Some(request), end, bench.now).into())
}

/// Sends the question on, or ends it, when the time to answer is over.
pub(super) fn pass(
    rows: &impl Read,
    policy: &Policy,
    (consult, to): (RequestId, Option<AgentPid>),
    mut scribe: Scribe<'_>,
) -> Result<Decision, Fault> {
    let now = scribe.now();
    let not_due = Fault::ConsultNotDue { consult };
    let before = rows.consult(consult).ok_or(Fault::ConsultNotDue { consult })?;
    let row = super::gesture::find(rows, before.spend)?;
    // What has ended with its hold is settled by the entry of that.
    let is_due = before.is_open() && before.answer_at <= now;
    if !is_due || row.state_at(now) != SpendState::Held {
        return Err(not_due);
    }
    let draft = match to {
        Some(to) if to == before.agent => return Err(Fault::OwnApproval { field: "to" }),
        Some(to) if before.asks(to) => return Err(not_due),
        Some(to) => passed(policy, (row, before), to, now),
        None => closed((row, before), None, ConsultState::TimedOut, now),
    };
    let entry = scribe.write(draft);
    let (mut spend, mut consult) = (row.clone(), before.clone());
    spend.advance(entry.at, entry.caller.agent, &entry.body);
    consult.advance(&entry);
    let outcome = outcome_of(&entry, Some(&spend), Some(&consult));
    Ok(Decision { entries: vec![entry], outcome })
}

fn passed(
    policy: &Policy,
    (row, consult): (&SpendRow, &ConsultRow),
    to: AgentPid,
    now: Time,
) -> Draft {
    let answer_at = now.saturating_add_ns(policy.answer_ns);
    let body = EntryBody::ConsultPassed {
        consult: consult.consult,
        about: Box::new(row.about.clone()),
        from: consult.to,
        to,
        answer_at,
        expire_at: outlives(policy, answer_at, row.expire_at),
    };
    Draft::of(Some(row.currency), body)
}

/// The end of the open consult about a gesture whose hold ends; none where none is open.
pub(super) fn settled(rows: &impl Read, row: &SpendRow, now: Time) -> Option<Draft> {
    let consult = open_consult(rows, row)?;
    Some(closed((row, consult), None, ConsultState::Settled, now))
}

fn closed(
    (row, consult): (&SpendRow, &ConsultRow),
    request: Option<RequestId>,
    end: ConsultState,
    now: Time,
) -> Draft {
    let body = EntryBody::ConsultClosed {
        request,
        consult: consult.consult,
        about: Box::new(row.about.clone()),
        end,
        waited_ns: now.since_ns(consult.asked_at),
    };
    Draft::of(Some(row.currency), body)
}

fn find(rows: &impl Read, consult: RequestId, spend: SpendId) -> Result<&ConsultRow, Fault> {
    let row = rows.consult(consult).filter(|row| row.spend == spend);
    row.ok_or(Fault::ConsultNotFound { consult })
}

fn check_asked(consult: &ConsultRow) -> Result<(), Refusal> {
    match consult.state {
        ConsultState::Open => Ok(()),
        state => Err(Refusal::ConsultOver { state }),
    }
}
