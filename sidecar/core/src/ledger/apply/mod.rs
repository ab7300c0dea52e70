//! Puts an entry's effect into rows; replaying every entry in order gives the live state.

use crate::money::Currency;
use crate::time::Time;

use super::outcome::answer;
use super::{
    ActivePolicyRow, Charge, Charged, CounterRow, Entry, EntryBody, HeadRow, Key, Operation,
    OperationId, OutcomeRow, PoolRow, Posting, Row, Side, SpendAbout, SpendRow, WindowKey, Write,
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
            rows.put(Key::ActivePolicy, Row::ActivePolicy(row));
        }
        EntryBody::PoolOpened { .. } => open_pool(rows, entry),
        EntryBody::Reserved { .. } => reserve(rows, entry),
        EntryBody::Refused { operation, .. } => {
            let spend = rows.spend(operation.spend()).cloned();
            answer_operation(rows, entry, operation.clone(), spend.as_ref());
        }
        EntryBody::Extended { about, .. }
        | EntryBody::Committed { about, .. }
        | EntryBody::Voided { about, .. }
        | EntryBody::Expired { about, .. }
        | EntryBody::Reversed { about, .. }
        | EntryBody::Increased { about, .. }
        | EntryBody::Corrected { about, .. }
        | EntryBody::ConsultAsked { about, .. }
        | EntryBody::ConsultPassed { about, .. }
        | EntryBody::ConsultApproved { about, .. }
        | EntryBody::ConsultClosed { about, .. } => advance_spend(rows, entry, about),
        EntryBody::Act { .. } => {}
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
    let (held_minor, given_minor) = match rows.pool(pool, currency) {
        Some(row) => (row.held_minor, row.given_minor),
        None => (0, 0),
    };
    let row =
        PoolRow { team: team.clone(), allotted_minor: *allotted_minor, held_minor, given_minor };
    rows.put(Key::Pool(pool.clone(), currency), Row::Pool(row));
}

fn reserve(rows: &mut impl Write, entry: &Entry) {
    let Some(spend) = SpendRow::reserved(entry) else {
        return;
    };
    let nothing = SpendRow { held_minor: 0, ..spend.clone() };
    shift(rows, &nothing, &spend, entry.at);
    if let EntryBody::Reserved { request, is_give, .. } = &entry.body {
        let operation = if *is_give {
            Operation::Give(request.clone())
        } else {
            Operation::Reserve(request.clone())
        };
        answer_operation(rows, entry, operation, Some(&spend));
    }
    put_spend(rows, spend);
}

fn advance_spend(rows: &mut impl Write, entry: &Entry, about: &SpendAbout) {
    let before = rows.spend(about.spend).cloned();
    assert!(before.is_some(), "entries follow their reservation");
    let Some(before) = before else {
        return;
    };
    let mut after = before.clone();
    after.advance(entry.at, &entry.body);
    shift(rows, &before, &after, entry.at);
    if let Some(operation) = operation_of(entry) {
        answer_operation(rows, entry, operation, Some(&after));
    } else if matches!(entry.body, EntryBody::Committed { .. }) {
        answer_gift(rows, entry, &after);
    }
    put_spend(rows, after);
}

fn put_spend(rows: &mut impl Write, row: SpendRow) {
    rows.put(Key::Spend(row.about.spend), Row::Spend(Box::new(row)));
}

/// The request that an entry answers; `None` where none was asked under an id of its own.
fn operation_of(entry: &Entry) -> Option<Operation> {
    match &entry.body {
        EntryBody::Extended { request, about, .. } => {
            Some(Operation::Extend { request: *request, spend: about.spend })
        }
        EntryBody::Committed { request, about, amount_minor, is_final, .. } => {
            request.map(|request| Operation::Commit {
                request,
                spend: about.spend,
                amount_minor: *amount_minor,
                is_final: *is_final,
            })
        }
        EntryBody::Voided { request, about, reason, .. } => {
            Some(Operation::Void { request: *request, spend: about.spend, reason: *reason })
        }
        EntryBody::Reversed { request, about, amount_minor, reason } => Some(Operation::Reverse {
            request: *request,
            spend: about.spend,
            amount_minor: *amount_minor,
            reason: *reason,
            effective_at: entry.effective_at,
        }),
        _ => None,
    }
}

