//! `Trial_Balance`: what each account stands at, before, during and after the period.

use super::super::books::{Balances, Sums};
use super::super::cell::{Cell, Column, Table};
use super::super::period::{Period, compact};

/// The table.
pub(in super::super) static TABLE: Table = Table {
    name: "Trial_Balance",
    about: "AICPA Audit Data Standard; one row for each account and currency; debit is positive",
    columns: &[
        Column::text("GL_Account_Number", "the account's number"),
        Column::text("Fiscal_Year", "the year of the last day"),
        Column::text("Period", "the month of the last day"),
        Column::text("Balance_As_Of_Date", "the last day, YYYYMMDD"),
        Column::text("Amount_Currency", "ISO 4217"),
        Column::amount("Amount_Beginning", "balance before the first day"),
        Column::amount("Period_Debits", "sum of the period's debits"),
        Column::amount("Period_Credits", "sum of the period's credits"),
        Column::amount("Amount_Ending", "balance after the last day"),
    ],
};

/// The accounts by number and currency.
pub(in super::super) fn rows(balances: &Balances, period: Period) -> Vec<Vec<Cell>> {
    let mut rows: Vec<_> = balances
        .iter()
        .map(|((account, currency), balance)| {
            let exponent = currency.exponent();
            let Sums { debit_minor, credit_minor } = balance.movement;
            let row = vec![
                Cell::text(account),
                Cell::text(period.to().year()),
                Cell::text(format_args!("{:02}", period.to().month())),
                Cell::text(compact(period.to())),
                Cell::text(currency.code()),
                Cell::amount(balance.opening.net_minor(), exponent),
                Cell::amount(debit_minor, exponent),
                Cell::amount(credit_minor, exponent),
                Cell::amount(balance.closing_minor(), exponent),
            ];
            ((account.to_string(), currency.code()), row)
        })
        .collect();
    rows.sort_by(|(left, _), (right, _)| left.cmp(right));
    rows.into_iter().map(|(_, row)| row).collect()
}
