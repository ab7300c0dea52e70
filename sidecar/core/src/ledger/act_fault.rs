//! Why an act is not done: like every fault, it leaves no trace in the ledger.

use thiserror::Error;

use crate::ids::{Digest, PoolId};
use crate::money::{Currency, Money};
use crate::time::Time;

use super::{Disposition, PauseReason, PolicyState, ReviewState};

/// Why an act is not done, in the order of the checks: shape, existence, duties, state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ActFault {
    /// Shape: a person acts without an id of the request, so that a repeat could not be told.
    #[error("request_id is missing; choose a uuid and keep it for a repeat")]
    RequestMissing,
    /// Shape: a field cannot be as it is.
    #[error("{field} {fix}")]
    FieldInvalid {
        /// The field.
        field: &'static str,
        /// What is wrong and what to write instead.
        fix: &'static str,
    },
    /// Existence: nobody handed in such a policy.
    #[error("policy {digest} was not handed in; draft it first")]
    PolicyNotFound {
        /// The digest as asked.
        digest: Digest,
    },
    /// Existence: there is no such pool in this currency.
    #[error("pool {pool} does not exist in {currency}; name one of the policy's pools")]
    PoolNotFound {
        /// The pool as asked.
        pool: PoolId,
        /// The currency as asked.
        currency: Currency,
    },
    /// Existence: no entry there raised a finding.
    #[error("entry {position} raised no finding; name the entry that did")]
    FindingNotFound {
        /// The position as asked.
        position: u64,
    },
    /// Duties: only its author declares a policy final.
    #[error("policy {digest} is another person's draft; its author publishes it")]
    NotTheAuthor {
        /// The policy.
        digest: Digest,
    },
    /// Duties: nobody approves or reviews what is their own.
    #[error("{duty} takes another person; {instead}")]
    SecondPersonNeeded {
        /// What takes another person.
        duty: &'static str,
        /// Who can do it.
        instead: &'static str,
    },
    /// State: the policy is not as far as it must be.
    #[error("policy {digest} is {}; {fix}", state.code())]
    PolicyNotReady {
        /// The policy.
        digest: Digest,
        /// How far it is.
        state: PolicyState,
        /// What to do first, or instead.
        fix: &'static str,
    },
    /// State: the policy is in force.
    #[error("policy {digest} is in force; put another in force first")]
    PolicyInForce {
        /// The policy.
        digest: Digest,
    },
    /// State: the policy comes into force later.
    #[error("policy {digest} comes into force at {effective_at}; wait, or schedule it anew")]
    PolicyNotDue {
        /// The policy.
        digest: Digest,
        /// When it comes into force.
        effective_at: Time,
    },
    /// State: giving is paused already.
    #[error("giving is paused ({}) since {since}; resume it first", reason.code())]
    AlreadyPaused {
        /// Why.
        reason: PauseReason,
        /// Since when.
        since: Time,
    },
    /// State: giving is not paused.
    #[error("giving is not paused; there is nothing to resume")]
    NotPaused,
    /// State: the pool has no cap, so that nothing can be moved to or from it.
    #[error("pool {pool} has no cap in {currency}; give it one in the policy first")]
    PoolUncapped {
        /// The pool.
        pool: PoolId,
        /// The currency.
        currency: Currency,
    },
    /// State: more than the pool has free; what is held and given stays covered.
    #[error("pool {pool} has {} free, but {} is to be taken; take at most that",
        Money::new(*currency, *free_minor), Money::new(*currency, *requested_minor))]
    PoolHoldsLess {
        /// The pool.
        pool: PoolId,
        /// What is neither held nor given, in minor units.
        free_minor: i64,
        /// What was to be taken, in minor units.
        requested_minor: i64,
        /// The currency of both.
        currency: Currency,
    },
    /// State: periods follow each other without a gap.
    #[error("the next period starts at {start}, where the last one ended; start it there")]
    PeriodNotNext {
        /// Where it must start.
        start: Time,
    },
    /// State: the period lasts on.
    #[error("the period ends at {end}, which is not over yet; close it then")]
    PeriodNotOver {
        /// Its end.
        end: Time,
    },
    /// State: only the last closed period can be opened again.
    #[error("this is not the last closed period; only that can be opened again")]
    PeriodNotLast,
    /// State: the reopening of the last closed period is asked for, or done, already.
    #[error("the last period is being reopened already; a second person agrees, or close it")]
    AlreadyReopening,
    /// State: nobody asked to open the period again, or it is open.
    #[error("no reopening waits for a second person; ask for one first")]
    NoReopening,
    /// State: a review cannot go on like this from where it stands.
    #[error("a review that is {} cannot become {}; {fix}",
        state.map_or("not begun", ReviewState::code), next.code())]
    ReviewOutOfOrder {
        /// Where it stands; `None` before the first note.
        state: Option<ReviewState>,
        /// Where it was to go.
        next: ReviewState,
        /// What to do instead.
        fix: &'static str,
    },
    /// State: the finding is settled.
    #[error("the finding of entry {position} is {} already", disposition.code())]
    FindingDisposed {
        /// The position of the entry that raised it.
        position: u64,
        /// How it was settled.
        disposition: Disposition,
    },
}

/// What kind of thing is wrong with an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActFaultKind {
    /// A field is at fault, whatever the ledger holds.
    Shape,
    /// It names what is not there.
    Missing,
    /// Another person must do it.
    Duty,
    /// The ledger's state forbids it now.
    State,
}

