//! Drafts of entries that move a gesture on: the trace of every count it moves, and its lines.

use super::draft::Draft;
use crate::ledger::account::ExpenseClass;
use crate::ledger::share::Share;
use crate::ledger::weigh::{Use, pool_state};
use crate::ledger::{Account, Charged, EntryBody, LimitTrace, Posting, Read, SpendAbout, SpendRow};
use crate::mutants::{Mutant, is_on};
use crate::policy::GestureKind;
use crate::time::Time;

/// The draft of an entry after which the gesture holds and stands at something else.
pub(super) fn movement(
    rows: &impl Read,
    row: &SpendRow,
    now: Time,
    postings: Vec<Posting>,
    body: EntryBody,
) -> Draft {
    let mut after = row.clone();
    after.advance(now, row.about.agent, &body);
    draft(row, traces(rows, (row, &after), now), postings, body)
}

/// The draft of an entry about a gesture.
pub(super) fn draft(
    row: &SpendRow,
    trace: Vec<LimitTrace>,
    postings: Vec<Posting>,
    body: EntryBody,
) -> Draft {
    Draft { trace, postings, ..Draft::of(Some(row.currency), body) }
}

/// Every count that a gesture is charged to, those that it leaves, and its pool, between two
/// moments.
pub(super) fn traces(
    rows: &impl Read,
    (before, after): (&SpendRow, &SpendRow),
    now: Time,
) -> Vec<LimitTrace> {
    // What has left a moving window already changes nothing there.
    let share = |row: &SpendRow, charged: Option<&Charged>| {
        charged.map_or_else(Share::default, |charged| row.share_in(charged, now))
    };
    let moved = |charged: &Charged| {
        let counter = &charged.counter;
        let used = Use::of(rows.counter(counter), counter.window, now);
        let is = share(after, after.charged_to(counter));
        let change = is.since(share(before, before.charged_to(counter)));
        LimitTrace {
            limit: counter.limit.clone(),
            scope: counter.scope.clone(),
            window: counter.window,
            before_minor: used.used_minor(),
            amount_minor: change.used(),
            after_minor: used.used_minor().saturating_add(change.used()),
            cap_minor: charged.cap_minor,
            counts: charged.counts,
            granted_minor: used.granted_minor.saturating_add(change.granted),
        }
    };
    let left = |charged: &&Charged| {
        after.charged_to(&charged.counter).is_none() && before.share_in(charged, now).used() > 0
    };
    let charged = after.charged.iter().chain(before.charged.iter().filter(left));
    // One more, for the pool.
    let mut traces = Vec::with_capacity(after.charged.len().saturating_add(1));
    traces.extend(charged.map(moved));
    let change = after.total_minor().saturating_sub(before.total_minor());
    let pool = pool_state(rows, (&before.about.pool, ""), before.currency);
    traces.extend(pool.map(|state| state.trace(change, true)));
    traces
}

/// The lines of holding an amount: authority becomes an encumbrance.
pub(super) fn holding(about: &SpendAbout, amount_minor: i64) -> Vec<Posting> {
    Posting::pair(
        Account::AuthorityPool(about.pool.clone()),
        Account::Encumbered(about.pool.clone()),
        amount_minor,
    )
}

/// The lines of giving what was held: the encumbrance becomes an expense.
pub(super) fn giving(about: &SpendAbout, amount_minor: i64) -> Vec<Posting> {
    let mut postings = Posting::pair(
        Account::Encumbered(about.pool.clone()),
        Account::Expended(about.pool.clone()),
        amount_minor,
    );
    postings.extend(expense(about.kind, amount_minor));
    postings
}

/// The lines of releasing what was held.
pub(super) fn releasing(about: &SpendAbout, amount_minor: i64) -> Vec<Posting> {
    let mut lines = Posting::pair(
        Account::Encumbered(about.pool.clone()),
        Account::AuthorityPool(about.pool.clone()),
        amount_minor,
    );
    if is_on(Mutant::Unbalanced) {
        lines.pop();
    }
    lines
}

/// The lines of taking back what was given: its authority comes back to the pool, but for what has
/// lapsed.
pub(super) fn taking_back(
    about: &SpendAbout,
    amount_minor: i64,
    lapsed_minor: i64,
) -> Vec<Posting> {
    let expended = || Account::Expended(about.pool.clone());
    let back_minor = amount_minor.saturating_sub(lapsed_minor);
    let mut postings =
        Posting::pair(expended(), Account::AuthorityPool(about.pool.clone()), back_minor);
    postings.extend(Posting::pair(expended(), Account::AuthorityLapsed, lapsed_minor));
    postings.extend(expense_back(about.kind, amount_minor));
    postings
}

/// The lines of booking an expense to another class; none where the class stays.
pub(super) fn rebooking(from: GestureKind, to: GestureKind, amount_minor: i64) -> Vec<Posting> {
    if ExpenseClass::of(from) == ExpenseClass::of(to) {
        return Vec::new();
    }
    let mut postings = expense_back(from, amount_minor);
    postings.extend(expense(to, amount_minor));
    postings
}

fn expense(kind: GestureKind, amount_minor: i64) -> Vec<Posting> {
    Posting::pair(Account::Expense(ExpenseClass::of(kind)), Account::AdvocacyPayable, amount_minor)
}

fn expense_back(kind: GestureKind, amount_minor: i64) -> Vec<Posting> {
    Posting::pair(Account::AdvocacyPayable, Account::Expense(ExpenseClass::of(kind)), amount_minor)
}
