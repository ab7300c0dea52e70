//! What must hold of rows together.

use std::collections::BTreeMap;

use super::super::{
    Account, BalanceRow, Book, Charge, ConsultRow, ConsultState, CounterKey, CounterRow, Key, Part,
    PoolRow, Read as _, Row, Rows, SpendRow, SpendState,
};
use super::Violation;
use crate::ids::PoolId;
use crate::money::Currency;
use crate::time::Time;

/// Checks that rows agree with each other: books balance; counts, pools, gestures and consults
/// match; and no count is above its cap but by what second persons granted.
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
                check_counter(rows, counter, row, &sums)?;
            }
            (Key::Pool(pool, currency), Row::Pool(row)) => {
                check_pool(rows, (pool, *currency), row, &sums)?;
            }
            (_, Row::Consult(row)) => check_consult(rows, row)?,
            _ => {}
        }
    }
    Ok(())
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
    // Only a question may hold nothing and be open.
    let is_held = row.held_minor > 0 || (is_open && row.consult.is_some());
    let is_granted = row.charged.iter().any(|charged| charged.granted_above_minor.is_some());
    let sum = |parts: &[Part]| {
        parts.iter().fold(0_i64, |sum, part| sum.saturating_add(part.amount_minor))
    };
    let raised = sum(&row.raises).saturating_add(sum(row.grant.as_slice()));
    let is_summed = sum(&row.commits) == row.given_minor() && raised <= row.total_minor();
    let is_approved = !row.approvers.is_empty() && !row.approvers.contains(&row.about.agent);
    if is_within
        && is_summed
        && is_open == is_held
        && (is_approved || (!is_granted && row.approvers.is_empty()))
    {
        Ok(())
    } else {
        Err(Violation::SpendContradicts { spend: row.about.spend })
    }
}

fn check_consult(rows: &Rows, row: &ConsultRow) -> Result<(), Violation> {
    let spend = rows.spend(row.spend);
    let is_own = row.asks(row.agent) || row.answered_by == Some(row.agent);
    let is_whole = spend.is_some_and(|spend| match row.state {
        ConsultState::Open => spend.state == SpendState::Held && spend.consult == Some(row.consult),
        ConsultState::Approved => {
            let is_approver = |by| spend.approvers.contains(&by);
            row.answered_by.is_some_and(is_approver)
                && row.approved_minor.is_some_and(|approved| approved <= row.asked_minor)
        }
        ConsultState::Declined => row.answered_by.is_some(),
        ConsultState::TimedOut | ConsultState::Withdrawn | ConsultState::Settled => {
            row.answered_by.is_none()
        }
    });
    if is_whole && !is_own && spend.is_some_and(|spend| spend.about.agent == row.agent) {
        Ok(())
    } else {
        Err(Violation::ConsultContradicts { consult: row.consult })
    }
}

/// What gestures add up to, by count and by pool.
struct Sums<'a> {
    counters: BTreeMap<&'a CounterKey, Counted>,
    pools: BTreeMap<(&'a PoolId, Currency), (i64, i64)>,
}

/// The gestures of one count.
#[derive(Default)]
struct Counted {
    charges: Vec<Charge>,
    /// The highest cap that any of them was approved under.
    cap_minor: i64,
}

impl<'a> Sums<'a> {
    fn of(spends: impl Iterator<Item = &'a SpendRow>) -> Self {
        let mut sums = Self { counters: BTreeMap::new(), pools: BTreeMap::new() };
        spends.for_each(|row| sums.add(row));
        sums
    }

    fn add(&mut self, row: &'a SpendRow) {
        for charged in row.charged.iter() {
            let counted = self.counters.entry(&charged.counter).or_default();
            counted.cap_minor = counted.cap_minor.max(charged.cap_minor);
            counted.charges.extend(row.charges(charged));
        }
        let pool = self.pools.entry((&row.about.pool, row.currency));
        let (held, given) = pool.or_default();
        *held = held.saturating_add(row.held_minor);
        *given = given.saturating_add(row.given_minor());
    }
}

fn check_counter(
    rows: &Rows,
    key: &CounterKey,
    row: &CounterRow,
    sums: &Sums<'_>,
) -> Result<(), Violation> {
    let none = Counted::default();
    let counted = sums.counters.get(key).unwrap_or(&none);
    let sum = |charges: &[Charge], of: fn(&Charge) -> i64| {
        let add = |sum: i128, charge| sum.saturating_add(i128::from(of(charge)));
        charges.iter().fold(0, add)
    };
    let used = |charge: &Charge| charge.held_minor.saturating_add(charge.given_minor);
    let (matches, by_agents) = match row {
        CounterRow::Total { held_minor, given_minor, granted_minor } => {
            let charges = &counted.charges;
            let matches = sum(charges, |charge| charge.held_minor) == i128::from(*held_minor)
                && sum(charges, |charge| charge.given_minor) == i128::from(*given_minor)
                && sum(charges, |charge| charge.granted_minor) == i128::from(*granted_minor);
            let used = i128::from(*held_minor).saturating_add(i128::from(*given_minor));
            (matches, used.saturating_sub(i128::from(*granted_minor)))
        }
        CounterRow::Rolling { charges } => {
            let matches = is_rolling_sum(key, charges, &counted.charges, rows.head().last_at);
            let granted = sum(charges, |charge| charge.granted_minor);
            (matches, sum(charges, used).saturating_sub(granted))
        }
    };
    if matches && by_agents <= i128::from(counted.cap_minor) {
        Ok(())
    } else {
        Err(Violation::CounterDiffers { counter: Box::new(key.clone()) })
    }
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
    let used = i128::from(held).saturating_add(i128::from(given));
    let left = i128::from(row.authority_minor()).saturating_sub(used);
    let is_sum = row.held_minor == held
        && row.given_minor == given
        && credit(rows, &Account::Encumbered(pool.clone()), currency) == i128::from(held)
        && credit(rows, &Account::Expended(pool.clone()), currency) == i128::from(given)
        && credit(rows, &Account::AuthorityPool(pool.clone()), currency) == left;
    if is_sum { Ok(()) } else { Err(Violation::PoolDiffers { pool: pool.clone(), currency }) }
}

fn credit(rows: &Rows, account: &Account, currency: Currency) -> i128 {
    net_debit(rows.balance(account, currency)).saturating_neg()
}
