//! `Log_File`: control totals of each journal and side, to hold the detail against.

use makegood_core::ledger::{Entry, Side};

use super::super::cell::{Cell, Column, Table};
use super::super::period::{compact, date};

/// The table.
pub(in super::super) static TABLE: Table = Table {
    name: "Log_File",
    about: "control totals; one row for each journal and side, to hold GL_Detail against",
    columns: &[
        Column::integer("Journal_ID", "the journal's number, without gaps"),
        Column::text("Amount_Credit_Debit_Indicator", "C or D"),
        Column::text("Amount_Currency", "ISO 4217"),
        Column::integer("Line_Count", "lines of the journal on this side"),
        Column::amount("Amount_Total", "their sum"),
        Column::text("Entered_Date", "YYYYMMDD, UTC"),
    ],
};

/// The two sides of a journal.
pub(in super::super) fn rows(entry: &Entry, journal: u64) -> Vec<Vec<Cell>> {
    let Some(currency) = entry.currency else {
        return Vec::new();
    };
    let side = |side: Side, code: &'static str| {
        let amounts = entry.postings.iter().filter(|posting| posting.side == side);
        let amounts: Vec<_> = amounts.map(|posting| i128::from(posting.amount_minor)).collect();
        vec![
            Cell::number(journal),
            Cell::word(code),
            Cell::text(currency.code()),
            Cell::number(amounts.len() as u64),
            Cell::amount(amounts.iter().sum::<i128>(), currency.exponent()),
            Cell::text(compact(date(entry.at))),
        ]
    };
    vec![side(Side::Credit, "C"), side(Side::Debit, "D")]
}
