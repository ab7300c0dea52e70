//! The straight path of an operation: checks in their order, a ruling, entries, an answer.

use crate::mutants::{Mutant, is_on};
use crate::policy::Policy;
use crate::time::Time;

use super::consult::{Answered, Asked};
use super::draft::{Draft, Scribe};
use super::gesture::{own, own_or_supervised, reversible};
use super::rebook::Booking;
use super::{consult, raise, rebook, reserve, settle};
use crate::ledger::headroom::{check_amount, check_in_force, check_spends};
use crate::ledger::outcome::answer;
use crate::ledger::{
    Caller, Command, ConsultRow, Decision, Entry, EntryBody, Fault, LimitTrace, Operation,
    OperationId, Outcome, Read, Refusal, SpendRow,
};

/// What a ruling looks at.
pub(super) struct Bench<'a, R> {
    pub(super) rows: &'a R,
    pub(super) policy: &'a Policy,
    pub(super) command: &'a Command,
    pub(super) now: Time,
}

/// What is to be written: one draft, and a second one for a gift, a question, or a consult that
/// ends with its hold.
pub(super) struct Ruling {
    pub(super) first: Draft,
    pub(super) then: Option<Draft>,
}

/// Why an operation goes no further.
pub(super) enum Stop {
    Fault(Fault),
    Refusal(Refusal, Vec<LimitTrace>),
}

impl From<Draft> for Ruling {
    fn from(first: Draft) -> Self {
        Self { first, then: None }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal, Vec::new())
    }
}

pub(super) fn operate(
    rows: &impl Read,
    policy: &Policy,
    command: &Command,
    operation: &Operation,
    scribe: Scribe<'_>,
) -> Result<Decision, Fault> {
    check_spends(command.caller.access)?;
    check_shape(operation)?;
    if let Some(outcome) = first_answer(rows, &command.caller, operation)? {
        return Ok(Decision { entries: Vec::new(), outcome });
    }
    check_in_force(rows, policy)?;
    let bench = Bench { rows, policy, command, now: scribe.now() };
    let ruling = match rule(&bench, operation) {
        Ok(ruling) => ruling,
        Err(Stop::Fault(fault)) => return Err(fault),
        Err(Stop::Refusal(refusal, trace)) => refused(rows, operation, refusal, trace).into(),
    };
    Ok(record(rows, operation, ruling, scribe))
}

fn check_shape(operation: &Operation) -> Result<(), Fault> {
    match operation {
        // Zero declines.
        Operation::Answer { approved_minor: 0, .. } => Ok(()),
        Operation::Answer { approved_minor, .. } => check_amount(*approved_minor),
        _ => operation.amount_minor().map_or(Ok(()), check_amount),
    }
}

/// The answer that this operation got before; a fault where its id was used for another.
fn first_answer(
    rows: &impl Read,
    caller: &Caller,
    operation: &Operation,
) -> Result<Option<Outcome>, Fault> {
    let Some(row) = rows.outcome(operation.id()) else {
        return match operation.id() {
            OperationId::Request(request)
                if rows.act(request).is_some() && !is_on(Mutant::IdOfAct) =>
            {
                Err(Fault::IdReused { field: "operation" })
            }
            _ => Ok(None),
        };
    };
    let since_ns = rows.head().last_at.since_ns(row.outcome.at);
    if is_on(Mutant::KeyTwiceInBatch) && since_ns < 1_000 {
        return Ok(None);
    }
    if row.agent != caller.agent && !is_on(Mutant::OtherCallerRepeats) {
        return Err(Fault::IdReused { field: "caller" });
    }
    if let Some(field) = row.operation.differing_field(operation)
        && !is_on(Mutant::OtherFieldsRepeat)
    {
        return Err(Fault::IdReused { field });
    }
    Ok(Some(Outcome { replayed: true, ..row.outcome.clone() }))
}

