//! What must always hold; shared by tests and by whoever audits.

use std::collections::BTreeMap;

use crate::ids::PoolId;
use crate::money::Currency;
use crate::time::Time;

use super::{
    Account, BalanceRow, Book, Charge, CounterKey, CounterRow, Entry, EntryBody, Key, PoolRow,
    Read as _, Row, Rows, Side, SpendRow, SpendState, apply,
};

pub use super::violation::Violation;

/// Rebuilds the rows from every entry there is, in order.
pub fn replay<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Rows {
    let mut rows = Rows::default();
    for entry in entries {
        apply(&mut rows, entry);
    }
    rows
}

/// Checks one entry by itself: its lines balance, and no reservation passes a cap.
///
/// # Errors
/// The first violation.
pub fn check_entry(entry: &Entry) -> Result<(), Violation> {
    let position = entry.position;
    let is_line_whole = |amount_minor: i64| amount_minor > 0 && entry.currency.is_some();
    if !entry.postings.iter().all(|posting| is_line_whole(posting.amount_minor)) {
        return Err(Violation::LineWithoutAmount { position });
    }
    for book in [Book::Authority, Book::Expense] {
        let lines = entry.postings.iter().filter(|posting| posting.account.book() == book);
        let difference_minor = lines.fold(0_i128, |sum, posting| {
            let amount = i128::from(posting.amount_minor);
            match posting.side {
                Side::Debit => sum.saturating_add(amount),
                Side::Credit => sum.saturating_sub(amount),
            }
        });
        if difference_minor != 0 {
            return Err(Violation::EntryUnbalanced { position, book, difference_minor });
        }
    }
    check_caps(entry)
}

fn check_caps(entry: &Entry) -> Result<(), Violation> {
    if !matches!(entry.body, EntryBody::Reserved { .. }) {
        return Ok(());
    }
    match entry.trace.iter().find(|trace| trace.after_minor > trace.cap_minor) {
        None => Ok(()),
        Some(trace) => Err(Violation::AboveCap {
            position: entry.position,
            limit: trace.limit.clone(),
            after_minor: trace.after_minor,
            cap_minor: trace.cap_minor,
        }),
    }
}

/// Checks that positions are gap-free from 0 and that time strictly increases.
///
/// # Errors
/// The first violation.
pub fn check_sequence<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<(), Violation> {
    let mut last_at = None;
    for (expected, entry) in (0_u64..).zip(entries) {
        let position = entry.position;
        if position != expected {
            return Err(Violation::PositionGap { position, expected });
        }
        if last_at.is_some_and(|last_at| entry.at <= last_at) {
            return Err(Violation::TimeNotIncreasing { position });
        }
        last_at = Some(entry.at);
    }
    Ok(())
}

