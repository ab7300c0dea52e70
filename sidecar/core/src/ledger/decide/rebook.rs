//! Rulings on what was given: reverse, and correct what it was booked as.

use std::sync::Arc;

use super::gesture::open_consult;
use super::movement::{draft, movement, rebooking, taking_back, traces};
use super::operate::{Bench, Ruling, Stop};
use crate::ids::{GestureCode, ReasonCode, RequestId};
use crate::ledger::headroom::{Question, check_gesture, check_reason};
use crate::ledger::weigh::{Applying, Authority, applying, limit_state, refusal};
use crate::ledger::{Charged, EntryBody, Fault, Read, Refusal, ReverseReason, SpendRow};
use crate::mutants::{Mutant, is_on};
use crate::policy::{Counts, Limit};
use crate::time::Time;

pub(super) fn reverse(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    request: RequestId,
    (amount_minor, reason, effective_at): (i64, ReverseReason, Option<Time>),
) -> Result<Ruling, Stop> {
    check_not_in_future(bench, effective_at)?;
    let given_minor = row.given_minor();
    if amount_minor > given_minor && !is_on(Mutant::ReverseAboveGiven) {
        return Err(Refusal::AmountAboveGiven {
            given_minor,
            requested_minor: amount_minor,
            currency: row.currency,
        }
        .into());
    }
    if reason == ReverseReason::MisEntry
        && let Some(oldest) = row.taken_back(amount_minor).last()
    {
        let ended_at = oldest.at.saturating_add_ns(bench.policy.undo_ns);
        if bench.now >= ended_at && !is_on(Mutant::UndoForever) {
            return Err(Refusal::UndoWindowClosed { ended_at }.into());
        }
    }
    let is_post_close = check_back_dating(bench, row, effective_at)?;
    let postings = taking_back(&row.about, amount_minor, lapsed_minor(bench, row, amount_minor));
    let body =
        EntryBody::Reversed { request, about: Box::new(row.about.clone()), amount_minor, reason };
    let draft = movement(bench.rows, row, bench.now, postings, body);
    Ok(draft.counting_for(effective_at, is_post_close).into())
}

/// The part of so much whose authority does not come back: it was given in a period that is closed.
fn lapsed_minor(bench: &Bench<'_, impl Read>, row: &SpendRow, amount_minor: i64) -> i64 {
    let periods = bench.rows.periods();
    let lapsed = row.taken_back(amount_minor);
    let lapsed = lapsed.filter(|commit| periods.closed_until(commit.at).is_some());
    lapsed.fold(0, |sum, commit| sum.saturating_add(commit.amount_minor))
}

/// What a gesture should have been booked as.
pub(super) struct Booking<'a> {
    pub(super) reason: &'a ReasonCode,
    pub(super) gesture: &'a GestureCode,
    pub(super) effective_at: Option<Time>,
}

pub(super) fn correct(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    request: RequestId,
    booking: &Booking<'_>,
) -> Result<Ruling, Stop> {
    check_not_in_future(bench, booking.effective_at)?;
    check_reason(bench.policy, booking.reason)?;
    let kind = check_gesture(bench.policy, booking.gesture)?;
    let amount_minor = row.given_minor();
    if amount_minor == 0 {
        return Err(Fault::NothingGiven { spend: row.about.spend }.into());
    }
    // What is being asked about stays what it is: the answer is weighed by its reason.
    if let Some(consult) = open_consult(bench.rows, row) {
        return Err(Refusal::ConsultOpen { consult: consult.consult }.into());
    }
    let is_post_close = check_back_dating(bench, row, booking.effective_at)?;
    let body = EntryBody::Corrected {
        request,
        about: Box::new(row.about.clone()),
        reason: booking.reason.clone(),
        gesture: booking.gesture.clone(),
        kind,
        amount_minor,
    };
    let mut after = row.clone();
    after.advance(bench.now, bench.command.caller.agent, &body);
    after.charged = charged_for(bench, row, booking.reason)?;
    let trace = traces(bench.rows, (row, &after), bench.now);
    let postings = rebooking(row.about.kind, kind, amount_minor);
    let draft = draft(row, trace, postings, body);
    Ok(draft.counting_for(booking.effective_at, is_post_close).into())
}

