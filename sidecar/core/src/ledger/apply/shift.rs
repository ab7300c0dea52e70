//! Counts and pools, moved by what a gesture now holds and stands at.

use crate::mutants::{Mutant, is_on};
use crate::time::Time;

use super::super::share::Share;
use super::super::{
    Account, Charge, Charged, CounterRow, Entry, Key, Row, Side, SpendRow, WindowKey, Write,
};

/// Moves every count and the pool by the difference between two moments of a gesture.
pub(super) fn shift(rows: &mut impl Write, before: &SpendRow, after: &SpendRow, entry: &Entry) {
    for (index, charged) in after.charged.iter().enumerate() {
        let share = after.share(charged);
        let was = before.charged.get(index).map_or_else(Share::default, |was| before.share(was));
        if share != was {
            shift_counter(rows, charged, after, (share, was), entry.at);
        }
    }
    shift_pool(rows, before, after, entry);
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
        let lapsed_minor = lapsed_minor(entry);
        row.allotted_minor =
            row.allotted_minor.map(|allotted| allotted.saturating_sub(lapsed_minor));
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
    charged: &Charged,
    spend: &SpendRow,
    (share, was): (Share, Share),
    now: Time,
) {
    rows.move_counter(&charged.counter, |row| match (row, charged.counter.window) {
        (Some(CounterRow::Rolling { charges }), window) => {
            let counted = charges.clone();
            CounterRow::Rolling { charges: shift_charges(counted, window, spend, share, now) }
        }
        (_, window @ WindowKey::Rolling { .. }) => {
            CounterRow::Rolling { charges: shift_charges(Vec::new(), window, spend, share, now) }
        }
        (total, _) => shift_total(total, share.since(was)),
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
    spend: &SpendRow,
    share: Share,
    now: Time,
) -> Vec<Charge> {
    let (id, at) = (spend.about.spend, spend.reserved_at);
    charges.retain(|charge| charge.spend != id && window.counts(charge.at, now));
    let Share { held: held_minor, given: given_minor, granted: granted_minor } = share;
    if share.used() > 0 && window.counts(at, now) {
        let index = charges.partition_point(|charge| charge.at <= at);
        charges.insert(index, Charge { spend: id, at, held_minor, given_minor, granted_minor });
    }
    charges
}
