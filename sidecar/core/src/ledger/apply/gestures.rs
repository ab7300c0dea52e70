//! Gestures and their consults: the rows that entries about them make and move on.

use super::super::share::Granted;
use super::super::weigh::Use;
use super::super::{
    ConsultRow, Entry, EntryBody, Key, LimitTrace, Row, SpendAbout, SpendRow, Write,
};
use super::{answers, shift::shift};
use crate::policy::Counts;

/// A new gesture.
pub(super) fn reserve(rows: &mut impl Write, entry: &Entry) {
    let Some(spend) = SpendRow::reserved(entry) else {
        return;
    };
    let nothing = SpendRow { held_minor: 0, ..spend.clone() };
    shift(rows, &nothing, &spend, entry);
    answers::keep_of_reservation(rows, entry, &spend);
    put(rows, spend);
}

/// A gesture moves on, and with it the consult that the entry is about.
pub(super) fn advance(rows: &mut impl Write, entry: &Entry, about: &SpendAbout) {
    let before = rows.spend(about.spend).cloned();
    assert!(before.is_some(), "entries follow their reservation");
    let Some(before) = before else {
        return;
    };
    let mut after = before.clone();
    after.advance(entry.at, entry.caller.agent, &entry.body);
    if matches!(entry.body, EntryBody::ConsultApproved { .. }) {
        let (granted, of_approver) = grants(rows, entry, &before);
        after.grant(entry.at, &granted, &of_approver);
    }
    if matches!(entry.body, EntryBody::Corrected { .. }) {
        after.recharge(entry.at, &entry.trace);
    }
    shift(rows, &before, &after, entry);
    let consult = advance_consult(rows, entry);
    answers::keep_of_change(rows, entry, (&after, consult.as_ref()));
    put(rows, after);
}

/// What an approval granted above each of the agent's limits, and the limits of the approver's own
/// authority: the entry's trace says what stands granted after it.
fn grants(rows: &impl Write, entry: &Entry, before: &SpendRow) -> (Vec<Granted>, Vec<LimitTrace>) {
    let limits = entry.trace.iter().filter(|trace| !trace.is_pool());
    let (of_approver, of_agent): (Vec<_>, Vec<_>) =
        limits.cloned().partition(|trace| trace.counts == Counts::Grants);
    let granted = |trace: LimitTrace| {
        let counter = trace.counter(before.currency);
        let used = Use::of(rows.counter(&counter), counter.window, entry.at);
        let granted_minor = trace.granted_minor.saturating_sub(used.granted_minor);
        Granted { counter, granted_minor }
    };
    (of_agent.into_iter().map(granted).collect(), of_approver)
}

fn advance_consult(rows: &mut impl Write, entry: &Entry) -> Option<ConsultRow> {
    let row = ConsultRow::after(rows, entry)?;
    rows.put(Key::Consult(row.consult), Row::Consult(Box::new(row.clone())));
    Some(row)
}

fn put(rows: &mut impl Write, row: SpendRow) {
    rows.put(Key::Spend(row.about.spend), Row::Spend(Box::new(row)));
}