impl ActFault {
    /// What kind of thing is wrong.
    pub const fn kind(&self) -> ActFaultKind {
        match self {
            Self::RequestMissing | Self::FieldInvalid { .. } => ActFaultKind::Shape,
            Self::PolicyNotFound { .. }
            | Self::PoolNotFound { .. }
            | Self::FindingNotFound { .. } => ActFaultKind::Missing,
            Self::NotTheAuthor { .. } | Self::SecondPersonNeeded { .. } => ActFaultKind::Duty,
            Self::PolicyNotReady { .. }
            | Self::PolicyInForce { .. }
            | Self::PolicyNotDue { .. }
            | Self::AlreadyPaused { .. }
            | Self::NotPaused
            | Self::PoolUncapped { .. }
            | Self::PoolHoldsLess { .. }
            | Self::PeriodNotNext { .. }
            | Self::PeriodNotOver { .. }
            | Self::PeriodNotLast
            | Self::AlreadyReopening
            | Self::NoReopening
            | Self::ReviewOutOfOrder { .. }
            | Self::FindingDisposed { .. } => ActFaultKind::State,
        }
    }

    /// The field at fault, where it is a matter of shape.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::RequestMissing => Some("request_id"),
            Self::FieldInvalid { field, .. } => Some(field),
            _ => None,
        }
    }

    /// A stable name for machines.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::RequestMissing => "REQUEST_ID_MISSING",
            Self::FieldInvalid { .. } => "FIELD_INVALID",
            Self::PolicyNotFound { .. } => "POLICY_NOT_FOUND",
            Self::PoolNotFound { .. } => "POOL_NOT_FOUND",
            Self::FindingNotFound { .. } => "FINDING_NOT_FOUND",
            Self::NotTheAuthor { .. } => "NOT_THE_AUTHOR",
            Self::SecondPersonNeeded { .. } => "SECOND_PERSON_NEEDED",
            Self::PolicyNotReady { .. } => "POLICY_NOT_READY",
            Self::PolicyInForce { .. } => "POLICY_IN_FORCE",
            Self::PolicyNotDue { .. } => "POLICY_NOT_DUE",
            Self::AlreadyPaused { .. } => "ALREADY_PAUSED",
            Self::NotPaused => "NOT_PAUSED",
            Self::PoolUncapped { .. } => "POOL_UNCAPPED",
            Self::PoolHoldsLess { .. } => "POOL_HOLDS_LESS",
            Self::PeriodNotNext { .. } => "PERIOD_NOT_NEXT",
            Self::PeriodNotOver { .. } => "PERIOD_NOT_OVER",
            Self::PeriodNotLast => "PERIOD_NOT_LAST",
            Self::AlreadyReopening => "ALREADY_REOPENING",
            Self::NoReopening => "NO_REOPENING",
            Self::ReviewOutOfOrder { .. } => "REVIEW_OUT_OF_ORDER",
            Self::FindingDisposed { .. } => "FINDING_DISPOSED",
        }
    }

    /// The dynamic parts for machines, units in the names.
    pub fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::RequestMissing
            | Self::NotPaused
            | Self::PeriodNotLast
            | Self::AlreadyReopening
            | Self::NoReopening => Vec::new(),
            Self::FieldInvalid { field, .. } => vec![("field", (*field).to_owned())],
            Self::PolicyNotFound { digest }
            | Self::NotTheAuthor { digest }
            | Self::PolicyInForce { digest } => vec![policy(digest)],
            Self::PolicyNotReady { digest, state, .. } => {
                vec![policy(digest), ("state", state.code().to_owned())]
            }
            Self::PolicyNotDue { digest, effective_at } => {
                vec![policy(digest), ("effective_time_ns", nanos(*effective_at))]
            }
            Self::SecondPersonNeeded { duty, .. } => vec![("duty", (*duty).to_owned())],
            Self::AlreadyPaused { reason, since } => {
                vec![("pause_reason", reason.code().to_owned()), ("since_ns", nanos(*since))]
            }
            Self::PoolNotFound { pool, currency } | Self::PoolUncapped { pool, currency } => {
                of_pool(pool, *currency)
            }
            Self::PoolHoldsLess { pool, free_minor, requested_minor, currency } => {
                let mut parts = of_pool(pool, *currency);
                parts.push(("free_minor", free_minor.to_string()));
                parts.push(("requested_minor", requested_minor.to_string()));
                parts
            }
            Self::PeriodNotNext { start } => vec![("start_ns", nanos(*start))],
            Self::PeriodNotOver { end } => vec![("end_ns", nanos(*end))],
            Self::ReviewOutOfOrder { state, next, .. } => vec![
                ("state", state.map_or("none", ReviewState::code).to_owned()),
                ("next", next.code().to_owned()),
            ],
            Self::FindingNotFound { position } => vec![("finding_position", position.to_string())],
            Self::FindingDisposed { position, disposition } => vec![
                ("finding_position", position.to_string()),
                ("disposition", disposition.code().to_owned()),
            ],
        }
    }
}

fn policy(digest: &Digest) -> (&'static str, String) {
    ("policy_digest", digest.to_string())
}

fn nanos(at: Time) -> String {
    at.as_nanos().to_string()
}

fn of_pool(pool: &PoolId, currency: Currency) -> Vec<(&'static str, String)> {
    vec![("pool_id", pool.to_string()), ("currency_code", currency.code().to_owned())]
}
