//! `GL_Detail`: a row for each line of each journal.

use makegood_core::ledger::{Entry, EntryBody, Side};

use super::super::books::heading;
use super::super::cell::{Cell, Column, Table};
use super::super::event::Event;
use super::super::gather::Journal;
use super::super::period::{compact, compact_time, date};
use super::who;

/// The longest business unit of the standard, in characters.
const UNIT_CHARS: usize = 25;

/// The table.
pub(in super::super) static TABLE: Table = Table {
    name: "GL_Detail",
    about: "AICPA Audit Data Standard; one row for each line of each journal",
    columns: &[
        Column::integer("Journal_ID", "the journal's number, without gaps over the whole ledger"),
        Column::integer("Journal_ID_Line_Number", "the line's number in the journal, from 1"),
        Column::text("JE_Line_Description", "the account's name"),
        Column::text("Business_Unit_Code", "the pool, cut to 25 characters"),
        Column::text("Effective_Date", "the day that it counts for, YYYYMMDD, UTC"),
        Column::text("Fiscal_Year", "the year of the effective date"),
        Column::text("GL_Account_Number", "the account; A accounts are memorandum"),
        Column::amount("Amount", "above zero; the side is in the next column"),
        Column::text("Amount_Credit_Debit_Indicator", "C or D"),
        Column::text("Amount_Currency", "ISO 4217"),
        Column::text("JE_Header_Description", "what happened, the gesture and the reason"),
        Column::text("Source", "always MAKEGOOD"),
        Column::text("Entered_By", "pseudonym of who made the entry"),
        Column::text("Document_Date", "as Entered_Date"),
        Column::text("Entered_Date", "the day of record, YYYYMMDD, UTC"),
        Column::text("Entered_Time", "the time of record, HHMMSS, UTC"),
        Column::text("Period", "the month of the effective date"),
        Column::text("Reversal_Indicator", "1 reverses another journal, 2 was reversed"),
        Column::integer("Reversal_Journal_ID", "that other journal"),
        Column::text("Approved_By", "pseudonym of the second person, where there was one"),
        Column::text("Approved_Date", "when they approved, YYYYMMDD, UTC"),
    ],
};

/// The lines of a journal.
pub(in super::super) fn rows(entry: &Entry, event: &Event, journal: &Journal) -> Vec<Vec<Cell>> {
    let Some(currency) = entry.currency else {
        return Vec::new();
    };
    let effective = date(entry.effective_at.unwrap_or(entry.at));
    let unit: Option<String> =
        event.pool.as_ref().map(|pool| pool.as_str().chars().take(UNIT_CHARS).collect());
    let header = header(&entry.body, event);
    let (reversal, other) = match journal {
        Journal { reverses: Some(other), .. } => (Cell::word("1"), Cell::number(*other)),
        Journal { reversed_by: Some(other), .. } => (Cell::word("2"), Cell::number(*other)),
        _ => (Cell::Empty, Cell::Empty),
    };
    let lines = (1..).zip(&entry.postings).map(|(line, posting)| {
        vec![
            Cell::number(journal.number),
            Cell::Integer(line),
            Cell::text(heading(&posting.account).name),
            Cell::maybe(unit.as_deref()),
            Cell::text(compact(effective)),
            Cell::text(effective.year()),
            Cell::text(&posting.account),
            Cell::amount(posting.amount_minor, currency.exponent()),
            Cell::word(match posting.side {
                Side::Credit => "C",
                Side::Debit => "D",
            }),
            Cell::text(currency.code()),
            Cell::text(&header),
            Cell::word("MAKEGOOD"),
            Cell::text(who(&entry.caller.agent)),
            Cell::text(compact(date(entry.at))),
            Cell::text(compact(date(entry.at))),
            Cell::text(compact_time(entry.at)),
            Cell::text(format_args!("{:02}", effective.month())),
            reversal.clone(),
            other.clone(),
            Cell::maybe(journal.approval.as_ref().map(|approval| who(&approval.approver))),
            Cell::maybe(journal.approval.as_ref().map(|approval| compact(date(approval.at)))),
        ]
    });
    lines.collect()
}

/// What happened, in a line: `COMMITTED refund late`.
pub(in super::super) fn header(body: &EntryBody, event: &Event) -> String {
    let mut words = vec![body.kind().to_owned()];
    words.extend(event.gesture.as_ref().map(ToString::to_string));
    words.extend(event.reason.as_ref().map(ToString::to_string));
    words.join(" ")
}
