//! Counts and pools, moved by what a gesture now holds and stands at.

use std::iter;

use crate::ids::SpendId;
use crate::mutants::{Mutant, is_on};
use crate::time::Time;

use super::super::share::Share;
use super::super::{
    Account, Charge, Charged, CounterKey, CounterRow, Entry, Key, Row, Side, SpendRow, WindowKey,
    Write,
};

/// Moves every count and the pool by the difference between two moments of a gesture.
pub(super) fn shift(rows: &mut impl Write, before: &SpendRow, after: &SpendRow, entry: &Entry) {
    let spend = after.about.spend;
    for charged in after.charged.iter() {
        let was = before.charged_to(&charged.counter);
        let was = was.map_or_else(Share::default, |was| before.share(was));
        let share = after.share(charged);
        if share != was {
            let moved = Moved { spend, change: share.since(was), charges: after.charges(charged) };
            shift_counter(rows, &charged.counter, moved, entry.at);
        }
    }
    let has_left = |charged: &&Charged| after.charged_to(&charged.counter).is_none();
    for charged in before.charged.iter().filter(has_left) {
        let change = Share::default().since(before.share(charged));
        let moved = Moved { spend, change, charges: iter::empty() };
        shift_counter(rows, &charged.counter, moved, entry.at);
    }
    shift_pool(rows, before, after, entry);
}

/// What one count has of a gesture from now on, and by how much that is more.
struct Moved<I> {
    spend: SpendId,
    change: Share,
    charges: I,
}

fn shift_pool(rows: &mut impl Write, before: &SpendRow, after: &SpendRow, entry: &Entry) {
    let held_minor = after.held_minor.saturating_sub(before.held_minor);
    let given_minor = after.given_minor().saturating_sub(before.given_minor());
    if held_minor == 0 && given_minor == 0 || is_on(Mutant::PoolUncharged) {
        return;
    }
    let key = Key::Pool(after.about.pool.clone(), after.currency);
    if let Some(Row::Pool(row)) = rows.get(&key) {
        let mut row = row.clone();
        row.held_minor = counted(row.held_minor, held_minor);
        row.given_minor = counted(row.given_minor, given_minor);
        // What comes back after its period was closed cannot be given again.
        row.allot(lapsed_minor(entry).saturating_neg());
        rows.put(key, Row::Pool(row));
    }
}

fn lapsed_minor(entry: &Entry) -> i64 {
    let lapses = entry.postings.iter().filter(|posting| {
        posting.account == Account::AuthorityLapsed && posting.side == Side::Credit
    });
    lapses.fold(0, |sum, posting| sum.saturating_add(posting.amount_minor))
}

fn shift_counter(
    rows: &mut impl Write,
    counter: &CounterKey,
    moved: Moved<impl Iterator<Item = Charge>>,
    now: Time,
) {
    rows.move_counter(counter, |row| match (row, counter.window) {
        (Some(CounterRow::Rolling { charges }), window) => {
            CounterRow::Rolling { charges: shift_charges(charges.clone(), window, moved, now) }
        }
        (_, window @ WindowKey::Rolling { .. }) => {
            CounterRow::Rolling { charges: shift_charges(Vec::new(), window, moved, now) }
        }
        (total, _) => shift_total(total, moved.change),
    });
}

fn shift_total(total: Option<&CounterRow>, change: Share) -> CounterRow {
    let (held_minor, given_minor, granted_minor) = match total {
        Some(CounterRow::Total { held_minor, given_minor, granted_minor }) => {
            (*held_minor, *given_minor, *granted_minor)
        }
        _ => (0, 0, 0),
    };
    CounterRow::Total {
        held_minor: counted(held_minor, change.held),
        given_minor: counted(given_minor, change.given),
        granted_minor: counted(granted_minor, change.granted),
    }
}

fn counted(count: i64, change: i64) -> i64 {
    let count = count.saturating_add(change);
    assert!(count >= 0, "counts never fall below zero");
    count
}

/// Charges of a moving window with one gesture's share as it is now.
///
/// What has left the window is dropped, and a late change of it changes nothing.
fn shift_charges(
    mut charges: Vec<Charge>,
    window: WindowKey,
    moved: Moved<impl Iterator<Item = Charge>>,
    now: Time,
) -> Vec<Charge> {
    charges.retain(|charge| charge.spend != moved.spend && window.counts(charge.at, now));
    for charge in moved.charges {
        let is_used = charge.held_minor > 0 || charge.given_minor > 0;
        if is_used && window.counts(charge.at, now) {
            let index = charges.partition_point(|other| other.at <= charge.at);
            charges.insert(index, charge);
        }
    }
    charges
}
