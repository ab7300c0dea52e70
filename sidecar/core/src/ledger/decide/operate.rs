//! The straight path of an operation: checks in their order, a ruling, entries, an answer.

use crate::policy::Policy;
use crate::time::Time;

use super::draft::{Draft, Scribe};
use super::{reserve, settle};
use crate::ledger::headroom::{check_amount, check_in_force, check_spends};
use crate::ledger::outcome::answer;
use crate::ledger::{
    Caller, Command, Decision, EntryBody, Fault, LimitTrace, Operation, Outcome, Read, Refusal,
    SpendRow,
};

/// What a ruling looks at.
pub(super) struct Bench<'a, R> {
    pub(super) rows: &'a R,
    pub(super) policy: &'a Policy,
    pub(super) command: &'a Command,
    pub(super) now: Time,
}

/// What is to be written: one draft, and a second one for a gift.
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
    if let Some(amount_minor) = operation.amount_minor() {
        check_amount(amount_minor)?;
    }
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

/// The answer that this operation got before; a fault where its id was used for another.
fn first_answer(
    rows: &impl Read,
    caller: &Caller,
    operation: &Operation,
) -> Result<Option<Outcome>, Fault> {
    let Some(row) = rows.outcome(operation.id()) else {
        return Ok(None);
    };
    if row.agent != caller.agent {
        return Err(Fault::IdReused { field: "caller" });
    }
    if let Some(field) = row.operation.differing_field(operation) {
        return Err(Fault::IdReused { field });
    }
    Ok(Some(Outcome { replayed: true, ..row.outcome.clone() }))
}

fn rule(bench: &Bench<'_, impl Read>, operation: &Operation) -> Result<Ruling, Stop> {
    match operation {
        Operation::Reserve(request) => reserve::reserve(bench, request),
        Operation::Give(request) => reserve::give(bench, request),
        Operation::Extend { request, spend } => {
            let row = settle::own(bench, *spend)?;
            settle::extend(bench, row, *request)
        }
        Operation::Commit { request, spend, amount_minor, is_final } => {
            let row = settle::own(bench, *spend)?;
            settle::commit(bench, row, *request, (*amount_minor, *is_final))
        }
        Operation::Void { request, spend, reason } => {
            let row = settle::own_or_supervised(bench, *spend)?;
            settle::void(bench, row, *request, *reason)
        }
        Operation::Reverse { request, spend, amount_minor, reason, effective_at: _ } => {
            let row = settle::reversible(bench, *spend, *reason)?;
            settle::reverse(bench, row, *request, (*amount_minor, *reason))
        }
        later => Err(Fault::SpendNotFound { spend: later.spend() }.into()),
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
        Operation::Reserve(request) | Operation::Give(request) => Some(request.amount.currency),
        _ => row.map(|row| row.currency),
    };
    Draft {
        currency,
        trace,
        postings: Vec::new(),
        body: EntryBody::Refused {
            operation: operation.clone(),
            refusal,
            about: row.map(|row| Box::new(row.about.clone())),
        },
    }
}

/// Writes the entries and answers with the gesture right after the last of them.
fn record(
    rows: &impl Read,
    operation: &Operation,
    ruling: Ruling,
    mut scribe: Scribe<'_>,
) -> Decision {
    let first = scribe.write(ruling.first);
    let mut row = match rows.spend(operation.spend()) {
        Some(row) => Some(row.clone()),
        None => SpendRow::reserved(&first),
    };
    if let Some(row) = &mut row {
        row.advance(first.at, &first.body);
    }
    let mut outcome = answer(&first, row.as_ref(), None);
    let mut entries = vec![first];
    if let Some(draft) = ruling.then {
        let second = scribe.write(draft);
        if let Some(row) = &mut row {
            row.advance(second.at, &second.body);
        }
        outcome = answer(&second, row.as_ref(), None);
        entries.push(second);
    }
    Decision { entries, outcome }
}
