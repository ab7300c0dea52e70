//! Deliberate mistakes, to show that the tests would notice them.
//!
//! With the feature `mutants` one of them can be switched on while the program runs; without it
//! [`is_on`] is a constant `false`, and nothing of this is compiled in. The simulator plays with
//! each of them (`cargo xtask sim --mutants`), and every one must be found.

use crate::ids::PoolId;
use crate::ledger::{Entry, EntryBody, GestureRequest};
use crate::policy::{DEFAULT_HOLD_NS, GestureKind, HOUSE_POOL};

macro_rules! mutants {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// One mistake.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Mutant {
            $($(#[$doc])* $name,)*
        }

        impl Mutant {
            /// Every one, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name by which lists and the command line know it.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The one with this name; `None` for any other text.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|mutant| mutant.code() == code)
            }
        }
    };
}

mutants!(
    /// Limits look at the cap and not at what is used.
    CapacityIgnored = "holds_accepted_beyond_capacity",
    /// A released hold can still be given.
    ReleasedHoldGiven = "a_released_hold_committed",
    /// A refused reservation can be given afterwards.
    RefusedHoldGiven = "a_refused_hold_committed",
    /// What was asked a moment ago under the same id is not remembered.
    KeyTwiceInBatch = "the_same_key_twice_in_one_batch",
    /// The same id with other fields is a repeat.
    OtherFieldsRepeat = "the_same_key_with_other_fields",
    /// Another agent's id is a repeat.
    OtherCallerRepeats = "the_same_key_from_another_caller",
    /// A release gives back what was reserved, also what was given meanwhile.
    CancelRestoresAll = "a_cancel_that_restores_the_wrong_balance",
    /// More than is held can be given.
    CommitAboveHold = "a_commit_above_its_hold",
    /// More than was given can be taken back.
    ReverseAboveGiven = "a_reversal_above_what_was_given",
    /// A slip can be undone for ever.
    UndoForever = "an_undo_after_its_time",
    /// A hold whose time has come can be given.
    ExpiredHoldGiven = "an_expired_hold_committed",
    /// Holds whose time has come are never ended.
    NeverExpires = "a_hold_that_never_ends",
    /// Amounts never leave a rolling window.
    RollingForever = "a_rolling_window_that_never_moves",
    /// Amounts that are held do not count in a rolling window.
    RollingForgetsHolds = "a_rolling_window_without_holds",
    /// A calendar's days begin an hour late.
    DayBeginsLate = "a_calendar_day_that_begins_late",
    /// Frequency caps count nothing.
    TimesUncounted = "a_frequency_cap_that_counts_nothing",
    /// A limit on agents counts all of them together.
    ScopeForgetsAgent = "a_scope_that_forgets_the_agent",
    /// Amounts in another currency count, too.
    CurrenciesMixed = "a_count_that_mixes_currencies",
    /// A pool does not notice what is held from it.
    PoolUncharged = "a_pool_that_is_not_charged",
    /// A second person can grant without limit.
    GrantUnlimited = "a_grant_above_the_approvers_authority",
    /// More can be approved than was asked.
    ApprovedAboveAsked = "an_approval_above_what_was_asked",
    /// Who was not asked can answer.
    AnyoneAnswers = "an_answer_from_somebody_not_asked",
    /// What was granted is given back last, and frees the agent's own limits first.
    GrantReleasedLast = "a_release_that_keeps_the_grant",
    /// Nothing stops while giving is paused.
    PauseIgnored = "a_gesture_while_giving_is_paused",
    /// A hold is raised without asking the limits.
    RaiseUnchecked = "an_increment_beyond_capacity",
    /// Another reason is not held against its limits.
    CorrectionUnweighed = "a_correction_that_no_limit_weighs",
    /// An operation does not ask whether an act had its id.
    IdOfAct = "the_same_key_for_an_act_and_an_operation",
    /// A line of a release is missing.
    Unbalanced = "an_entry_that_does_not_balance",
    /// The clock may go back.
    TimeGoesBack = "an_entry_older_than_the_one_before",
    /// A stored entry forgets what was granted.
    CodecForgetsGrants = "a_stored_entry_without_its_grants",
    /// The leaf hash leaves out the last byte of an entry.
    HashLeavesByteOut = "a_hash_that_leaves_a_field_out",
    /// An append returns before the disk has the bytes.
    SyncSkipped = "a_skipped_sync",
    /// An error of a sync is taken for success.
    SyncErrorIgnored = "a_failed_sync_acknowledged",
    /// A start cuts the last batch, torn or not.
    StartCutsBatch = "a_start_that_cuts_an_acknowledged_batch",
);

#[cfg(feature = "mutants")]
static CHOSEN: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(usize::MAX);

/// Switches one mistake on, or all off.
#[cfg(feature = "mutants")]
pub fn choose(mutant: Option<Mutant>) {
    let number = mutant.map_or(usize::MAX, |mutant| mutant as usize);
    CHOSEN.store(number, std::sync::atomic::Ordering::SeqCst);
}

/// Whether this mistake is switched on.
#[cfg(feature = "mutants")]
pub fn is_on(mutant: Mutant) -> bool {
    CHOSEN.load(std::sync::atomic::Ordering::Relaxed) == mutant as usize
}

/// Whether this mistake is switched on: never, in this build.
#[cfg(not(feature = "mutants"))]
pub const fn is_on(_: Mutant) -> bool {
    false
}

/// A refusal as if the gesture had been held: see [`Mutant::RefusedHoldGiven`].
pub(crate) fn as_if_held(entry: &Entry, request: &GestureRequest) -> Entry {
    let body = EntryBody::Reserved {
        request: Box::new(request.clone()),
        kind: GestureKind::RefundCredit,
        pool: PoolId::known(HOUSE_POOL),
        expire_at: entry.at.saturating_add_ns(DEFAULT_HOLD_NS),
        is_give: false,
        consult: None,
    };
    Entry { body, ..entry.clone() }
}