/// The counts that a gesture is charged to with this reason.
///
/// Limits that look at reasons are left, or need room for all of it now; the others stay charged as
/// they were.
fn charged_for(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    reason: &ReasonCode,
) -> Result<Arc<Vec<Charged>>, Stop> {
    if *reason == row.about.reason || is_on(Mutant::CorrectionUnweighed) {
        return Ok(Arc::clone(&row.charged));
    }
    let question = Question::of_correction(bench.command, row, reason, bench.now);
    let limits: Vec<Applying<'_>> =
        applying(bench.policy, &question, &row.about.pool, Authority::Own)
            .collect::<Result<_, _>>()?;
    if !limits.iter().any(|applying| applying.limit.counts == Counts::Amounts) {
        return Err(Refusal::NoAuthority { role: row.role.clone() }.into());
    }
    let stays = |charged: &&Charged| {
        let limit = bench.policy.limit(&charged.counter.limit);
        let is_bound =
            limit.is_some_and(Limit::looks_at_reasons) && charged.counts != Counts::Grants;
        !is_bound || limits.iter().any(|applying| is_of(charged, applying))
    };
    let is_new = |applying: &&Applying<'_>| {
        let is_charged = row.charged.iter().any(|charged| is_of(charged, applying));
        applying.limit.looks_at_reasons() && !is_charged
    };
    let kept = row.charged.iter().filter(stays).cloned().map(Ok);
    let joined = limits.iter().filter(is_new).map(|applying| charge(bench, row, applying));
    Ok(Arc::new(kept.chain(joined).collect::<Result<_, _>>()?))
}

/// Whether a count is one of this limit, be it of another window.
fn is_of(charged: &Charged, applying: &Applying<'_>) -> bool {
    let (left, right) = (&charged.counter, &applying.counter);
    left.limit == right.limit && left.scope == right.scope
}

/// All of a gesture, charged to a limit that has not counted it so far, where that has room.
fn charge(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    applying: &Applying<'_>,
) -> Result<Charged, Stop> {
    let Applying { limit, cap_minor, counter, .. } = applying;
    let rule = (limit.label.as_str(), limit.counts, *cap_minor);
    let state = limit_state(bench.rows, counter.clone(), rule, bench.now);
    let (total_minor, asker) = (row.total_minor(), (&row.role, row.currency));
    match refusal(std::slice::from_ref(&state), asker, total_minor) {
        Some(refusal) => Err(Stop::Refusal(refusal, vec![state.trace(total_minor, false)])),
        None => Ok(Charged::of(&state.trace(total_minor, true), row.currency, bench.now)),
    }
}

fn check_not_in_future(
    bench: &Bench<'_, impl Read>,
    effective_at: Option<Time>,
) -> Result<(), Fault> {
    match effective_at {
        Some(at) if at > bench.now => Err(Fault::EffectiveInFuture),
        _ => Ok(()),
    }
}

/// Whether it counts for a period that was closed and is open again.
fn check_back_dating(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    effective_at: Option<Time>,
) -> Result<bool, Refusal> {
    let Some(effective_at) = effective_at else {
        return Ok(false);
    };
    // Nothing is taken back or corrected before it was given.
    let allowed = bench.now.saturating_sub_ns(bench.policy.backdate_ns);
    let earliest = allowed.max(row.given_at().unwrap_or(row.reserved_at));
    if effective_at < earliest {
        return Err(Refusal::TooLongAgo { earliest });
    }
    let periods = bench.rows.periods();
    match periods.closed_until(effective_at) {
        Some(closed_until) => Err(Refusal::PeriodClosed { closed_until }),
        None => Ok(periods.closed.is_some_and(|closed| effective_at < closed.end)),
    }
}
