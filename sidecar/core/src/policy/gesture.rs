//! What an agent may do for a customer: gestures of value, and kindnesses that cost nothing.

use std::collections::BTreeMap;

use crate::ids::{GestureCode, ReasonCode};
use crate::money::Currency;

/// One thing that an agent may do, as the panel offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gesture {
    /// The code that entries carry.
    pub code: GestureCode,
    /// What the button says, at most 10 characters.
    pub label: String,
    /// What kind of thing it is; decides the account it is booked to.
    pub kind: GestureKind,
    /// What it is worth.
    pub value: GestureValue,
    /// The reason that is chosen unless the agent picks another.
    pub reason: Option<ReasonCode>,
    /// The line that says why one would do this.
    pub why: Option<String>,
}

/// What a gesture is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GestureValue {
    /// It costs nothing and never enters the ledger.
    Free,
    /// The amount offered in minor units, per currency; the agent may give another.
    Fixed(BTreeMap<Currency, i64>),
    /// The agent names the amount.
    Asked,
}

/// Every kind of advocacy action; the first seven move money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GestureKind {
    /// A refund or a credit.
    RefundCredit,
    /// A fee that is not charged.
    FeeWaiver,
    /// A gift or an amenity.
    Gift,
    /// A better product or service at the same price.
    Upgrade,
    /// Faster handling that the house pays for.
    Expedite,
    /// Something bought from a third party.
    ThirdParty,
    /// Any other thing of value.
    Other,
    /// The customer's preferred hour was kept.
    PreferredHour,
    /// A product with a lower margin was recommended.
    LowerMarginProduct,
    /// A competitor was recommended.
    CompetitorReferral,
    /// The customer was shown how to pay less.
    SavedMoney,
    /// A promise was made.
    PromiseMade,
    /// The matter was raised inside the company.
    RaisedInside,
    /// Something was explained.
    Explained,
    /// An apology was given.
    Apologised,
    /// The agent listened.
    Listened,
}

impl GestureKind {
    /// Every kind, those that move money first.
    pub const ALL: [Self; 16] = [
        Self::RefundCredit,
        Self::FeeWaiver,
        Self::Gift,
        Self::Upgrade,
        Self::Expedite,
        Self::ThirdParty,
        Self::Other,
        Self::PreferredHour,
        Self::LowerMarginProduct,
        Self::CompetitorReferral,
        Self::SavedMoney,
        Self::PromiseMade,
        Self::RaisedInside,
        Self::Explained,
        Self::Apologised,
        Self::Listened,
    ];

    /// The kind's name in policies, such as `refund_credit`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::RefundCredit => "refund_credit",
            Self::FeeWaiver => "fee_waiver",
            Self::Gift => "gift",
            Self::Upgrade => "upgrade",
            Self::Expedite => "expedite",
            Self::ThirdParty => "third_party",
            Self::Other => "other",
            Self::PreferredHour => "preferred_hour",
            Self::LowerMarginProduct => "lower_margin_product",
            Self::CompetitorReferral => "competitor_referral",
            Self::SavedMoney => "saved_money",
            Self::PromiseMade => "promise_made",
            Self::RaisedInside => "raised_inside",
            Self::Explained => "explained",
            Self::Apologised => "apologised",
            Self::Listened => "listened",
        }
    }

    /// The kind with this name; `None` for any other text.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether gestures of this kind are given through the ledger.
    pub const fn moves_money(self) -> bool {
        matches!(
            self,
            Self::RefundCredit
                | Self::FeeWaiver
                | Self::Gift
                | Self::Upgrade
                | Self::Expedite
                | Self::ThirdParty
                | Self::Other
        )
    }
}

impl Gesture {
    /// A gesture whose amount the agent names.
    pub fn asked(code: GestureCode, label: &str, kind: GestureKind) -> Self {
        Self::plain(code, label, kind, GestureValue::Asked)
    }

    /// A gesture that costs nothing.
    pub fn free(code: GestureCode, label: &str, kind: GestureKind) -> Self {
        Self::plain(code, label, kind, GestureValue::Free)
    }

    fn plain(code: GestureCode, label: &str, kind: GestureKind, value: GestureValue) -> Self {
        Self { code, label: label.to_owned(), kind, value, reason: None, why: None }
    }
}
