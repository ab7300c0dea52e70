//! What auditors run over the files: completeness, control totals, balance, and what to look at.
//!
//! The procedures are those of the audit data standards' general ledger (3.1.1 to 3.2.2), written
//! anew over the exported files alone.

use std::collections::{BTreeMap, BTreeSet};

use super::pack::Pack;
use super::story::Story;

type Row = BTreeMap<String, String>;

const DETAIL: &str = "csv/GL_Detail_20260101_20260331.csv";
const LOG: &str = "csv/Log_File_20260101_20260331.csv";
const BALANCE: &str = "csv/Trial_Balance_20260331.csv";

fn quarter() -> Pack {
    Pack::of(&Story::busy(150), "2026-01-01", "2026-03-31")
}

/// An amount in ten-thousandths, which every currency's decimals fit.
fn amount(row: &Row, column: &str) -> i128 {
    let text = &row[column];
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<4}").parse().unwrap()
}

/// Debits positive, credits negative.
fn signed(row: &Row) -> i128 {
    match row["Amount_Credit_Debit_Indicator"].as_str() {
        "D" => amount(row, "Amount"),
        "C" => -amount(row, "Amount"),
        other => panic!("{other:?} is no side"),
    }
}

/// The sums of a journal's sides.
fn sides(rows: &[Row], column: &str) -> BTreeMap<(u64, String, String), (usize, i128)> {
    let mut sides = BTreeMap::new();
    for row in rows {
        let side = row["Amount_Credit_Debit_Indicator"].clone();
        let key = (row["Journal_ID"].parse().unwrap(), side, row["Amount_Currency"].clone());
        let lines = row.get("Line_Count").map_or(1, |count| count.parse().unwrap());
        let sum: &mut (usize, i128) = sides.entry(key).or_default();
        sum.0 += lines;
        sum.1 += amount(row, column);
    }
    sides
}

#[test]
fn journal_ids_have_no_gap_and_go_on_from_period_to_period() {
    let story = Story::busy(150);
    let mut expected = 1;
    for (from, to, file) in [
        ("2025-01-01", "2025-12-31", "csv/GL_Detail_20250101_20251231.csv"),
        ("2026-01-01", "2026-02-14", "csv/GL_Detail_20260101_20260214.csv"),
        ("2026-02-15", "2026-12-31", "csv/GL_Detail_20260215_20261231.csv"),
    ] {
        let rows = Pack::of(&story, from, to).rows(file);
        let ids: BTreeSet<u64> =
            rows.iter().map(|row| row["Journal_ID"].parse().unwrap()).collect();
        for id in ids {
            assert_eq!(id, expected, "{file}");
            expected += 1;
        }
    }
    let journals = story.entries().iter().filter(|entry| !entry.postings.is_empty()).count();
    assert_eq!(expected, journals as u64 + 1);
}

#[test]
fn detail_and_log_name_the_same_journals_and_the_same_amounts() {
    let pack = quarter();
    let (detail, log) = (pack.rows(DETAIL), pack.rows(LOG));
    assert!(detail.len() > 400, "{}", detail.len());
    assert_eq!(sides(&detail, "Amount"), sides(&log, "Amount_Total"));
}

#[test]
fn every_journal_balances_in_each_book() {
    let mut sums: BTreeMap<(String, String, bool), i128> = BTreeMap::new();
    for row in quarter().rows(DETAIL) {
        let is_memo = row["GL_Account_Number"].starts_with('A');
        let key = (row["Journal_ID"].clone(), row["Amount_Currency"].clone(), is_memo);
        *sums.entry(key).or_default() += signed(&row);
    }
    let unbalanced: Vec<_> = sums.iter().filter(|(_, sum)| **sum != 0).collect();
    assert_eq!(unbalanced, Vec::new());
}

#[test]
fn no_line_is_there_twice() {
    let rows = quarter().rows(DETAIL);
    let lines: BTreeSet<_> =
        rows.iter().map(|row| (&row["Journal_ID"], &row["Journal_ID_Line_Number"])).collect();
    assert_eq!(lines.len(), rows.len());
}

