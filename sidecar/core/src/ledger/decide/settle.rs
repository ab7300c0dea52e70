//! Rulings on holds: extend, commit, void, expire.

use super::consult::settled;
use super::draft::Scribe;
use super::gesture::{check_open, find};
use super::movement::{giving, movement, releasing};
use super::operate::{Bench, Ruling, Stop};
use crate::ids::{RequestId, SpendId};
use crate::ledger::outcome::answer;
use crate::ledger::{Decision, EntryBody, Fault, Read, Refusal, SpendRow, SpendState, VoidReason};
use crate::mutants::{Mutant, is_on};

pub(super) fn extend(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    request: RequestId,
) -> Result<Ruling, Stop> {
    check_open(row, bench.now)?;
    // A policy with a shorter time never shortens a hold that stands.
    let expire_at = bench.now.saturating_add_ns(bench.policy.hold_ns).max(row.expire_at);
    let body = EntryBody::Extended {
        request,
        about: Box::new(row.about.clone()),
        previous_expire_at: row.expire_at,
        expire_at,
    };
    Ok(movement(bench.rows, row, bench.now, Vec::new(), body).into())
}

pub(super) fn commit(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    request: RequestId,
    (amount_minor, is_final): (i64, bool),
) -> Result<Ruling, Stop> {
    check_open(row, bench.now)?;
    if amount_minor > row.held_minor && !is_on(Mutant::CommitAboveHold) {
        return Err(Refusal::AmountAboveHold {
            held_minor: row.held_minor,
            requested_minor: amount_minor,
            currency: row.currency,
        }
        .into());
    }
    let rest = row.held_minor.saturating_sub(amount_minor);
    let released_minor = if is_final { rest } else { 0 };
    let mut postings = giving(&row.about, amount_minor);
    postings.extend(releasing(&row.about, released_minor));
    let body = EntryBody::Committed {
        request: Some(request),
        about: Box::new(row.about.clone()),
        amount_minor,
        is_final,
        released_minor,
    };
    let is_emptied = is_final || rest == 0;
    let then = if is_emptied { settled(bench.rows, row, bench.now) } else { None };
    Ok(Ruling { first: movement(bench.rows, row, bench.now, postings, body), then })
}

pub(super) fn void(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    request: RequestId,
    reason: VoidReason,
) -> Result<Ruling, Stop> {
    check_open(row, bench.now)?;
    let released_minor =
        if is_on(Mutant::CancelRestoresAll) { row.amount_minor } else { row.held_minor };
    let postings = releasing(&row.about, released_minor);
    let body =
        EntryBody::Voided { request, about: Box::new(row.about.clone()), reason, released_minor };
    let then = settled(bench.rows, row, bench.now);
    Ok(Ruling { first: movement(bench.rows, row, bench.now, postings, body), then })
}

/// The end of a hold whose time has come.
pub(super) fn expire(
    rows: &impl Read,
    spend: SpendId,
    mut scribe: Scribe<'_>,
) -> Result<Decision, Fault> {
    let row = find(rows, spend)?;
    let now = scribe.now();
    if row.state != SpendState::Held || now < row.expire_at {
        return Err(Fault::HoldNotDue { spend });
    }
    let released_minor = row.held_minor;
    let postings = releasing(&row.about, released_minor);
    let body = EntryBody::Expired { about: Box::new(row.about.clone()), released_minor };
    let entry = scribe.write(movement(rows, row, now, postings, body));
    let mut after = row.clone();
    after.advance(entry.at, entry.caller.agent, &entry.body);
    let outcome = answer(&entry, Some(&after), None);
    let mut entries = vec![entry];
    entries.extend(settled(rows, row, now).map(|draft| scribe.write(draft)));
    Ok(Decision { entries, outcome })
}
