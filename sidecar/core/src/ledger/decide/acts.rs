//! The straight path of an act: who may, what shape, asked before, what the state allows, an entry.

use super::draft::{Draft, Scribe};
use super::{keeping, pause, periods, policies, pools, reviews};
use crate::ids::RequestId;
use crate::ledger::balances::balances_digest;
use crate::ledger::headroom::check_in_force;
use crate::ledger::outcome::answer;
use crate::ledger::{
    Access, Act, ActFault, Caller, Command, Decision, EntryBody, Fault, LimitTrace, OperationId,
    Outcome, Posting, Read, ReviewState,
};
use crate::money::Currency;
use crate::policy::Policy;
use crate::time::Time;

/// What an act is judged by.
pub(super) struct Office<'a, R> {
    pub(super) rows: &'a R,
    pub(super) caller: &'a Caller,
    pub(super) now: Time,
}

/// The lines that an act books; most book nothing.
#[derive(Default)]
pub(super) struct Booking {
    pub(super) currency: Option<Currency>,
    pub(super) trace: Vec<LimitTrace>,
    pub(super) postings: Vec<Posting>,
}

pub(super) fn act(
    rows: &impl Read,
    policy: &Policy,
    command: &Command,
    (request, act): (Option<RequestId>, &Act),
    mut scribe: Scribe<'_>,
) -> Result<Decision, Fault> {
    let caller = &command.caller;
    check_may(caller, act)?;
    if request.is_none() && caller.access != Access::System {
        return Err(ActFault::RequestMissing.into());
    }
    check_shape(rows, act)?;
    if let Some(outcome) = first_answer(rows, caller, request, act)? {
        return Ok(Decision { entries: Vec::new(), outcome });
    }
    check_in_force(rows, policy)?;
    let office = Office { rows, caller, now: scribe.now() };
    let booking = judge(&office, act)?;
    let takes_balances = matches!(act, Act::ClosePeriod(_) | Act::DigestBalances);
    let body = EntryBody::Act {
        request,
        act: act.clone(),
        balances: takes_balances.then(|| balances_digest(rows)),
    };
    let draft = Draft::of(booking.currency, body);
    let entry = scribe.write(Draft { trace: booking.trace, postings: booking.postings, ..draft });
    let outcome = answer(&entry, None, None);
    Ok(Decision { entries: vec![entry], outcome })
}

/// Who may do it at all.
fn check_may(caller: &Caller, act: &Act) -> Result<(), Fault> {
    use Access::{Admin, Agent, Auditor, Supervisor, System};
    let (allowed, needed): (&[Access], _) = match act {
        Act::DraftPolicy(_)
        | Act::PublishPolicy { .. }
        | Act::SchedulePolicy { .. }
        | Act::WithdrawPolicy { .. }
        | Act::Allocate { .. }
        | Act::ClosePeriod(_)
        | Act::ReopenPeriod(_)
        | Act::AskErasure { .. } => (&[Admin], "admin"),
        Act::Pause { .. } | Act::Resume { .. } => (&[Admin, Supervisor], "admin or supervisor"),
        Act::SecondReopening(_) => (&[Admin, Auditor], "admin or auditor"),
        Act::DigestBalances => (&[Admin, Auditor, System], "admin or auditor"),
        Act::ExportSubject { .. } => (&[Supervisor, Admin], "supervisor or admin"),
        Act::RotateKey { .. } | Act::EraseSubject { .. } => (&[Admin, System], "admin or system"),
        Act::Export { .. } => {
            (&[Auditor, Supervisor, Admin, System], "auditor, supervisor or admin")
        }
        Act::Note { state: ReviewState::Answered, .. } => {
            (&[Agent, Supervisor], "agent or supervisor")
        }
        Act::DrawSample(_) | Act::Note { .. } | Act::DisposeFinding { .. } => {
            (&[Auditor], "auditor")
        }
        Act::RaiseFinding(_) => (&[Auditor, System], "auditor or system"),
    };
    if allowed.contains(&caller.access) {
        return Ok(());
    }
    Err(Fault::NotAuthorized { access: caller.access, needed })
}

