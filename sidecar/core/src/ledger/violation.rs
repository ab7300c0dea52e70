//! What an invariant finds when something is wrong.

use thiserror::Error;

use crate::ids::{LimitId, PoolId, RequestId, SpendId};
use crate::money::Currency;

use super::{Book, CounterKey, Key};

/// Something that must never be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Violation {
    /// An entry's debits and credits differ in a book.
    #[error(
        "entry {position} does not balance in the {book:?} book: {difference_minor} minor units"
    )]
    EntryUnbalanced {
        /// The entry.
        position: u64,
        /// The book.
        book: Book,
        /// Debits less credits, in minor units.
        difference_minor: i128,
    },
    /// An entry has lines but no currency, or a line that is not above zero.
    #[error("entry {position} has a line without a currency or an amount")]
    LineWithoutAmount {
        /// The entry.
        position: u64,
    },
    /// A reservation was approved beyond a cap.
    #[error("entry {position} passes limit {limit}: {after_minor} of {cap_minor} minor units")]
    AboveCap {
        /// The entry.
        position: u64,
        /// The limit.
        limit: LimitId,
        /// Held and given after the entry.
        after_minor: i64,
        /// The cap.
        cap_minor: i64,
    },
    /// An entry mixes currencies.
    #[error("entry {position} mixes currencies")]
    CurrencyMixed {
        /// The entry.
        position: u64,
    },
    /// Somebody was asked to approve, or approved, their own gesture.
    #[error("entry {position} lets somebody approve their own")]
    OwnApproval {
        /// The entry.
        position: u64,
    },
    /// An entry counts for a later time, or for a closed period without a time.
    #[error("entry {position} counts for a time that cannot be")]
    EffectiveTime {
        /// The entry.
        position: u64,
    },
    /// An id was answered by more than one entry.
    #[error("entry {position} answers what was answered before")]
    AnsweredTwice {
        /// The entry.
        position: u64,
    },
    /// A hold was acted on that never was, or that was over.
    #[error("entry {position} acts on a hold that is over")]
    HoldOver {
        /// The entry.
        position: u64,
    },
    /// A consult contradicts its gesture, or asks the agent themselves.
    #[error("consult {consult} contradicts itself")]
    ConsultContradicts {
        /// The consult.
        consult: RequestId,
    },
    /// A position is missing or comes twice.
    #[error("entry {position} stands where entry {expected} should")]
    PositionGap {
        /// The position found.
        position: u64,
        /// The position expected.
        expected: u64,
    },
    /// An entry is not later than the one before.
    #[error("entry {position} is not later than the entry before it")]
    TimeNotIncreasing {
        /// The entry.
        position: u64,
    },
    /// All debits and credits of a book differ.
    #[error("the {book:?} book in {currency} is out of balance by {difference_minor} minor units")]
    TrialBalance {
        /// The book.
        book: Book,
        /// The currency.
        currency: Currency,
        /// Debits less credits, in minor units.
        difference_minor: i128,
    },
    /// A gesture's amounts contradict each other or its state.
    #[error("spend {spend} contradicts itself")]
    SpendContradicts {
        /// The gesture.
        spend: SpendId,
    },
    /// A limit's count is not the sum of its gestures.
    #[error("the count of limit {} is not the sum of its gestures", counter.limit)]
    CounterDiffers {
        /// The count.
        counter: Box<CounterKey>,
    },
    /// A pool is not the sum of its gestures, or not what its accounts say.
    #[error("pool {pool} in {currency} is not the sum of its gestures and accounts")]
    PoolDiffers {
        /// The pool.
        pool: PoolId,
        /// The currency.
        currency: Currency,
    },
    /// Somebody did alone what takes two, or what is another's to do.
    #[error("entry {position} breaks the separation of duties: {duty}")]
    DutyBroken {
        /// The entry.
        position: u64,
        /// The duty.
        duty: &'static str,
    },
    /// An entry counts for a closed period that two persons had not opened again.
    #[error("entry {position} counts for a closed period")]
    InClosedPeriod {
        /// The entry.
        position: u64,
    },
    /// The digest in an entry is not that of the balances and pools.
    #[error("entry {position} has another digest of balances than the entries before it add up to")]
    BalancesDiffer {
        /// The entry.
        position: u64,
    },
    /// Replaying the entries gives another row.
    #[error("replay differs from the live state, first at {key:?}")]
    ReplayDiffers {
        /// The first row that differs.
        key: Box<Key>,
    },
}