fn answer_operation(
    rows: &mut impl Write,
    entry: &Entry,
    operation: Operation,
    spend: Option<&SpendRow>,
) {
    let key = Key::Outcome(operation.id());
    let row =
        OutcomeRow { agent: entry.caller.agent, operation, outcome: answer(entry, spend, None) };
    rows.put(key, Row::Outcome(Box::new(row)));
}

/// The commit of a gift completes the answer that its reservation began.
fn answer_gift(rows: &mut impl Write, entry: &Entry, spend: &SpendRow) {
    let id = OperationId::Spend(spend.about.spend);
    if let Some(row) = rows.outcome(id).cloned() {
        answer_operation(rows, entry, row.operation, Some(spend));
    }
}

/// Moves every count and the pool by what a gesture now holds and stands at.
fn shift(rows: &mut impl Write, before: &SpendRow, after: &SpendRow, now: Time) {
    let delta = Delta {
        held_minor: after.held_minor.saturating_sub(before.held_minor),
        given_minor: after.given_minor().saturating_sub(before.given_minor()),
    };
    if delta == Delta::default() {
        return;
    }
    for charged in &after.charged {
        shift_counter(rows, charged, after, delta, now);
    }
    let key = Key::Pool(after.about.pool.clone(), after.currency);
    if let Some(Row::Pool(row)) = rows.get(&key) {
        let mut row = row.clone();
        delta.add_to(&mut row.held_minor, &mut row.given_minor);
        rows.put(key, Row::Pool(row));
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Delta {
    held_minor: i64,
    given_minor: i64,
}

impl Delta {
    fn add_to(self, held_minor: &mut i64, given_minor: &mut i64) {
        *held_minor = held_minor.saturating_add(self.held_minor);
        *given_minor = given_minor.saturating_add(self.given_minor);
        assert!(*held_minor >= 0 && *given_minor >= 0, "counts never fall below zero");
    }
}

fn shift_counter(
    rows: &mut impl Write,
    charged: &Charged,
    spend: &SpendRow,
    delta: Delta,
    now: Time,
) {
    let row = match (rows.counter(&charged.counter), charged.counter.window) {
        (Some(CounterRow::Rolling { charges }), _) => CounterRow::Rolling {
            charges: shift_charges(charges.clone(), charged, spend, delta, now),
        },
        (_, WindowKey::Rolling { .. }) => {
            CounterRow::Rolling { charges: shift_charges(Vec::new(), charged, spend, delta, now) }
        }
        (total, _) => shift_total(total, delta),
    };
    rows.put(Key::Counter(charged.counter.clone()), Row::Counter(row));
}

fn shift_total(total: Option<&CounterRow>, delta: Delta) -> CounterRow {
    let (mut held_minor, mut given_minor, granted_minor) = match total {
        Some(CounterRow::Total { held_minor, given_minor, granted_minor }) => {
            (*held_minor, *given_minor, *granted_minor)
        }
        _ => (0, 0, 0),
    };
    delta.add_to(&mut held_minor, &mut given_minor);
    CounterRow::Total { held_minor, given_minor, granted_minor }
}

/// Charges of a moving window after one gesture's share has changed.
///
/// What has left the window is dropped, and a late release of it changes nothing.
fn shift_charges(
    mut charges: Vec<Charge>,
    counted: &Charged,
    spend: &SpendRow,
    delta: Delta,
    now: Time,
) -> Vec<Charge> {
    let window = counted.counter.window;
    charges.retain(|charge| window.counts(charge.at, now));
    let id = spend.about.spend;
    if spend.reserved_at == now {
        charges.push(Charge {
            spend: id,
            at: now,
            held_minor: 0,
            given_minor: 0,
            granted_minor: 0,
        });
    }
    if let Some(charge) = charges.iter_mut().find(|charge| charge.spend == id) {
        delta.add_to(&mut charge.held_minor, &mut charge.given_minor);
    }
    charges.retain(|charge| charge.held_minor != 0 || charge.given_minor != 0);
    charges
}
