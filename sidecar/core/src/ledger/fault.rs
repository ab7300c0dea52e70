//! What is wrong with a command itself: a fault leaves no trace in the ledger.

use thiserror::Error;

use crate::ids::{Digest, GestureCode, LimitId, ReasonCode, RequestId, SpendId};
use crate::money::{Currency, MAX_AMOUNT_MINOR, Money};
use crate::time::Time;

use super::{Access, ActFault};

/// Why a command was not considered, in the order of the checks.
///
/// Authorised, shape, idempotency, existence, currency; then come state and limits, which are
/// [`super::Refusal`]s. A command with several faults names the first. The same id may be used
/// again after a fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// Authorised: the credentials do not allow this at all.
    #[error("access {} cannot do this; it needs {needed}", access.code())]
    NotAuthorized {
        /// What the caller has.
        access: Access,
        /// What is needed.
        needed: &'static str,
    },
    /// Shape: an amount is zero or negative.
    #[error("amount_minor must be above zero")]
    AmountNotPositive {
        /// The amount as asked.
        amount_minor: i64,
    },
    /// Shape: an amount is beyond what any screen can hold exactly.
    #[error("amount_minor must be at most {MAX_AMOUNT_MINOR}")]
    AmountOverflow {
        /// The amount as asked.
        amount_minor: i64,
    },
    /// Idempotency: the id was used before for something else.
    #[error("this id was used before with another {field}; choose a new id")]
    IdReused {
        /// The first field that differs.
        field: &'static str,
    },
    /// Existence: no policy is in force.
    #[error("no policy is in force; activate one")]
    NoPolicy,
    /// Existence: the policy at hand is not the one in force, so the decision would be wrong.
    #[error("policy {given} is not in force; decide again under the one that is")]
    PolicyNotInForce {
        /// The policy that was at hand.
        given: Digest,
    },
    /// Existence: the policy to activate is not whole.
    #[error("policy cannot be activated, {field}: {fix}")]
    PolicyInvalid {
        /// The first field with a problem.
        field: String,
        /// What is wrong with it and what to write instead.
        fix: String,
    },
    /// Existence: there is no such gesture in the ledger.
    #[error("spend {spend} does not exist; reserve it first")]
    SpendNotFound {
        /// The id as asked.
        spend: SpendId,
    },
    /// Existence: the gesture is another agent's.
    #[error("spend {spend} belongs to another agent; ask them or a supervisor")]
    NotYourSpend {
        /// The gesture.
        spend: SpendId,
    },
    /// Existence: the hold's time has not come, or it is not open; only the system asks this.
    #[error("hold {spend} is not due")]
    HoldNotDue {
        /// The hold.
        spend: SpendId,
    },
    /// Existence: there is no such consult about this gesture.
    #[error("consult {consult} does not exist for this spend; ask it first")]
    ConsultNotFound {
        /// The id as asked.
        consult: RequestId,
    },
    /// Existence: the consult is asked of somebody else.
    #[error("consult {consult} asks somebody else; only those who are asked can answer it")]
    NotAsked {
        /// The consult.
        consult: RequestId,
    },
    /// Existence: nobody approves their own, at any amount.
    #[error("{field} is the agent whose gesture it is, and nobody approves their own; ask another")]
    OwnApproval {
        /// The field that names them.
        field: &'static str,
    },
    /// Existence: the consult is not open, its time to answer goes on, its hold is over, or the
    /// next person was asked before; only the system asks this.
    #[error("consult {consult} is not due")]
    ConsultNotDue {
        /// The consult.
        consult: RequestId,
    },
    /// Existence: as much is held already.
    #[error("{field} is not above the {} held already; name more",
        Money::new(*currency, *held_minor))]
    NotAboveHold {
        /// The field that names the amount.
        field: &'static str,
        /// What was reserved so far in all, in minor units.
        held_minor: i64,
        /// The currency.
        currency: Currency,
    },
    /// Existence: the gesture was not given, or all of it was taken back.
    #[error("nothing of spend {spend} stands as given; correct it once it is")]
    NothingGiven {
        /// The gesture.
        spend: SpendId,
    },
    /// Shape: something would count for a time that has not come.
    #[error("effective_time is later than now; leave it out")]
    EffectiveInFuture,
    /// Existence: the policy has no such reason.
    #[error("reason {code} is not in the policy; choose one of its reasons")]
    UnknownReason {
        /// The code as asked.
        code: ReasonCode,
    },
    /// Existence: the policy has no such gesture.
    #[error("gesture {code} is not in the policy; choose one of its gestures")]
    UnknownGesture {
        /// The code as asked.
        code: GestureCode,
    },
    /// Existence: the gesture costs nothing, so no money can be given for it.
    #[error("gesture {code} costs nothing; log it as an action, without an amount")]
    GestureIsFree {
        /// The code as asked.
        code: GestureCode,
    },
    /// Currency: the policy does not name it.
    #[error("currency {code} is not in the policy; use one of {}", allowed.join(", "))]
    CurrencyNotInPolicy {
        /// The currency as asked.
        code: &'static str,
        /// The currencies of the policy.
        allowed: Vec<&'static str>,
    },
    /// After currency: the command lacks the bounds of a calendar window at its own time.
    #[error("the window of limit {limit} is not that of {at}; resolve it again and retry")]
    WindowNotCurrent {
        /// The limit.
        limit: LimitId,
        /// The time of the decision.
        at: Time,
    },
    /// What is wrong with an act.
    #[error(transparent)]
    Act(#[from] ActFault),
}