fn rule(bench: &Bench<'_, impl Read>, operation: &Operation) -> Result<Ruling, Stop> {
    match operation {
        Operation::Reserve(request) => reserve::reserve(bench, request),
        Operation::Give(request) => reserve::give(bench, request),
        Operation::Extend { request, spend } => {
            settle::extend(bench, own(bench, *spend)?, *request)
        }
        Operation::Commit { request, spend, amount_minor, is_final } => {
            settle::commit(bench, own(bench, *spend)?, *request, (*amount_minor, *is_final))
        }
        Operation::Void { request, spend, reason } => {
            settle::void(bench, own_or_supervised(bench, *spend)?, *request, *reason)
        }
        Operation::Reverse { request, spend, amount_minor, reason, effective_at } => {
            let row = reversible(bench, *spend, *reason)?;
            rebook::reverse(bench, row, *request, (*amount_minor, *reason, *effective_at))
        }
        Operation::Increment { request, spend, amount_minor } => {
            raise::increment(bench, own(bench, *spend)?, *request, *amount_minor)
        }
        Operation::Correct { request, spend, reason, gesture, effective_at } => {
            let row = own_or_supervised(bench, *spend)?;
            let booking = Booking { reason, gesture, effective_at: *effective_at };
            rebook::correct(bench, row, *request, &booking)
        }
        Operation::Ask { consult, gesture, to } => {
            consult::ask(bench, &Asked { consult: *consult, gesture, to: *to })
        }
        Operation::Answer { request, consult, spend, approved_minor } => {
            let (request, consult, spend) = (*request, *consult, *spend);
            let answered = Answered { request, consult, spend, approved_minor: *approved_minor };
            consult::answer(bench, answered)
        }
        Operation::Withdraw { request, consult, spend } => {
            consult::withdraw(bench, own(bench, *spend)?, *request, *consult)
        }
    }
}

fn refused(
    rows: &impl Read,
    operation: &Operation,
    refusal: Refusal,
    trace: Vec<LimitTrace>,
) -> Draft {
    let row = rows.spend(operation.spend());
    let currency = match operation {
        Operation::Reserve(gesture) | Operation::Give(gesture) | Operation::Ask { gesture, .. } => {
            Some(gesture.amount.currency)
        }
        _ => row.map(|row| row.currency),
    };
    let body = EntryBody::Refused {
        operation: operation.clone(),
        refusal,
        about: row.map(|row| Box::new(row.about.clone())),
    };
    Draft { trace, ..Draft::of(currency, body) }
}

/// Writes the entries and answers with the gesture and the consult right after the one that
/// answers: of a gift the commit, of a question the asking.
fn record(
    rows: &impl Read,
    operation: &Operation,
    ruling: Ruling,
    mut scribe: Scribe<'_>,
) -> Decision {
    let first = scribe.write(ruling.first);
    let spend = match rows.spend(operation.spend()) {
        Some(row) => Some(row.clone()),
        None => SpendRow::reserved(&first),
    };
    let mut after = After { spend, consult: None };
    let mut outcome = after.follow(rows, &first);
    let mut entries = vec![first];
    if let Some(draft) = ruling.then {
        let second = scribe.write(draft);
        let of_second = after.follow(rows, &second);
        // A consult that ends with its hold was not what was asked for.
        if !matches!(second.body, EntryBody::ConsultClosed { .. }) {
            outcome = of_second;
        }
        entries.push(second);
    }
    Decision { entries, outcome }
}

/// A gesture and a consult right after an entry.
struct After {
    spend: Option<SpendRow>,
    consult: Option<ConsultRow>,
}

impl After {
    fn follow(&mut self, rows: &impl Read, entry: &Entry) -> Outcome {
        if let Some(spend) = &mut self.spend {
            spend.advance(entry.at, entry.caller.agent, &entry.body);
        }
        self.consult = ConsultRow::after(rows, entry);
        answer(entry, self.spend.as_ref(), self.consult.as_ref())
    }
}