#[test]
fn detail_read_again_gives_the_trial_balance() {
    for (pack, detail, balance) in [
        (quarter(), DETAIL, BALANCE),
        (
            Pack::of(&Story::small(), "2026-01-01", "2026-01-31"),
            "csv/GL_Detail_20260101_20260131.csv",
            "csv/Trial_Balance_20260131.csv",
        ),
    ] {
        let mut moved: BTreeMap<(String, String), i128> = BTreeMap::new();
        for row in pack.rows(detail) {
            let key = (row["GL_Account_Number"].clone(), row["Amount_Currency"].clone());
            *moved.entry(key).or_default() += signed(&row);
        }
        let mut total: BTreeMap<String, i128> = BTreeMap::new();
        for row in pack.rows(balance) {
            let key = (row["GL_Account_Number"].clone(), row["Amount_Currency"].clone());
            let beginning = amount(&row, "Amount_Beginning");
            let ending = amount(&row, "Amount_Ending");
            assert_eq!(ending - beginning, moved.remove(&key).unwrap_or(0), "{key:?}");
            let sides = amount(&row, "Period_Debits") - amount(&row, "Period_Credits");
            assert_eq!(ending - beginning, sides, "{key:?}");
            *total.entry(key.1).or_default() += ending;
        }
        assert_eq!(moved, BTreeMap::new());
        assert!(total.values().all(|sum| *sum == 0), "{total:?}");
    }
}

#[test]
fn every_account_of_the_detail_is_in_the_chart_and_every_user_in_the_listing() {
    let pack = quarter();
    let column = |file: &str, name: &str| -> BTreeSet<String> {
        pack.rows(file).into_iter().map(|row| row[name].clone()).collect()
    };
    let accounts = column("csv/Chart_Of_Accounts.csv", "GL_Account_Number");
    let users = column("csv/User_Listing.csv", "User_ID");
    let missing: Vec<_> =
        column(DETAIL, "GL_Account_Number").difference(&accounts).cloned().collect();
    assert_eq!(missing, Vec::<String>::new());
    assert_eq!(column(DETAIL, "Entered_By").difference(&users).count(), 0);
    assert!(users.iter().all(|user| user.len() <= 25), "{users:?}");
}

#[test]
fn findings_are_named_by_each_entry_that_they_name() {
    let story = Story::small();
    let pack = Pack::of(&story, "2026-01-01", "2026-01-31");
    let detail = pack.rows("csv/Makegood_Spend_Detail_20260101_20260131.csv");
    let ids: BTreeMap<&str, Vec<&str>> = detail
        .iter()
        .map(|row| (row["seq"].as_str(), row["finding_ids"].split(' ').collect()))
        .collect();
    // The one that the ledger keeps, raised by its last entry.
    let kept = format!("f8@{}", story.entries().len() - 1);
    assert!(ids["9"].contains(&kept.as_str()) && ids["12"].contains(&kept.as_str()), "{ids:?}");
    let findings = pack.rows("csv/Findings.csv");
    for finding in &findings {
        let positions = finding["positions"].split(' ');
        for position in positions.filter(|position| ids.contains_key(position)) {
            assert!(ids[position].contains(&finding["finding_id"].as_str()), "{finding:?}");
        }
        assert_eq!(finding["parameters_sha256"].len(), 64);
    }
}

#[test]
fn reversals_name_the_journal_that_they_take_back_and_are_named_by_it() {
    let rows = quarter().rows(DETAIL);
    let named: BTreeMap<_, _> = rows
        .iter()
        .map(|row| {
            let of = |name: &str| row[name].clone();
            (of("Journal_ID"), (of("Reversal_Indicator"), of("Reversal_Journal_ID")))
        })
        .collect();
    let reversals: Vec<_> = named.iter().filter(|(_, (indicator, _))| indicator == "1").collect();
    assert!(reversals.len() > 3, "{}", reversals.len());
    for (journal, (_, other)) in reversals {
        assert_eq!(named[other], ("2".to_owned(), journal.clone()));
    }
}
