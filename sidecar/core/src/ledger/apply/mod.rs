//! Puts an entry's effect into rows; replaying every entry in order gives the live state.

mod acts;
mod answers;
mod gestures;
mod shift;

use crate::money::Currency;
use crate::mutants::{Mutant, is_on};

use super::{
    ActivePolicyRow, Entry, EntryBody, HeadRow, Key, Operation, PoolRow, Posting, Row, Side, Write,
};

/// Applies the next entry.
///
/// It cannot fail: entries come from `decide`, or from a journal that has been verified. An entry
/// out of order, or one about a gesture that no earlier entry made, is a broken journal and stops
/// the process by an assertion, for there is no right state to go on with.
pub fn apply(rows: &mut impl Write, entry: &Entry) {
    advance_head(rows, entry);
    if let Some(currency) = entry.currency {
        book(rows, &entry.postings, currency);
    }
    match &entry.body {
        EntryBody::PolicyActivated { name, version, .. } => {
            let row = ActivePolicyRow {
                digest: entry.policy,
                name: name.clone(),
                version: version.clone(),
                position: entry.position,
                activated_at: entry.at,
            };
            rows.put(Key::ActivePolicy, Row::ActivePolicy(Box::new(row)));
            acts::activated(rows, entry.policy);
        }
        EntryBody::PoolOpened { .. } => open_pool(rows, entry),
        EntryBody::Reserved { .. } => gestures::reserve(rows, entry),
        EntryBody::Refused { operation: Operation::Reserve(request), .. }
            if is_on(Mutant::RefusedHoldGiven) =>
        {
            gestures::reserve(rows, &crate::mutants::as_if_held(entry, request));
        }
        EntryBody::Refused { operation, .. } => {
            let spend = rows.spend(operation.spend()).cloned();
            answers::keep(rows, operation.clone(), entry, (spend.as_ref(), None));
        }
        EntryBody::Act { .. } => acts::apply(rows, entry),
        body => {
            if let Some(about) = body.about() {
                gestures::advance(rows, entry, about);
            }
        }
    }
}

fn advance_head(rows: &mut impl Write, entry: &Entry) {
    let head = rows.head();
    assert_eq!(entry.position, head.entry_count, "positions have no gap");
    assert!(entry.at > head.last_at || entry.position == 0, "time increases strictly");
    let row = HeadRow { entry_count: entry.position.saturating_add(1), last_at: entry.at };
    rows.put(Key::Head, Row::Head(row));
}

fn book(rows: &mut impl Write, postings: &[Posting], currency: Currency) {
    for posting in postings {
        let mut row = rows.balance(&posting.account, currency);
        let amount = i128::from(posting.amount_minor);
        match posting.side {
            Side::Debit => row.debit_minor = row.debit_minor.saturating_add(amount),
            Side::Credit => row.credit_minor = row.credit_minor.saturating_add(amount),
        }
        let key = Key::Balance(posting.account.clone(), currency);
        rows.put(key, Row::Balance(row));
    }
}

fn open_pool(rows: &mut impl Write, entry: &Entry) {
    let EntryBody::PoolOpened { pool, team, allotted_minor, .. } = &entry.body else {
        return;
    };
    let Some(currency) = entry.currency else {
        return;
    };
    let (team, allotted_minor) = (team.clone(), *allotted_minor);
    let row = match rows.pool(pool, currency) {
        Some(row) => PoolRow { team, allotted_minor, ..*row },
        None => PoolRow { team, allotted_minor, moved_minor: 0, held_minor: 0, given_minor: 0 },
    };
    rows.put(Key::Pool(pool.clone(), currency), Row::Pool(row));
}
