//! A gesture while it may still change, and the lines of the two books.

use makegood_core::ids::RequestId;
use makegood_core::ledger::{Account, Posting, Side, SpendAbout};
use makegood_core::policy::GestureKind;

use crate::generate::year::office::code;
use crate::generate::year::story::Story;

/// A gesture that is not over.
#[derive(Debug, Clone)]
pub(super) struct Live {
    pub(super) story: Story,
    pub(super) about: SpendAbout,
    /// What is held, in minor units.
    pub(super) held: i64,
    /// What was given, in minor units.
    pub(super) given: i64,
    pub(super) consult: Option<RequestId>,
    /// When a second person was asked.
    pub(super) asked_at: i64,
}

impl Live {
    /// The lines of holding an amount.
    pub(super) fn holding(&self, amount: i64) -> Vec<Posting> {
        let pool = &self.about.pool;
        let (left, held) =
            (Account::AuthorityPool(pool.clone()), Account::Encumbered(pool.clone()));
        pair(left, held, amount)
    }

    /// The lines of giving what was held.
    pub(super) fn giving(&self, amount: i64) -> Vec<Posting> {
        let pool = &self.about.pool;
        let (held, given) = (Account::Encumbered(pool.clone()), Account::Expended(pool.clone()));
        let mut lines = pair(held, given, amount);
        lines.extend(pair(expense(self.about.kind), Account::AdvocacyPayable, amount));
        lines
    }

    /// The lines of releasing what was held.
    pub(super) fn releasing(&self, amount: i64) -> Vec<Posting> {
        let pool = &self.about.pool;
        let (held, left) =
            (Account::Encumbered(pool.clone()), Account::AuthorityPool(pool.clone()));
        pair(held, left, amount)
    }

    /// The lines of taking back what was given.
    pub(super) fn taking_back(&self, amount: i64) -> Vec<Posting> {
        let pool = &self.about.pool;
        let (given, left) = (Account::Expended(pool.clone()), Account::AuthorityPool(pool.clone()));
        let mut lines = pair(given, left, amount);
        lines.extend(pair(Account::AdvocacyPayable, expense(self.about.kind), amount));
        lines
    }
}

fn expense(kind: GestureKind) -> Account {
    code(match kind {
        GestureKind::RefundCredit => "5100",
        GestureKind::FeeWaiver => "5200",
        GestureKind::Gift => "5300",
        GestureKind::Upgrade => "5400",
        GestureKind::Expedite => "5500",
        _ => "5900",
    })
}

fn pair(debit: Account, credit: Account, amount_minor: i64) -> Vec<Posting> {
    if amount_minor == 0 {
        return Vec::new();
    }
    let line = |account, side| Posting { account, side, amount_minor };
    vec![line(debit, Side::Debit), line(credit, Side::Credit)]
}
