//! Why the house says no: a refusal is an entry of its own and stays with the operation's id.

use thiserror::Error;

use crate::ids::{LimitId, RequestId, RoleCode};
use crate::money::{Currency, Money};
use crate::time::Time;

use super::{ConsultState, PauseReason, SpendState};

/// Why a state or a limit forbids an operation, in the order of the checks.
///
/// All of these come after every [`super::Fault`]: state first, then limits.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// State: the hold's time has come, whether or not that is written yet.
    #[error("the hold ended at {at}; hold again")]
    HoldExpired {
        /// When it ended.
        at: Time,
    },
    /// State: nothing is held any more.
    #[error("the hold is already {}; nothing is held", state.code())]
    HoldResolved {
        /// How it ended.
        state: SpendState,
    },
    /// State: more than is held.
    #[error("amount_minor is {}, but {} is held; give at most that",
        Money::new(*currency, *requested_minor), Money::new(*currency, *held_minor))]
    AmountAboveHold {
        /// What is still held.
        held_minor: i64,
        /// What was asked.
        requested_minor: i64,
        /// The currency of both.
        currency: Currency,
    },
    /// State: more than was given and not yet taken back.
    #[error("amount_minor is {}, but {} stands as given; reverse at most that",
        Money::new(*currency, *requested_minor), Money::new(*currency, *given_minor))]
    AmountAboveGiven {
        /// What stands as given.
        given_minor: i64,
        /// What was asked.
        requested_minor: i64,
        /// The currency of both.
        currency: Currency,
    },
    /// State: a slip can be undone for a short while only.
    #[error("the time to undo ended at {ended_at}; reverse it with another reason")]
    UndoWindowClosed {
        /// The first instant at which it was too late.
        ended_at: Time,
    },
    /// Limits: no limit applies to this caller and reason, so nothing may be given.
    #[error("no limit gives role {role} authority here; ask for one in the policy")]
    NoAuthority {
        /// The caller's role.
        role: RoleCode,
    },
    /// Limits: the first limit, in the policy's order, with the least room.
    #[error("amount_minor is {}, but {} is available {label}; give at most that",
        Money::new(*currency, *requested_minor), Money::new(*currency, *available_minor))]
    LimitExceeded {
        /// The limit.
        limit: LimitId,
        /// The name of its window.
        label: String,
        /// What it leaves.
        available_minor: i64,
        /// What was asked.
        requested_minor: i64,
        /// The currency of both.
        currency: Currency,
    },
    /// State: giving is paused for everyone.
    #[error("giving is paused ({}); what is held may still be given or released", reason.code())]
    Paused {
        /// Why.
        reason: PauseReason,
    },
    /// State: the hold was made under another policy.
    #[error("the policy has changed since this was held; release it and hold again")]
    PolicyChanged,
    /// State: a calendar window that the hold is counted in is over.
    #[error("the window of limit {limit} has ended since this was held; release it and hold again")]
    WindowEnded {
        /// The limit.
        limit: LimitId,
    },
    /// State: the consult has ended.
    #[error("the consult is already {}; see the gesture for what is held", state.code())]
    ConsultOver {
        /// How.
        state: ConsultState,
    },
    /// State: a question about this gesture is already open.
    #[error("consult {consult} about this gesture is still open; take it back first")]
    ConsultOpen {
        /// The open one.
        consult: RequestId,
    },
    /// State: nobody with authority is there.
    #[error("nobody who could approve it is there; give what is available")]
    NobodyToAsk,
    /// State: more than was asked.
    #[error("approved_minor is {}, but {} was asked; approve at most that",
        Money::new(*currency, *approved_minor), Money::new(*currency, *asked_minor))]
    AmountAboveAsked {
        /// What was asked in all.
        asked_minor: i64,
        /// What was to be approved.
        approved_minor: i64,
        /// The currency of both.
        currency: Currency,
    },
    /// State: it would count for a closed period.
    #[error("effective_time lies before {closed_until}, where the books are closed; leave it out")]
    PeriodClosed {
        /// The end of the closed period.
        closed_until: Time,
    },
    /// State: it would count for a day too long ago.
    #[error("effective_time lies before {earliest}, the earliest that the policy allows")]
    TooLongAgo {
        /// The earliest instant allowed.
        earliest: Time,
    },
}

