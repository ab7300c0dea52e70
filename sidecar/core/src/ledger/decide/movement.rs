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

/// Every count that a gesture is charged to, and its pool, between two moments.
pub(super) fn traces(
    rows: &impl Read,
    (before, after): (&SpendRow, &SpendRow),
    now: Time,
) -> Vec<LimitTrace> {
    let moved = |(index, charged): (usize, &Charged)| {
        let counter = &charged.counter;
        let used = Use::of(rows.counter(counter), counter.window, now);
        let was = before.charged.get(index).map_or_else(Share::default, |was| before.share(was));
        // What has left a moving window already changes nothing there.
        let change = if counter.window.counts(before.reserved_at, now) {
            after.share(charged).since(was)
        } else {
            Share::default()
        };
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
    // One more, for the pool.
    let mut traces = Vec::with_capacity(after.charged.len().saturating_add(1));
    traces.extend(after.charged.iter().enumerate().map(moved));
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

/// The lines of taking back what was given; its authority goes to this account.
pub(super) fn taking_back(
    about: &SpendAbout,
    amount_minor: i64,
    authority: Account,
) -> Vec<Posting> {
    let mut postings =
        Posting::pair(Account::Expended(about.pool.clone()), authority, amount_minor);
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