/// Whether its fields can be as they are.
fn check_shape(rows: &impl Read, act: &Act) -> Result<(), Fault> {
    let entry_count = rows.head().entry_count;
    match act {
        Act::DraftPolicy(named) => policies::check_name(named),
        Act::Allocate { from, to, amount } => {
            pools::check_shape(from.as_ref(), to.as_ref(), *amount)
        }
        Act::ClosePeriod(period) | Act::ReopenPeriod(period) | Act::SecondReopening(period) => {
            periods::check_shape(*period)
        }
        Act::Export { first, end, tree_size, .. } => {
            keeping::check_export((*first, *end), *tree_size, entry_count)
        }
        Act::DrawSample(sample) => keeping::check_sample(sample, entry_count),
        Act::RaiseFinding(finding) => reviews::check_finding(finding, entry_count),
        Act::PublishPolicy { .. }
        | Act::SchedulePolicy { .. }
        | Act::WithdrawPolicy { .. }
        | Act::Pause { .. }
        | Act::Resume { .. }
        | Act::DigestBalances
        | Act::RotateKey { .. }
        | Act::ExportSubject { .. }
        | Act::AskErasure { .. }
        | Act::EraseSubject { .. }
        | Act::Note { .. }
        | Act::DisposeFinding { .. } => Ok(()),
    }
}

/// The answer that this act got before; a fault where its id was used for another.
fn first_answer(
    rows: &impl Read,
    caller: &Caller,
    request: Option<RequestId>,
    act: &Act,
) -> Result<Option<Outcome>, Fault> {
    let Some(request) = request else {
        return Ok(None);
    };
    let Some(row) = rows.act(request) else {
        return match rows.outcome(OperationId::Request(request)) {
            Some(_) => Err(Fault::IdReused { field: "act" }),
            None => Ok(None),
        };
    };
    if row.agent != caller.agent {
        return Err(Fault::IdReused { field: "caller" });
    }
    if row.act != *act {
        return Err(Fault::IdReused { field: "act" });
    }
    Ok(Some(Outcome { replayed: true, ..row.outcome.clone() }))
}

/// Existence, duties and state; and what is booked.
fn judge(office: &Office<'_, impl Read>, act: &Act) -> Result<Booking, Fault> {
    match act {
        Act::DraftPolicy(named) => policies::draft(office, named.digest)?,
        Act::PublishPolicy { digest } => policies::publish(office, *digest)?,
        Act::SchedulePolicy { digest, effective_at } => {
            policies::schedule(office, *digest, *effective_at)?;
        }
        Act::WithdrawPolicy { digest } => policies::withdraw(office, *digest)?,
        Act::Pause { .. } => pause::pause(office)?,
        Act::Resume { .. } => pause::resume(office)?,
        Act::Allocate { from, to, amount } => {
            return pools::allocate(office, from.as_ref(), to.as_ref(), *amount);
        }
        Act::ClosePeriod(period) => periods::close(office, *period)?,
        Act::ReopenPeriod(period) => periods::reopen(office, *period)?,
        Act::SecondReopening(period) => periods::second(office, *period)?,
        Act::Note { spend, state, .. } => reviews::note(office, *spend, *state)?,
        Act::DisposeFinding { finding, disposition, .. } => {
            reviews::dispose(office, *finding, *disposition)?;
        }
        Act::AskErasure { subject, .. } => keeping::ask_erasure(office.caller, *subject)?,
        Act::EraseSubject { subject, basis, asked } => {
            keeping::erase(office, (*subject, *basis), *asked)?;
        }
        Act::DigestBalances
        | Act::RotateKey { .. }
        | Act::Export { .. }
        | Act::ExportSubject { .. }
        | Act::DrawSample(_)
        | Act::RaiseFinding(_) => {}
    }
    Ok(Booking::default())
}
