//! The first answer to each operation, kept under its id for every repeat.

use super::super::outcome::answer;
use super::super::{
    ConsultRow, ConsultState, Entry, EntryBody, GestureRequest, Key, Operation, OperationId,
    OutcomeRow, Row, SpendRow, Write,
};

/// A gesture and a consult right after the entry.
type After<'a> = (Option<&'a SpendRow>, Option<&'a ConsultRow>);

/// Keeps an entry's answer to an operation.
pub(super) fn keep(
    rows: &mut impl Write,
    operation: Operation,
    entry: &Entry,
    (spend, consult): After<'_>,
) {
    let key = Key::Outcome(operation.id());
    let outcome = answer(entry, spend, consult);
    let row = OutcomeRow { agent: entry.caller.agent, operation, outcome };
    rows.put(key, Row::Outcome(Box::new(row)));
}

/// A reservation answers to the gesture's id, and to that of the consult that it was made for.
pub(super) fn keep_of_reservation(rows: &mut impl Write, entry: &Entry, spend: &SpendRow) {
    let EntryBody::Reserved { request, is_give, consult, .. } = &entry.body else {
        return;
    };
    let operation = if *is_give {
        Operation::Give(request.clone())
    } else {
        Operation::Reserve(request.clone())
    };
    keep(rows, operation, entry, (Some(spend), None));
    if let Some(consult) = *consult {
        // Where somebody is asked, the entry of that follows and says what was wished.
        let operation = Operation::Ask { consult, gesture: request.clone(), to: None };
        keep(rows, operation, entry, (Some(spend), None));
    }
}

/// A later entry of a gesture answers to its own request, and a gift's commit to the gesture's id.
pub(super) fn keep_of_change(
    rows: &mut impl Write,
    entry: &Entry,
    (spend, consult): (&SpendRow, Option<&ConsultRow>),
) {
    let asked = match &entry.body {
        EntryBody::Committed { request: None, .. } => {
            first_of(rows, spend).map(|operation| (operation, None))
        }
        EntryBody::ConsultAsked { .. } => ask_of(rows, entry, spend).map(|ask| (ask, consult)),
        body => answer_of(body)
            .map(|operation| (operation, consult))
            .or_else(|| operation_of(entry).map(|operation| (operation, None))),
    };
    if let Some((operation, consult)) = asked {
        keep(rows, operation, entry, (Some(spend), consult));
    }
}

/// The operation that made the gesture.
fn first_of(rows: &impl Write, spend: &SpendRow) -> Option<Operation> {
    let row = rows.outcome(OperationId::Spend(spend.about.spend))?;
    Some(row.operation.clone())
}

/// The question: the gesture as it was reserved, with the whole amount that is wished.
fn ask_of(rows: &impl Write, entry: &Entry, spend: &SpendRow) -> Option<Operation> {
    let EntryBody::ConsultAsked { consult, asked_minor, to, .. } = &entry.body else {
        return None;
    };
    let mut gesture: Box<GestureRequest> = match first_of(rows, spend)? {
        Operation::Reserve(gesture) | Operation::Give(gesture) => gesture,
        _ => return None,
    };
    gesture.amount.amount_minor = *asked_minor;
    Some(Operation::Ask { consult: *consult, gesture, to: Some(*to) })
}

/// The request that ended a consult; `None` where none was made.
fn answer_of(body: &EntryBody) -> Option<Operation> {
    match body {
        EntryBody::ConsultApproved { request, consult, about, approved_minor, .. } => {
            Some(Operation::Answer {
                request: *request,
                consult: *consult,
                spend: about.spend,
                approved_minor: *approved_minor,
            })
        }
        EntryBody::ConsultClosed { request, consult, about, end, .. } => {
            let (request, consult, spend) = ((*request)?, *consult, about.spend);
            Some(if *end == ConsultState::Withdrawn {
                Operation::Withdraw { request, consult, spend }
            } else {
                Operation::Answer { request, consult, spend, approved_minor: 0 }
            })
        }
        _ => None,
    }
}

/// The request that changed a gesture; `None` where none was asked under an id of its own.
fn operation_of(entry: &Entry) -> Option<Operation> {
    match &entry.body {
        EntryBody::Extended { request, about, .. } => {
            Some(Operation::Extend { request: *request, spend: about.spend })
        }
        EntryBody::Committed { request, about, amount_minor, is_final, .. } => {
            request.map(|request| Operation::Commit {
                request,
                spend: about.spend,
                amount_minor: *amount_minor,
                is_final: *is_final,
            })
        }
        EntryBody::Voided { request, about, reason, .. } => {
            Some(Operation::Void { request: *request, spend: about.spend, reason: *reason })
        }
        EntryBody::Reversed { request, about, amount_minor, reason } => Some(Operation::Reverse {
            request: *request,
            spend: about.spend,
            amount_minor: *amount_minor,
            reason: *reason,
            effective_at: entry.effective_at,
        }),
        EntryBody::Increased { request, about, amount_minor } => Some(Operation::Increment {
            request: *request,
            spend: about.spend,
            amount_minor: *amount_minor,
        }),
        EntryBody::Corrected { request, about, reason, gesture, .. } => Some(Operation::Correct {
            request: *request,
            spend: about.spend,
            reason: reason.clone(),
            gesture: gesture.clone(),
            effective_at: entry.effective_at,
        }),
        _ => None,
    }
}
