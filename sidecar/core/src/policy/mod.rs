//! A policy: what agents may give, in which windows, for which reasons.
//!
//! The text of a policy is read by the shell; its digest is the digest of that text.

mod gesture;
mod limit;
#[cfg(test)]
mod tests;
mod validate;

pub use gesture::{Gesture, GestureKind, GestureValue};
pub use limit::{CalendarUnit, Counts, Dimension, Limit, Window};
pub use validate::PolicyProblem;
pub(crate) use validate::TEXT_MAX_CHARS;

use std::collections::{BTreeMap, BTreeSet};
use std::slice;
use std::sync::LazyLock;

use smol_str::format_smolstr;

use crate::ids::{Digest, GestureCode, LimitId, PoolId, ReasonCode, RoleCode, TeamId};
use crate::money::Currency;
use crate::time::{NS_PER_DAY, NS_PER_MINUTE, NS_PER_S};

/// How long a hold lives after it was made or last extended, unless the policy says otherwise.
pub const DEFAULT_HOLD_NS: i64 = 10 * NS_PER_MINUTE;
/// How long a gesture can be undone as a mis-entry, unless the policy says otherwise.
pub const DEFAULT_UNDO_NS: i64 = 30 * NS_PER_S;
/// How long each second person has to answer, unless the policy says otherwise.
pub const DEFAULT_ANSWER_NS: i64 = NS_PER_MINUTE;
/// The longest note in characters, unless the policy says otherwise.
pub const DEFAULT_NOTE_MAX_CHARS: u32 = 500;
/// What the ids of limits that stand for pools begin with; no other limit may use it.
pub(crate) const POOL_LIMIT_PREFIX: &str = "pool-";
/// The pool that exists where a policy names none.
pub const HOUSE_POOL: &str = "house";

/// A version of the rules, content-addressed by the digest of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The policy's name, for people.
    pub name: String,
    /// The version that its author gave it.
    pub version: String,
    /// SHA-256 of the policy's text.
    pub digest: Digest,
    /// The currencies that may be given, each with a cap in every limit.
    pub currencies: BTreeSet<Currency>,
    /// The house's one line of vision, shown beside the button.
    pub vision: Option<String>,
    /// How long a hold lives after it was made or last extended, in nanoseconds.
    pub hold_ns: i64,
    /// How long after a commit its agent may take it back as a mis-entry, in nanoseconds.
    pub undo_ns: i64,
    /// The longest note, in characters.
    pub note_max_chars: u32,
    /// How long each second person has to answer a consult, in nanoseconds.
    pub answer_ns: i64,
    /// The roles that are asked in a consult, in this order; empty where nobody is.
    pub approvers: Vec<RoleCode>,
    /// How far back a reversal or a correction may count, in nanoseconds; 0 is not at all.
    pub backdate_ns: i64,
    /// The limits; every one that applies must have room.
    pub limits: Vec<Limit>,
    /// Why a gesture may be given.
    pub reasons: Vec<Reason>,
    /// What may be given.
    pub gestures: Vec<Gesture>,
    /// Teams' shared budgets; where there are none, one uncapped `house` pool stands for all.
    pub pools: Vec<Pool>,
}

/// Why a gesture is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The code that entries carry.
    pub code: ReasonCode,
    /// What the panel shows.
    pub label: String,
    /// The quality standard behind the reason.
    pub standard: Option<String>,
}

/// A shared budget of one team, or of the whole house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// The pool's id, at most 35 characters.
    pub id: PoolId,
    /// What the panel shows.
    pub label: String,
    /// The team that draws on it; `None` serves every team without a pool of its own.
    pub team: Option<TeamId>,
    /// What may be given from it in all, in minor units per currency; `None` is without a cap.
    pub caps: Option<BTreeMap<Currency, i64>>,
}

impl Pool {
    /// The id under which the pool's cap appears among the limits.
    pub fn limit_id(&self) -> LimitId {
        pool_limit_id(&self.id)
    }
}