impl Refusal {
    /// A stable name for machines.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::HoldExpired { .. } => "HOLD_EXPIRED",
            Self::HoldResolved { .. } => "HOLD_RESOLVED",
            Self::AmountAboveHold { .. } => "AMOUNT_ABOVE_HOLD",
            Self::AmountAboveGiven { .. } => "AMOUNT_ABOVE_GIVEN",
            Self::UndoWindowClosed { .. } => "UNDO_WINDOW_CLOSED",
            Self::NoAuthority { .. } => "NO_AUTHORITY",
            Self::LimitExceeded { .. } => "LIMIT_EXCEEDED",
            Self::Paused { .. } => "PAUSED",
            Self::PolicyChanged => "POLICY_CHANGED",
            Self::WindowEnded { .. } => "WINDOW_ENDED",
            Self::ConsultOver { .. } => "CONSULT_OVER",
            Self::ConsultOpen { .. } => "CONSULT_OPEN",
            Self::NobodyToAsk => "NOBODY_TO_ASK",
            Self::AmountAboveAsked { .. } => "AMOUNT_ABOVE_ASKED",
            Self::PeriodClosed { .. } => "PERIOD_CLOSED",
            Self::TooLongAgo { .. } => "TOO_LONG_AGO",
        }
    }

    /// The dynamic parts for machines, units in the names.
    pub fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::HoldExpired { at } => vec![("expired_at_ns", at.as_nanos().to_string())],
            Self::HoldResolved { state } => vec![("state", state.code().to_owned())],
            Self::AmountAboveHold { held_minor, requested_minor, currency } => {
                amounts("held_minor", *held_minor, *requested_minor, *currency)
            }
            Self::AmountAboveGiven { given_minor, requested_minor, currency } => {
                amounts("given_minor", *given_minor, *requested_minor, *currency)
            }
            Self::UndoWindowClosed { ended_at } => {
                vec![("ended_at_ns", ended_at.as_nanos().to_string())]
            }
            Self::NoAuthority { role } => vec![("role", role.to_string())],
            Self::LimitExceeded { limit, label, available_minor, requested_minor, currency } => {
                let mut parts =
                    amounts("available_minor", *available_minor, *requested_minor, *currency);
                parts.push(("limit", limit.to_string()));
                parts.push(("limit_label", label.clone()));
                parts
            }
            Self::Paused { reason } => vec![("pause_reason", reason.code().to_owned())],
            Self::PolicyChanged | Self::NobodyToAsk => Vec::new(),
            Self::WindowEnded { limit } => vec![("limit", limit.to_string())],
            Self::ConsultOver { state } => vec![("state", state.code().to_owned())],
            Self::ConsultOpen { consult } => vec![("consult_id", consult.to_string())],
            Self::AmountAboveAsked { asked_minor, approved_minor, currency } => {
                amounts("asked_minor", *asked_minor, *approved_minor, *currency)
            }
            Self::PeriodClosed { closed_until } => {
                vec![("closed_until_ns", closed_until.as_nanos().to_string())]
            }
            Self::TooLongAgo { earliest } => {
                vec![("earliest_ns", earliest.as_nanos().to_string())]
            }
        }
    }
}

fn amounts(
    name: &'static str,
    minor: i64,
    requested_minor: i64,
    currency: Currency,
) -> Vec<(&'static str, String)> {
    vec![
        (name, minor.to_string()),
        ("requested_minor", requested_minor.to_string()),
        ("currency_code", currency.code().to_owned()),
    ]
}
