//! What the entries add up to: each account in each currency, as balances and as rows.

use std::collections::BTreeMap;

use makegood_core::ledger::{Account, Book, Entry, Side};
use makegood_core::money::Currency;

/// Sums of both sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Of the debits, in minor units.
    pub(super) debit_minor: i128,
    /// Of the credits, in minor units.
    pub(super) credit_minor: i128,
}

/// One account over the period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Balance {
    /// Everything before the period.
    pub(super) opening: Sums,
    /// The period itself.
    pub(super) movement: Sums,
}

/// Every account that was ever posted to.
pub(super) type Balances = BTreeMap<(Account, Currency), Balance>;

impl Sums {
    /// Debits less credits, in minor units.
    pub(super) fn net_minor(self) -> i128 {
        self.debit_minor - self.credit_minor
    }

    fn add(&mut self, side: Side, amount_minor: i64) {
        let sum = match side {
            Side::Debit => &mut self.debit_minor,
            Side::Credit => &mut self.credit_minor,
        };
        *sum += i128::from(amount_minor);
    }
}

impl Balance {
    /// Debits less credits at the end of the period, in minor units.
    pub(super) fn closing_minor(self) -> i128 {
        self.opening.net_minor() + self.movement.net_minor()
    }
}

/// Adds an entry's lines.
pub(super) fn book(balances: &mut Balances, entry: &Entry, is_in_period: bool) {
    let Some(currency) = entry.currency else {
        return;
    };
    for posting in &entry.postings {
        let balance = balances.entry((posting.account.clone(), currency)).or_default();
        let sums = if is_in_period { &mut balance.movement } else { &mut balance.opening };
        sums.add(posting.side, posting.amount_minor);
    }
}

/// What the chart of accounts says of an account.
pub(super) struct Heading {
    /// What people call it.
    pub(super) name: String,
    /// The account that it is a part of.
    pub(super) parent: Option<String>,
    /// `Memorandum`, `Expense` or `Liability`.
    pub(super) class: &'static str,
    /// Which part of its class.
    pub(super) subclass: &'static str,
    /// The line of the financial statements.
    pub(super) caption: &'static str,
}

/// Says what an account is.
pub(super) fn heading(account: &Account) -> Heading {
    let number = account.to_string();
    let (group, part) =
        number.split_once('.').map_or((number.as_str(), None), |(group, part)| (group, Some(part)));
    let (name, subclass) = group_name(group);
    let name = part.map_or_else(|| name.to_owned(), |part| format!("{name}: {part}"));
    let (class, caption) = match account.book() {
        Book::Authority => ("Memorandum", "Authority to give (memorandum)"),
        Book::Expense if group.starts_with('2') => ("Liability", "Customer advocacy payable"),
        Book::Expense => ("Expense", "Customer advocacy"),
    };
    Heading { name, parent: part.map(|_| group.to_owned()), class, subclass, caption }
}

/// The name of a group of accounts by its number, and what kind of group it is.
pub(super) fn group_name(group: &str) -> (&'static str, &'static str) {
    match group {
        "A100" => ("Authority granted by the house", "Authority"),
        "A200" => ("Authority left to pools", "Authority"),
        "A300" => ("Held for customers", "Encumbrance"),
        "A400" => ("Given to customers", "Expended"),
        "A900" => ("Authority lapsed", "Authority"),
        "2100" => ("Owed for gestures given", "Payable"),
        "5100" => ("Refunds and credits", "Gesture"),
        "5200" => ("Fees waived", "Gesture"),
        "5300" => ("Gifts and amenities", "Gesture"),
        "5400" => ("Upgrades", "Gesture"),
        "5500" => ("Faster handling", "Gesture"),
        "5600" => ("Bought from third parties", "Gesture"),
        "5900" => ("Other gestures", "Gesture"),
        _ => ("Other", "Other"),
    }
}
