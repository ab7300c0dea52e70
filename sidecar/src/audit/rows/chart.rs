//! `Chart_Of_Accounts`: every account that was posted to, and the groups that they are parts of.

use std::collections::{BTreeMap, BTreeSet};

use makegood_core::ledger::Account;

use super::super::books::{Balances, Heading, group_name, heading};
use super::super::cell::{Cell, Column, Table};

/// The table.
pub(in super::super) static TABLE: Table = Table {
    name: "Chart_Of_Accounts",
    about: "AICPA Audit Data Standard; one row for each account of the two books",
    columns: &[
        Column::text("GL_Account_Number", "the account's number; A accounts are memorandum"),
        Column::text("GL_Account_Name", "what people call it"),
        Column::text("Account_Type", "Memorandum, Expense or Liability"),
        Column::text("Account_Subtype", "which part of its type"),
        Column::text("FS_Caption", "the line of the financial statements"),
        Column::text("Parent_GL_Account_Number", "the account that it is a part of"),
    ],
};

/// The accounts by number.
pub(in super::super) fn rows(balances: &Balances) -> Vec<Vec<Cell>> {
    let accounts: BTreeSet<&Account> = balances.keys().map(|(account, _)| account).collect();
    let mut rows = BTreeMap::new();
    for account in accounts {
        let heading = heading(account);
        if let Some(parent) = &heading.parent {
            rows.entry(parent.clone()).or_insert_with(|| row(parent, &group(parent, &heading)));
        }
        let number = account.to_string();
        let row = row(&number, &heading);
        rows.insert(number, row);
    }
    rows.into_values().collect()
}

/// The group that an account is a part of.
fn group(number: &str, part: &Heading) -> Heading {
    let (name, _) = group_name(number);
    let Heading { class, subclass, caption, .. } = *part;
    Heading { name: name.to_owned(), parent: None, class, subclass, caption }
}

fn row(number: &str, heading: &Heading) -> Vec<Cell> {
    vec![
        Cell::text(number),
        Cell::text(&heading.name),
        Cell::word(heading.class),
        Cell::word(heading.subclass),
        Cell::word(heading.caption),
        Cell::maybe(heading.parent.as_ref()),
    ]
}
