//! Rulings on gestures that exist: extend, commit, void, expire, reverse.

use crate::ids::{RequestId, SpendId};

use super::draft::{Draft, Scribe};
use super::operate::{Bench, Ruling, Stop};
use crate::ledger::account::ExpenseClass;
use crate::ledger::outcome::answer;
use crate::ledger::weigh::Use;
use crate::ledger::{
    Access, Account, Charged, Decision, EntryBody, Fault, LimitTrace, Posting, Read, Refusal,
    ReverseReason, ScopeKey, SpendAbout, SpendRow, SpendState, VoidReason, WindowKey,
};
use crate::policy::{Counts, pool_limit_id};
use crate::time::Time;

/// The gesture, for its own agent only.
pub(super) fn own<'a, R: Read>(
    bench: &Bench<'a, R>,
    spend: SpendId,
) -> Result<&'a SpendRow, Fault> {
    let row = find(bench.rows, spend)?;
    if row.about.agent == bench.command.caller.agent {
        Ok(row)
    } else {
        Err(Fault::NotYourSpend { spend })
    }
}

/// The gesture, for its own agent and for supervisors.
pub(super) fn own_or_supervised<'a, R: Read>(
    bench: &Bench<'a, R>,
    spend: SpendId,
) -> Result<&'a SpendRow, Fault> {
    if bench.command.caller.access == Access::Supervisor {
        find(bench.rows, spend)
    } else {
        own(bench, spend)
    }
}

/// The gesture, for those who may take it back for this reason: a slip is its own agent's alone.
pub(super) fn reversible<'a, R: Read>(
    bench: &Bench<'a, R>,
    spend: SpendId,
    reason: ReverseReason,
) -> Result<&'a SpendRow, Fault> {
    match reason {
        ReverseReason::MisEntry => own(bench, spend),
        ReverseReason::CustomerReturned | ReverseReason::Duplicate | ReverseReason::Other => {
            own_or_supervised(bench, spend)
        }
    }
}

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
    Ok(movement(bench.rows, row, bench.now, (0, Vec::new()), body).into())
}

pub(super) fn commit(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    request: RequestId,
    (amount_minor, is_final): (i64, bool),
) -> Result<Ruling, Stop> {
    check_open(row, bench.now)?;
    if amount_minor > row.held_minor {
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
    Ok(movement(bench.rows, row, bench.now, (released_minor, postings), body).into())
}

pub(super) fn void(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    request: RequestId,
    reason: VoidReason,
) -> Result<Ruling, Stop> {
    check_open(row, bench.now)?;
    let released_minor = row.held_minor;
    let postings = releasing(&row.about, released_minor);
    let body =
        EntryBody::Voided { request, about: Box::new(row.about.clone()), reason, released_minor };
    Ok(movement(bench.rows, row, bench.now, (released_minor, postings), body).into())
}

pub(super) fn reverse(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    request: RequestId,
    (amount_minor, reason): (i64, ReverseReason),
) -> Result<Ruling, Stop> {
    let given_minor = row.given_minor();
    if amount_minor > given_minor {
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
        if bench.now >= ended_at {
            return Err(Refusal::UndoWindowClosed { ended_at }.into());
        }
    }
    let postings = taking_back(&row.about, amount_minor);
    let body =
        EntryBody::Reversed { request, about: Box::new(row.about.clone()), amount_minor, reason };
    Ok(movement(bench.rows, row, bench.now, (amount_minor, postings), body).into())
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
    let entry = scribe.write(movement(rows, row, now, (released_minor, postings), body));
    let mut after = row.clone();
    after.advance(entry.at, &entry.body);
    let outcome = answer(&entry, Some(&after), None);
    Ok(Decision { entries: vec![entry], outcome })
}

/// The lines of giving what was held: the encumbrance becomes an expense.
pub(super) fn giving(about: &SpendAbout, amount_minor: i64) -> Vec<Posting> {
    let mut postings = Posting::pair(
        Account::Encumbered(about.pool.clone()),
        Account::Expended(about.pool.clone()),
        amount_minor,
    );
    postings.extend(Posting::pair(
        Account::Expense(ExpenseClass::of(about.kind)),
        Account::AdvocacyPayable,
        amount_minor,
    ));
    postings
}

fn releasing(about: &SpendAbout, amount_minor: i64) -> Vec<Posting> {
    Posting::pair(
        Account::Encumbered(about.pool.clone()),
        Account::AuthorityPool(about.pool.clone()),
        amount_minor,
    )
}

fn taking_back(about: &SpendAbout, amount_minor: i64) -> Vec<Posting> {
    let mut postings = Posting::pair(
        Account::Expended(about.pool.clone()),
        Account::AuthorityPool(about.pool.clone()),
        amount_minor,
    );
    postings.extend(Posting::pair(
        Account::AdvocacyPayable,
        Account::Expense(ExpenseClass::of(about.kind)),
        amount_minor,
    ));
    postings
}

fn find(rows: &impl Read, spend: SpendId) -> Result<&SpendRow, Fault> {
    rows.spend(spend).ok_or(Fault::SpendNotFound { spend })
}

/// A hold can be acted on before its time and while nothing has ended it.
fn check_open(row: &SpendRow, now: Time) -> Result<(), Refusal> {
    match row.state_at(now) {
        SpendState::Held => Ok(()),
        SpendState::Expired => Err(Refusal::HoldExpired { at: row.expire_at }),
        state @ (SpendState::Committed | SpendState::Voided | SpendState::Reversed) => {
            Err(Refusal::HoldResolved { state })
        }
    }
}

/// The draft of an entry that releases an amount into the windows it was charged to.
fn movement(
    rows: &impl Read,
    row: &SpendRow,
    now: Time,
    (released_minor, postings): (i64, Vec<Posting>),
    body: EntryBody,
) -> Draft {
    let released = |charged: &Charged| {
        let window = charged.counter.window;
        let used = Use::of(rows.counter(&charged.counter), window, now).used_minor();
        // What has left a moving window already changes nothing there.
        let change =
            if window.counts(row.reserved_at, now) { released_minor.saturating_neg() } else { 0 };
        LimitTrace {
            limit: charged.counter.limit.clone(),
            scope: charged.counter.scope.clone(),
            window,
            before_minor: used,
            amount_minor: change,
            after_minor: used.saturating_add(change),
            cap_minor: charged.cap_minor,
            counts: charged.counts,
            granted_minor: 0,
        }
    };
    let mut trace: Vec<_> = row.charged.iter().map(released).collect();
    trace.extend(pool_trace(rows, row, released_minor));
    Draft { currency: Some(row.currency), trace, postings, body }
}

fn pool_trace(rows: &impl Read, row: &SpendRow, released_minor: i64) -> Option<LimitTrace> {
    let pool = rows.pool(&row.about.pool, row.currency)?;
    let used = pool.held_minor.saturating_add(pool.given_minor);
    Some(LimitTrace {
        limit: pool_limit_id(&row.about.pool),
        scope: ScopeKey { pool: Some(row.about.pool.clone()), ..ScopeKey::default() },
        window: WindowKey::Lifetime,
        before_minor: used,
        amount_minor: released_minor.saturating_neg(),
        after_minor: used.saturating_sub(released_minor),
        cap_minor: pool.allotted_minor?,
        counts: Counts::Amounts,
        granted_minor: 0,
    })
}
