//! The two dialects: how each writes a head, a transaction, and an assertion of a balance.

use jiff::civil::Date;
use makegood_core::ledger::Account;
use makegood_core::money::Currency;

use super::super::books::heading;
use super::super::period::Period;

/// A dialect of plain-text accounting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Dialect {
    /// What hledger and ledger both read.
    Ledger,
    /// What beancount reads.
    Beancount,
}

impl Dialect {
    /// Every dialect.
    pub(in super::super) const ALL: [Self; 2] = [Self::Ledger, Self::Beancount];

    /// The name of the file.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Ledger => "ledger.journal",
            Self::Beancount => "books.beancount",
        }
    }

    /// The first lines.
    pub(super) fn head(self, period: Period) -> String {
        let note = format!("; Makegood, {period} (UTC); debits are positive\n");
        match self {
            Self::Ledger => note,
            Self::Beancount => format!("{note}option \"title\" \"Makegood\"\n\n"),
        }
    }

    /// Declares a currency.
    pub(super) fn currency(self, currency: Currency, from: Date) -> String {
        let code = currency.code();
        match self {
            Self::Ledger => format!("\ncommodity {code}\n"),
            Self::Beancount => format!("{from} commodity {code}\n"),
        }
    }

    /// Declares an account.
    pub(super) fn account(self, name: &str, account: &Account, from: Date) -> String {
        let title = heading(account).name;
        match self {
            Self::Ledger => format!("\naccount {name}\n  ; {account} {title}\n"),
            Self::Beancount => {
                format!("{from} open {name}\n  number: \"{account}\"\n  title: \"{title}\"\n")
            }
        }
    }

    /// Begins a transaction; the marks are the journal's number and the entry's position.
    pub(super) fn transaction(self, day: Date, words: &str, marks: Option<(u64, u64)>) -> String {
        match (self, marks) {
            (Self::Ledger, Some((journal, position))) => {
                format!("{day} * ({journal}) {words}\n  ; position {position}\n")
            }
            (Self::Ledger, None) => format!("{day} * {words}\n"),
            (Self::Beancount, Some((journal, position))) => {
                format!("{day} * \"{words}\"\n  journal: {journal}\n  position: {position}\n")
            }
            (Self::Beancount, None) => format!("{day} * \"{words}\"\n"),
        }
    }

    /// Asserts what an account stands at after the last day.
    pub(super) fn assertion(self, after: Date, account: &str, amount: &str) -> String {
        match self {
            Self::Ledger => {
                let code = amount.rsplit(' ').next().unwrap_or_default();
                format!("  {account}  0 {code} = {amount}\n")
            }
            Self::Beancount => format!("{after} balance {account}  {amount}\n"),
        }
    }
}