/// Checks that rows agree with each other: books balance, and counts, pools and gestures match.
///
/// # Errors
/// The first violation.
pub fn check_rows(rows: &Rows) -> Result<(), Violation> {
    check_trial_balance(rows)?;
    let spends = || {
        rows.iter().filter_map(|(_, row)| match row {
            Row::Spend(spend) => Some(spend.as_ref()),
            _ => None,
        })
    };
    for spend in spends() {
        check_spend(spend)?;
    }
    let sums = Sums::of(spends());
    for (key, row) in rows.iter() {
        match (key, row) {
            (Key::Counter(counter), Row::Counter(row)) => {
                check_counter(rows, counter, row, sums.counter(counter))?;
            }
            (Key::Pool(pool, currency), Row::Pool(row)) => {
                check_pool(rows, (pool, *currency), row, &sums)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Checks that replaying the entries gives these rows.
///
/// # Errors
/// The first row, in the order of names, that differs.
pub fn check_replay<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    live: &Rows,
) -> Result<(), Violation> {
    let replayed = replay(entries);
    if replayed == *live {
        return Ok(());
    }
    let keys = live.iter().chain(replayed.iter()).map(|(key, _)| key);
    let differs = |key: &&Key| live.get(key) != replayed.get(key);
    // Indexes follow from rows, so unequal states differ in a row; the head stands for the rest.
    let key = keys.filter(differs).min().unwrap_or(&Key::Head);
    Err(Violation::ReplayDiffers { key: Box::new(key.clone()) })
}

fn check_trial_balance(rows: &Rows) -> Result<(), Violation> {
    let mut sums: BTreeMap<(Book, Currency), i128> = BTreeMap::new();
    for (key, row) in rows.iter() {
        if let (Key::Balance(account, currency), Row::Balance(balance)) = (key, row) {
            let sum = sums.entry((account.book(), *currency)).or_default();
            *sum = sum.saturating_add(net_debit(*balance));
        }
    }
    match sums.into_iter().find(|(_, sum)| *sum != 0) {
        None => Ok(()),
        Some(((book, currency), difference_minor)) => {
            Err(Violation::TrialBalance { book, currency, difference_minor })
        }
    }
}

fn net_debit(balance: BalanceRow) -> i128 {
    balance.debit_minor.saturating_sub(balance.credit_minor)
}

fn check_spend(row: &SpendRow) -> Result<(), Violation> {
    let used = row.held_minor.saturating_add(row.committed_minor);
    let is_within = (0..=row.amount_minor).contains(&row.held_minor)
        && (0..=row.amount_minor).contains(&row.committed_minor)
        && (0..=row.committed_minor).contains(&row.reversed_minor)
        && used <= row.amount_minor;
    let is_open = row.state == SpendState::Held;
    if is_within && is_open == (row.held_minor > 0) {
        Ok(())
    } else {
        Err(Violation::SpendContradicts { spend: row.about.spend })
    }
}

/// What gestures add up to, by count and by pool.
struct Sums<'a> {
    counters: BTreeMap<&'a CounterKey, Vec<Charge>>,
    pools: BTreeMap<(&'a PoolId, Currency), (i64, i64)>,
}

impl<'a> Sums<'a> {
    fn of(spends: impl Iterator<Item = &'a SpendRow>) -> Self {
        let mut sums = Self { counters: BTreeMap::new(), pools: BTreeMap::new() };
        spends.for_each(|row| sums.add(row));
        sums
    }

    fn add(&mut self, row: &'a SpendRow) {
        let charge = Charge {
            spend: row.about.spend,
            at: row.reserved_at,
            held_minor: row.held_minor,
            given_minor: row.given_minor(),
            granted_minor: 0,
        };
        for charged in &row.charged {
            let charges = self.counters.entry(&charged.counter).or_default();
            charges.push(charge);
        }
        let pool = self.pools.entry((&row.about.pool, row.currency));
        let (held, given) = pool.or_default();
        *held = held.saturating_add(charge.held_minor);
        *given = given.saturating_add(charge.given_minor);
    }

    fn counter(&self, key: &CounterKey) -> &[Charge] {
        self.counters.get(key).map_or(&[], Vec::as_slice)
    }
}

fn check_counter(
    rows: &Rows,
    key: &CounterKey,
    row: &CounterRow,
    charges: &[Charge],
) -> Result<(), Violation> {
    let matches = match row {
        CounterRow::Total { held_minor, given_minor, granted_minor: _ } => {
            let sum = |of: fn(&Charge) -> i64| {
                let add = |sum: i128, charge| sum.saturating_add(i128::from(of(charge)));
                charges.iter().fold(0, add)
            };
            sum(|charge| charge.held_minor) == i128::from(*held_minor)
                && sum(|charge| charge.given_minor) == i128::from(*given_minor)
        }
        CounterRow::Rolling { charges: counted } => {
            is_rolling_sum(key, counted, charges, rows.head().last_at)
        }
    };
    if matches { Ok(()) } else { Err(Violation::CounterDiffers { counter: Box::new(key.clone()) }) }
}

/// Whether every charge is that of its gesture, and every gesture that counts has a charge.
fn is_rolling_sum(key: &CounterKey, counted: &[Charge], charges: &[Charge], now: Time) -> bool {
    let must_count = |charge: &Charge| {
        let is_zero = charge.held_minor == 0 && charge.given_minor == 0;
        !is_zero && key.window.counts(charge.at, now)
    };
    counted.iter().all(|charge| charges.contains(charge))
        && charges.iter().filter(|charge| must_count(charge)).all(|charge| counted.contains(charge))
        && counted.is_sorted_by_key(|charge| charge.at)
}

fn check_pool(
    rows: &Rows,
    (pool, currency): (&PoolId, Currency),
    row: &PoolRow,
    sums: &Sums<'_>,
) -> Result<(), Violation> {
    let of_gestures = sums.pools.get(&(pool, currency)).copied();
    let (held, given) = of_gestures.unwrap_or_default();
    let credit = |account: Account| net_debit(rows.balance(&account, currency)).saturating_neg();
    let used = i128::from(held).saturating_add(i128::from(given));
    let left = i128::from(row.allotted_minor.unwrap_or(0)).saturating_sub(used);
    let is_sum = row.held_minor == held
        && row.given_minor == given
        && credit(Account::Encumbered(pool.clone())) == i128::from(held)
        && credit(Account::Expended(pool.clone())) == i128::from(given)
        && credit(Account::AuthorityPool(pool.clone())) == left;
    if is_sum { Ok(()) } else { Err(Violation::PoolDiffers { pool: pool.clone(), currency }) }
}
