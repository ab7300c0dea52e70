//! The ruling on an approval: a second person's authority, above the limits of the agent.

use super::consult::Answered;
use super::gesture::{check_current, check_going_on};
use super::movement::{draft, holding, traces};
use super::operate::{Bench, Ruling, Stop};
use super::raise;
use crate::ledger::headroom::Question;
use crate::ledger::share::Granted;
use crate::ledger::weigh::{LimitState, Use, refusal, weigh_grants};
use crate::ledger::{Charged, ConsultRow, EntryBody, Fault, LimitTrace, Read, Refusal, SpendRow};
use crate::mutants::{Mutant, is_on};
use crate::policy::Counts;

/// Raises the hold to what is approved: charged to the approver's own limits, and granted above
/// those of the agent that it passes.
pub(super) fn approve(
    bench: &Bench<'_, impl Read>,
    (row, consult): (&SpendRow, &ConsultRow),
    answered: Answered,
) -> Result<Ruling, Stop> {
    let approved_minor = answered.approved_minor;
    if approved_minor <= row.amount_minor {
        let (field, currency) = ("approved_minor", row.currency);
        let held_minor = row.amount_minor;
        return Err(Fault::NotAboveHold { field, held_minor, currency }.into());
    }
    if approved_minor > consult.asked_minor && !is_on(Mutant::ApprovedAboveAsked) {
        return Err(Refusal::AmountAboveAsked {
            asked_minor: consult.asked_minor,
            approved_minor,
            currency: row.currency,
        }
        .into());
    }
    check_going_on(bench.rows)?;
    check_current(bench, row)?;
    let added_minor = approved_minor.saturating_sub(row.amount_minor);
    let of_approver = authority(bench, row, added_minor)?;
    let body = EntryBody::ConsultApproved {
        request: answered.request,
        consult: consult.consult,
        about: Box::new(row.about.clone()),
        approved_minor,
        added_minor,
        waited_ns: bench.now.since_ns(consult.asked_at),
        expire_at: bench.now.saturating_add_ns(bench.policy.hold_ns).max(row.expire_at),
    };
    let mut after = row.clone();
    after.advance(bench.now, bench.command.caller.agent, &body);
    let granted = granted(bench, row, &after);
    after.grant(bench.now, &granted, &of_approver);
    let trace = traces(bench.rows, (row, &after), bench.now);
    Ok(draft(row, trace, holding(&row.about, added_minor), body).into())
}

/// The traces of the approver's own limits and of the pool, which all must have room.
fn authority(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    added_minor: i64,
) -> Result<Vec<LimitTrace>, Stop> {
    let question = Question::of_approver(bench.command, row, bench.now);
    let mut states = weigh_grants(bench.rows, bench.policy, &question)?;
    let role = &bench.command.caller.role;
    if states.is_empty() {
        return Err(Refusal::NoAuthority { role: role.clone() }.into());
    }
    let of_approver = states.len();
    states.extend(raise::pool(bench, row));
    let trace = |state: &LimitState, is_charged| state.trace(added_minor, is_charged);
    match refusal(&states, (role, row.currency), added_minor) {
        Some(refusal) if !is_on(Mutant::GrantUnlimited) => {
            let traces = states.iter().map(|state| trace(state, false)).collect();
            Err(Stop::Refusal(refusal, traces))
        }
        _ => Ok(states.iter().take(of_approver).map(|state| trace(state, true)).collect()),
    }
}

/// The part of a raise that passes each limit of the agent.
fn granted(bench: &Bench<'_, impl Read>, before: &SpendRow, after: &SpendRow) -> Vec<Granted> {
    let own = before.charged.iter().filter(|charged| charged.counts != Counts::Grants);
    own.map(|charged| {
        let Charged { counter, cap_minor, .. } = charged;
        let used = Use::of(bench.rows.counter(counter), counter.window, bench.now);
        let added = after.share(charged).since(before.share(charged)).used();
        let room = cap_minor.saturating_add(used.granted_minor).saturating_sub(used.used_minor());
        let granted_minor = added.saturating_sub(room).clamp(0, added);
        Granted { counter: counter.clone(), granted_minor }
    })
    .collect()
}
