//! The two books and their accounts.
//!
//! The authority book tracks what may still be given (encumbrance accounting); the expense book
//! is what goes to the general ledger.

use std::fmt;
use std::str::FromStr;

use crate::ids::{IdError, PoolId};
use crate::policy::GestureKind;

/// Which book an account belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Book {
    /// What may still be given, is held, has been given.
    Authority,
    /// What the gestures cost.
    Expense,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// `A100`: the authority that the house grants.
    AuthorityTenant,
    /// `A200.{pool}`: the authority that a pool has left.
    AuthorityPool(PoolId),
    /// `A300.{pool}`: what is held.
    Encumbered(PoolId),
    /// `A400.{pool}`: what has been given.
    Expended(PoolId),
    /// `A900`: authority that came back after its period was closed, and cannot be given again.
    AuthorityLapsed,
    /// `5100` to `5900`: the expense, by the kind of gesture.
    Expense(ExpenseClass),
    /// `2100.house`: what the house owes its customers by having given.
    AdvocacyPayable,
}

/// The classes of expense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExpenseClass {
    /// `5100`.
    RefundCredit,
    /// `5200`.
    FeeWaiver,
    /// `5300`.
    GiftAmenity,
    /// `5400`.
    Upgrade,
    /// `5500`.
    Expedite,
    /// `5600`.
    ThirdParty,
    /// `5900`.
    Other,
}

/// The two sides of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The left side.
    Debit,
    /// The right side.
    Credit,
}

/// One line of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The account, which names the book.
    pub account: Account,
    /// The side.
    pub side: Side,
    /// Above zero, in minor units of the entry's currency.
    pub amount_minor: i64,
}

impl ExpenseClass {
    const ALL: [(Self, &'static str); 7] = [
        (Self::RefundCredit, "5100"),
        (Self::FeeWaiver, "5200"),
        (Self::GiftAmenity, "5300"),
        (Self::Upgrade, "5400"),
        (Self::Expedite, "5500"),
        (Self::ThirdParty, "5600"),
        (Self::Other, "5900"),
    ];

    /// The class that gestures of a kind are booked to.
    pub const fn of(kind: GestureKind) -> Self {
        match kind {
            GestureKind::RefundCredit => Self::RefundCredit,
            GestureKind::FeeWaiver => Self::FeeWaiver,
            GestureKind::Gift => Self::GiftAmenity,
            GestureKind::Upgrade => Self::Upgrade,
            GestureKind::Expedite => Self::Expedite,
            GestureKind::ThirdParty => Self::ThirdParty,
            // Kinds that move no money are refused before anything is booked.
            _ => Self::Other,
        }
    }

    const fn number(self) -> &'static str {
        match self {
            Self::RefundCredit => "5100",
            Self::FeeWaiver => "5200",
            Self::GiftAmenity => "5300",
            Self::Upgrade => "5400",
            Self::Expedite => "5500",
            Self::ThirdParty => "5600",
            Self::Other => "5900",
        }
    }
}

impl Account {
    /// The account's number in two parts, such as `A200.` and `house`, or `5100` and nothing.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::AuthorityTenant => ("A100", ""),
            Self::AuthorityPool(pool) => ("A200.", pool.as_str()),
            Self::Encumbered(pool) => ("A300.", pool.as_str()),
            Self::Expended(pool) => ("A400.", pool.as_str()),
            Self::AuthorityLapsed => ("A900", ""),
            Self::Expense(class) => (class.number(), ""),
            Self::AdvocacyPayable => ("2100.house", ""),
        }
    }

    /// The book that the account belongs to.
    pub const fn book(&self) -> Book {
        match self {
            Self::AuthorityTenant
            | Self::AuthorityPool(_)
            | Self::Encumbered(_)
            | Self::Expended(_)
            | Self::AuthorityLapsed => Book::Authority,
            Self::Expense(_) | Self::AdvocacyPayable => Book::Expense,
        }
    }
}

impl fmt::Display for Account {
    /// The account's number, such as `A200.house` or `5100`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, pool) = self.parts();
        f.write_str(number)?;
        f.write_str(pool)
    }
}

impl FromStr for Account {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let unknown = IdError::Code { kind: "account" };
        match text {
            "A100" => return Ok(Self::AuthorityTenant),
            "A900" => return Ok(Self::AuthorityLapsed),
            "2100.house" => return Ok(Self::AdvocacyPayable),
            _ => {}
        }
        if let Some((class, _)) = ExpenseClass::ALL.iter().find(|(_, number)| *number == text) {
            return Ok(Self::Expense(*class));
        }
        let (number, pool) = text.split_once('.').ok_or(unknown.clone())?;
        let pool = pool.parse()?;
        match number {
            "A200" => Ok(Self::AuthorityPool(pool)),
            "A300" => Ok(Self::Encumbered(pool)),
            "A400" => Ok(Self::Expended(pool)),
            _ => Err(unknown),
        }
    }
}

impl Posting {
    /// A pair of lines that moves an amount from one account to another; none for zero.
    pub(crate) fn pair(debit: Account, credit: Account, amount_minor: i64) -> Vec<Self> {
        if amount_minor == 0 {
            return Vec::new();
        }
        let line = |account, side| Self { account, side, amount_minor };
        vec![line(debit, Side::Debit), line(credit, Side::Credit)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_numbers_it_shows() {
        let pool: PoolId = "house".parse().unwrap();
        let mut accounts = vec![
            Account::AuthorityTenant,
            Account::AuthorityPool(pool.clone()),
            Account::Encumbered(pool.clone()),
            Account::Expended(pool),
            Account::AuthorityLapsed,
            Account::AdvocacyPayable,
        ];
        accounts.extend(ExpenseClass::ALL.map(|(class, _)| Account::Expense(class)));
        for account in accounts {
            assert_eq!(account.to_string().parse(), Ok(account));
        }
        for text in ["", "A100.house", "A500.house", "A200", "A200.", "5700"] {
            assert!(text.parse::<Account>().is_err(), "{text}");
        }
    }
}