/// The id under which a pool's cap appears among the limits.
pub(crate) fn pool_limit_id(pool: &PoolId) -> LimitId {
    LimitId::known(&format_smolstr!("{POOL_LIMIT_PREFIX}{pool}"))
}

impl Policy {
    /// The policy of a new house: each employee may give each customer 2,000.00 USD per case, or
    /// per 30 rolling days where there is no case.
    ///
    /// The amount is the published practice of hotels that give each employee 2,000 dollars of
    /// discretion per guest.
    pub fn standard(digest: Digest) -> Self {
        let usd = Currency::USD;
        let reason = |code: &str, label: &str, standard: &str| Reason {
            code: ReasonCode::known(code),
            label: label.to_owned(),
            standard: Some(standard.to_owned()),
        };
        Self {
            name: "standard".to_owned(),
            version: "1".to_owned(),
            digest,
            currencies: BTreeSet::from([usd]),
            vision: Some("Make it right while they are still with us.".to_owned()),
            hold_ns: DEFAULT_HOLD_NS,
            undo_ns: DEFAULT_UNDO_NS,
            note_max_chars: DEFAULT_NOTE_MAX_CHARS,
            answer_ns: DEFAULT_ANSWER_NS,
            approvers: Vec::new(),
            backdate_ns: 0,
            limits: vec![Limit {
                label: "with this customer".to_owned(),
                ..Limit::on_amounts(
                    LimitId::known("customer_case"),
                    Window::Case { otherwise_ns: 30 * NS_PER_DAY },
                    BTreeMap::from([(usd, 200_000)]),
                )
            }],
            reasons: vec![
                reason("late", "Late", "What we said, when we said it."),
                reason("wrong", "Wrong or broken", "Right the first time."),
                reason("effort", "Too much effort", "One contact is enough."),
                reason("goodwill", "Goodwill", "Nobody leaves unheard."),
            ],
            gestures: vec![
                Gesture::asked(GestureCode::known("refund"), "Refund", GestureKind::RefundCredit),
                Gesture::asked(
                    GestureCode::known("waive_fee"),
                    "Waive fee",
                    GestureKind::FeeWaiver,
                ),
                Gesture::asked(GestureCode::known("upgrade"), "Upgrade", GestureKind::Upgrade),
                Gesture::free(GestureCode::known("explain"), "Explain", GestureKind::Explained),
            ],
            pools: Vec::new(),
        }
    }

    /// The pools in force: those named, or the one uncapped house pool.
    pub fn pools_in_force(&self) -> &[Pool] {
        static HOUSE: LazyLock<Pool> = LazyLock::new(|| Pool {
            id: PoolId::known(HOUSE_POOL),
            label: HOUSE_POOL.to_owned(),
            team: None,
            caps: None,
        });
        if self.pools.is_empty() { slice::from_ref(&HOUSE) } else { &self.pools }
    }

    /// The pool that a team draws on: its own, else the one for every team without its own.
    pub fn pool_of(&self, team: Option<&TeamId>) -> Option<&Pool> {
        let pools = self.pools_in_force();
        let own = pools.iter().find(|pool| pool.team.is_some() && pool.team.as_ref() == team);
        own.or_else(|| pools.iter().find(|pool| pool.team.is_none()))
    }

    /// The reason with this code.
    pub fn reason(&self, code: &ReasonCode) -> Option<&Reason> {
        self.reasons.iter().find(|reason| reason.code == *code)
    }

    /// The gesture with this code.
    pub fn gesture(&self, code: &GestureCode) -> Option<&Gesture> {
        self.gestures.iter().find(|gesture| gesture.code == *code)
    }

    /// The limit with this id.
    pub fn limit(&self, id: &LimitId) -> Option<&Limit> {
        self.limits.iter().find(|limit| limit.id == *id)
    }

    /// The codes of the currencies that may be given, in order.
    pub fn currency_codes(&self) -> Vec<&'static str> {
        self.currencies.iter().map(|one| one.code()).collect()
    }
}
