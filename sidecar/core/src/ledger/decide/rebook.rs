//! Rulings on what was given: reverse, and correct what it was booked as.

use super::gesture::open_consult;
use super::movement::{movement, rebooking, taking_back};
use super::operate::{Bench, Ruling, Stop};
use crate::ids::{GestureCode, ReasonCode, RequestId};
use crate::ledger::headroom::{check_gesture, check_reason};
use crate::ledger::{Account, EntryBody, Fault, Read, Refusal, ReverseReason, SpendRow};
use crate::mutants::{Mutant, is_on};
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
    if let Some(given_at) = row.committed_at
        && reason == ReverseReason::MisEntry
    {
        let ended_at = given_at.saturating_add_ns(bench.policy.undo_ns);
        if bench.now >= ended_at && !is_on(Mutant::UndoForever) {
            return Err(Refusal::UndoWindowClosed { ended_at }.into());
        }
    }
    let is_post_close = check_back_dating(bench, row, effective_at)?;
    let periods = bench.rows.periods();
    let is_closed = |given_at| periods.closed_until(given_at).is_some();
    // Authority of a period that is closed does not come back.
    let authority = if row.committed_at.is_some_and(is_closed) {
        Account::AuthorityLapsed
    } else {
        Account::AuthorityPool(row.about.pool.clone())
    };
    let postings = taking_back(&row.about, amount_minor, authority);
    let body =
        EntryBody::Reversed { request, about: Box::new(row.about.clone()), amount_minor, reason };
    let draft = movement(bench.rows, row, bench.now, postings, body);
    Ok(draft.counting_for(effective_at, is_post_close).into())
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
    let postings = rebooking(row.about.kind, kind, amount_minor);
    let draft = movement(bench.rows, row, bench.now, postings, body);
    Ok(draft.counting_for(booking.effective_at, is_post_close).into())
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
    // Nothing is taken back or corrected before it was there.
    let allowed = bench.now.saturating_sub_ns(bench.policy.backdate_ns);
    let earliest = allowed.max(row.reserved_at);
    if effective_at < earliest {
        return Err(Refusal::TooLongAgo { earliest });
    }
    let periods = bench.rows.periods();
    match periods.closed_until(effective_at) {
        Some(closed_until) => Err(Refusal::PeriodClosed { closed_until }),
        None => Ok(periods.closed.is_some_and(|closed| effective_at < closed.end)),
    }
}