impl Fault {
    /// A stable name for machines.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotAuthorized { .. } => "NOT_AUTHORIZED",
            Self::AmountNotPositive { .. } => "AMOUNT_NOT_POSITIVE",
            Self::AmountOverflow { .. } => "AMOUNT_OVERFLOW",
            Self::IdReused { .. } => "ID_REUSED",
            Self::NoPolicy => "NO_POLICY",
            Self::PolicyNotInForce { .. } => "POLICY_NOT_IN_FORCE",
            Self::PolicyInvalid { .. } => "POLICY_INVALID",
            Self::SpendNotFound { .. } => "SPEND_NOT_FOUND",
            Self::NotYourSpend { .. } => "NOT_YOUR_SPEND",
            Self::HoldNotDue { .. } => "HOLD_NOT_DUE",
            Self::ConsultNotFound { .. } => "CONSULT_NOT_FOUND",
            Self::NotAsked { .. } => "NOT_ASKED",
            Self::OwnApproval { .. } => "OWN_APPROVAL",
            Self::ConsultNotDue { .. } => "CONSULT_NOT_DUE",
            Self::NotAboveHold { .. } => "NOT_ABOVE_HOLD",
            Self::NothingGiven { .. } => "NOTHING_GIVEN",
            Self::EffectiveInFuture => "EFFECTIVE_IN_FUTURE",
            Self::UnknownReason { .. } => "UNKNOWN_REASON",
            Self::UnknownGesture { .. } => "UNKNOWN_GESTURE",
            Self::GestureIsFree { .. } => "GESTURE_IS_FREE",
            Self::CurrencyNotInPolicy { .. } => "CURRENCY_NOT_IN_POLICY",
            Self::WindowNotCurrent { .. } => "WINDOW_NOT_CURRENT",
            Self::Act(fault) => fault.reason(),
        }
    }

    /// The dynamic parts for machines, units in the names.
    pub fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotAuthorized { access, needed } => {
                vec![("access", access.code().to_owned()), ("needed", (*needed).to_owned())]
            }
            Self::AmountNotPositive { amount_minor } => {
                vec![("amount_minor", amount_minor.to_string())]
            }
            Self::AmountOverflow { amount_minor } => vec![
                ("amount_minor", amount_minor.to_string()),
                ("max_minor", MAX_AMOUNT_MINOR.to_string()),
            ],
            Self::IdReused { field } | Self::OwnApproval { field } => {
                vec![("field", (*field).to_owned())]
            }
            Self::NoPolicy | Self::EffectiveInFuture => Vec::new(),
            Self::ConsultNotFound { consult }
            | Self::NotAsked { consult }
            | Self::ConsultNotDue { consult } => vec![("consult_id", consult.to_string())],
            Self::NotAboveHold { field, held_minor, currency } => vec![
                ("field", (*field).to_owned()),
                ("held_minor", held_minor.to_string()),
                ("currency_code", currency.code().to_owned()),
            ],
            Self::PolicyInvalid { field, fix } => {
                vec![("field", field.clone()), ("fix", fix.clone())]
            }
            Self::PolicyNotInForce { given } => vec![("policy_digest", given.to_string())],
            Self::SpendNotFound { spend }
            | Self::NotYourSpend { spend }
            | Self::HoldNotDue { spend }
            | Self::NothingGiven { spend } => vec![("spend_id", spend.to_string())],
            Self::UnknownReason { code } => vec![("reason", code.to_string())],
            Self::UnknownGesture { code } | Self::GestureIsFree { code } => {
                vec![("gesture", code.to_string())]
            }
            Self::CurrencyNotInPolicy { code, allowed } => vec![
                ("currency_code", (*code).to_owned()),
                ("allowed_currency_codes", allowed.join(",")),
            ],
            Self::WindowNotCurrent { limit, .. } => vec![("limit", limit.to_string())],
            Self::Act(fault) => fault.metadata(),
        }
    }

    /// Whether the same command may succeed when it is decided again with fresh time and policy.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::PolicyNotInForce { .. } | Self::WindowNotCurrent { .. })
    }
}
