//! What was asked, from what was written: the command behind an entry.

use makegood_core::ids::RequestId;
use makegood_core::ledger::{
    Action, Command, ConsultState, Entry, EntryBody, GestureRequest, Operation, OperationId, Read,
    SpendAbout, WindowBounds,
};

/// The command that an entry answers, or why it can answer none.
///
/// `rows` are as they were before it. `next` is the entry after it: a question to a second person is told by two entries, of which the
/// second names the whole wish.
pub(crate) fn command_of(
    rows: &impl Read,
    entry: &Entry,
    next: Option<&Entry>,
    windows: Vec<WindowBounds>,
) -> Result<Command, &'static str> {
    let action = action_of(rows, entry, next)?;
    Ok(Command { at: entry.at, caller: entry.caller.clone(), windows, action })
}

/// Whether the entry after this one is needed to tell what was asked.
pub(crate) fn needs_next(entry: &Entry) -> bool {
    matches!(entry.body, EntryBody::Reserved { consult: Some(_), .. })
}

fn action_of(
    rows: &impl Read,
    entry: &Entry,
    next: Option<&Entry>,
) -> Result<Action, &'static str> {
    let operation = match &entry.body {
        EntryBody::PolicyActivated { .. } => {
            return Ok(Action::ActivatePolicy { digest: entry.policy });
        }
        EntryBody::Act { request, act, balances: _ } => {
            return Ok(Action::Act { request: *request, act: act.clone() });
        }
        EntryBody::Expired { about, .. } => return Ok(Action::Expire { spend: about.spend }),
        EntryBody::ConsultPassed { consult, to, .. } => {
            return Ok(Action::PassConsult { consult: *consult, to: Some(*to) });
        }
        EntryBody::ConsultClosed { consult, end: ConsultState::TimedOut, .. } => {
            return Ok(Action::PassConsult { consult: *consult, to: None });
        }
        EntryBody::PoolOpened { .. } => {
            return Err("opens a pool, though no policy came into force before it");
        }
        EntryBody::Refused { operation, .. } => operation.clone(),
        EntryBody::Reserved { request, is_give, consult, .. } => {
            reservation(request, *is_give, *consult, next)
        }
        EntryBody::ConsultAsked { consult, about, asked_minor, to, .. } => {
            let gesture = wish(rows, about, *asked_minor)?;
            Operation::Ask { consult: *consult, gesture, to: Some(*to) }
        }
        body => consequence(entry, body)?,
    };
    Ok(Action::Spend(operation))
}

/// What was asked about a gesture that exists.
fn consequence(entry: &Entry, body: &EntryBody) -> Result<Operation, &'static str> {
    Ok(match body {
        EntryBody::Extended { request, about, .. } => {
            Operation::Extend { request: *request, spend: about.spend }
        }
        EntryBody::Committed { request, about, amount_minor, is_final, .. } => Operation::Commit {
            request: request.ok_or("gives without a request, though nothing was held to give")?,
            spend: about.spend,
            amount_minor: *amount_minor,
            is_final: *is_final,
        },
        EntryBody::Voided { request, about, reason, .. } => {
            Operation::Void { request: *request, spend: about.spend, reason: *reason }
        }
        EntryBody::Reversed { request, about, amount_minor, reason } => Operation::Reverse {
            request: *request,
            spend: about.spend,
            amount_minor: *amount_minor,
            reason: *reason,
            effective_at: entry.effective_at,
        },
        EntryBody::Increased { request, about, amount_minor } => Operation::Increment {
            request: *request,
            spend: about.spend,
            amount_minor: *amount_minor,
        },
        EntryBody::Corrected { request, about, reason, gesture, .. } => Operation::Correct {
            request: *request,
            spend: about.spend,
            reason: reason.clone(),
            gesture: gesture.clone(),
            effective_at: entry.effective_at,
        },
        EntryBody::ConsultApproved { request, consult, about, approved_minor, .. } => {
            Operation::Answer {
                request: *request,
                consult: *consult,
                spend: about.spend,
                approved_minor: *approved_minor,
            }
        }
        EntryBody::ConsultClosed { request: Some(request), consult, about, end, .. } => {
            closing(*request, *consult, about, *end)?
        }
        _ => return Err("ends a consult without a request, though nothing ended before it"),
    })
}

fn closing(
    request: RequestId,
    consult: RequestId,
    about: &SpendAbout,
    end: ConsultState,
) -> Result<Operation, &'static str> {
    let spend = about.spend;
    match end {
        ConsultState::Declined => {
            Ok(Operation::Answer { request, consult, spend, approved_minor: 0 })
        }
        ConsultState::Withdrawn => Ok(Operation::Withdraw { request, consult, spend }),
        _ => Err("ends a consult by a request in a way that no request can"),
    }
}

fn reservation(
    request: &GestureRequest,
    is_give: bool,
    consult: Option<RequestId>,
    next: Option<&Entry>,
) -> Operation {
    let mut gesture = Box::new(request.clone());
    let Some(consult) = consult else {
        return if is_give { Operation::Give(gesture) } else { Operation::Reserve(gesture) };
    };
    let mut asked = None;
    if let Some(EntryBody::ConsultAsked { consult: same, asked_minor, to, .. }) =
        next.map(|next| &next.body)
        && *same == consult
    {
        gesture.amount.amount_minor = *asked_minor;
        asked = Some(*to);
    }
    Operation::Ask { consult, gesture, to: asked }
}

/// The wish about an open hold: the gesture as it was reserved, with the whole amount.
fn wish(
    rows: &impl Read,
    about: &SpendAbout,
    asked_minor: i64,
) -> Result<Box<GestureRequest>, &'static str> {
    let first = rows.outcome(OperationId::Spend(about.spend));
    match first.map(|row| &row.operation) {
        Some(Operation::Reserve(gesture) | Operation::Give(gesture)) => {
            let mut gesture = gesture.clone();
            gesture.amount.amount_minor = asked_minor;
            Ok(gesture)
        }
        _ => Err("asks about a gesture that was never reserved"),
    }
}
