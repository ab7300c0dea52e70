//! What can be asked of the ledger.

use crate::ids::{
    AgentPid, CasePid, CustomerPid, Digest, GestureCode, InteractionPid, LimitId, ReasonCode,
    RequestId, RoleCode, SpendId, TeamId,
};
use crate::money::Money;
use crate::time::Time;

use super::Act;

/// A question to the ledger, with everything that the answer depends on besides rows and policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// When it is decided, stamped by the writer.
    pub at: Time,
    /// Who asks, from verified credentials.
    pub caller: Caller,
    /// The bounds of the calendar windows at `at`, resolved by the shell; one for each calendar
    /// limit of the policy.
    pub windows: Vec<WindowBounds>,
    /// What is asked.
    pub action: Action,
}

/// Who asks, as of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The employee's pseudonym; the sidecar's own for [`Access::System`].
    pub agent: AgentPid,
    /// What the credentials allow.
    pub access: Access,
    /// The role that limits look at.
    pub role: RoleCode,
    /// The team whose pool is drawn on.
    pub team: Option<TeamId>,
    /// Whole days of employment.
    pub tenure_days: u32,
}

/// What credentials allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Gives gestures and changes their own.
    Agent,
    /// As an agent; also releases and reverses those of others.
    Supervisor,
    /// Reads and reviews; never spends.
    Auditor,
    /// Activates policies; never spends.
    Admin,
    /// The sidecar itself: expires holds, activates the first policy.
    System,
}

/// The bounds of one calendar limit's window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowBounds {
    /// The limit.
    pub limit: LimitId,
    /// The window's first instant.
    pub start: Time,
    /// The first instant after the window.
    pub end: Time,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Puts the policy that is passed to `decide` in force, and opens its pools.
    ActivatePolicy {
        /// The digest of that policy's text.
        digest: Digest,
    },
    /// Ends a hold whose time has come; asked by the system before other commands.
    Expire {
        /// The hold.
        spend: SpendId,
    },
    /// Something a person asks about a gesture; answered once for each id.
    Spend(Operation),
    /// Sends an open consult on to the next person, or ends it where there is none; asked by the
    /// system when the time to answer is over.
    PassConsult {
        /// The consult.
        consult: RequestId,
        /// Who is asked next; `None` where nobody is there.
        to: Option<AgentPid>,
    },
    /// Something a person does about the ledger itself; answered once for each id.
    Act {
        /// This request; `None` where the sidecar acts.
        request: Option<RequestId>,
        /// What.
        act: Act,
    },
}

/// What a person can ask about a gesture of value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Holds an amount for a gesture. The id is the spend's.
    Reserve(Box<GestureRequest>),
    /// Reserves and commits in one. The id is the spend's.
    Give(Box<GestureRequest>),
    /// Lets a hold live for the policy's time from now.
    Extend {
        /// This request.
        request: RequestId,
        /// The hold.
        spend: SpendId,
    },
    /// Gives all or part of a hold.
    Commit {
        /// This request.
        request: RequestId,
        /// The hold.
        spend: SpendId,
        /// How much is given, in minor units of the hold's currency.
        amount_minor: i64,
        /// Whether the rest of the hold is released.
        is_final: bool,
    },
    /// Releases what is still held.
    Void {
        /// This request.
        request: RequestId,
        /// The hold.
        spend: SpendId,
        /// Why.
        reason: VoidReason,
    },
    /// Takes back what was given.
    Reverse {
        /// This request.
        request: RequestId,
        /// The gesture.
        spend: SpendId,
        /// How much is taken back, in minor units of the gesture's currency.
        amount_minor: i64,
        /// Why.
        reason: ReverseReason,
        /// The day that it counts for; `None` for the time of record.
        effective_at: Option<Time>,
    },
    /// Raises a hold.
    Increment {
        /// This request.
        request: RequestId,
        /// The hold.
        spend: SpendId,
        /// By how much, in minor units of the hold's currency.
        amount_minor: i64,
    },
    /// Corrects what a gesture was booked as.
    Correct {
        /// This request.
        request: RequestId,
        /// The gesture.
        spend: SpendId,
        /// The reason that it should have had.
        reason: ReasonCode,
        /// What it should have been.
        gesture: GestureCode,
        /// The day that it counts for; `None` for the time of record.
        effective_at: Option<Time>,
    },
    /// Asks a second person for more than the limits leave; holds what they leave meanwhile.
    Ask {
        /// The consult; the id of this request.
        consult: RequestId,
        /// The gesture, with the whole amount that is wished; an open hold of the same gesture is
        /// asked about anew.
        gesture: Box<GestureRequest>,
        /// Who is asked first; `None` where nobody is there.
        to: Option<AgentPid>,
    },
    /// Answers a consult, as the second person.
    Answer {
        /// This request.
        request: RequestId,
        /// The consult.
        consult: RequestId,
        /// The gesture.
        spend: SpendId,
        /// What may be held in all, in minor units; zero declines.
        approved_minor: i64,
    },
    /// Takes the question back; what is held stays held.
    Withdraw {
        /// This request.
        request: RequestId,
        /// The consult.
        consult: RequestId,
        /// The gesture.
        spend: SpendId,
    },
}

/// A gesture of value that an agent wants to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GestureRequest {
    /// The id that the client chose and keeps; sent again, it gets the first answer.
    pub spend: SpendId,
    /// For whom.
    pub customer: CustomerPid,
    /// During which interaction.
    pub interaction: InteractionPid,
    /// In which case, such as a hotel's stay.
    pub case: Option<CasePid>,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: ReasonCode,
    /// What.
    pub gesture: GestureCode,
    /// A salted commitment to the note; a repeat must carry the same one.
    pub note: Option<Digest>,
    /// Milliseconds from the complaint (or the ring) to the decision; not compared on a repeat.
    pub decided_ms: u32,
    /// The suggestion that was shown, whether or not it was followed.
    pub suggestion: Option<GestureCode>,
}

/// Why a hold is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VoidReason {
    /// The customer did not want it.
    CustomerDeclined,
    /// It was held for the wrong customer.
    Misidentified,
    /// Anything else.
    Other,
}

/// Why a gesture is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReverseReason {
    /// A slip, taken back by the same agent within the policy's undo time.
    MisEntry,
    /// The customer gave it back.
    CustomerReturned,
    /// The same gesture was given twice.
    Duplicate,
    /// Anything else.
    Other,
}

/// The idempotency key of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperationId {
    /// Of a reservation or a gift.
    Spend(SpendId),
    /// Of everything else.
    Request(RequestId),
}

/// The role of a sidecar in development mode.
const DEVELOPMENT_ROLE: &str = "development";

impl Caller {
    /// The sidecar in development mode: it may put any policy in force at once.
    #[must_use]
    pub fn in_development(self) -> Self {
        Self { role: RoleCode::known(DEVELOPMENT_ROLE), ..self }
    }

    /// Whether this is the sidecar in development mode.
    pub fn is_in_development(&self) -> bool {
        self.access == Access::System && self.role.as_str() == DEVELOPMENT_ROLE
    }
}

impl Access {
    /// The name used in messages and metadata.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
            Self::System => "system",
        }
    }
}

impl From<Operation> for Action {
    fn from(operation: Operation) -> Self {
        Self::Spend(operation)
    }
}

impl Operation {
    /// The id under which the first answer is kept.
    pub fn id(&self) -> OperationId {
        match self {
            Self::Reserve(gesture) | Self::Give(gesture) => OperationId::Spend(gesture.spend),
            Self::Extend { request, .. }
            | Self::Commit { request, .. }
            | Self::Void { request, .. }
            | Self::Reverse { request, .. }
            | Self::Increment { request, .. }
            | Self::Correct { request, .. }
            | Self::Ask { consult: request, .. }
            | Self::Answer { request, .. }
            | Self::Withdraw { request, .. } => OperationId::Request(*request),
        }
    }

    /// The gesture that it is about.
    pub fn spend(&self) -> SpendId {
        match self {
            Self::Reserve(gesture) | Self::Give(gesture) | Self::Ask { gesture, .. } => {
                gesture.spend
            }
            Self::Extend { spend, .. }
            | Self::Commit { spend, .. }
            | Self::Void { spend, .. }
            | Self::Reverse { spend, .. }
            | Self::Increment { spend, .. }
            | Self::Correct { spend, .. }
            | Self::Answer { spend, .. }
            | Self::Withdraw { spend, .. } => *spend,
        }
    }

    /// The amount that it names, in minor units; `None` where it names none.
    pub fn amount_minor(&self) -> Option<i64> {
        match self {
            Self::Reserve(gesture) | Self::Give(gesture) | Self::Ask { gesture, .. } => {
                Some(gesture.amount.amount_minor)
            }
            Self::Commit { amount_minor, .. }
            | Self::Reverse { amount_minor, .. }
            | Self::Increment { amount_minor, .. } => Some(*amount_minor),
            Self::Answer { approved_minor, .. } => (*approved_minor > 0).then_some(*approved_minor),
            Self::Extend { .. }
            | Self::Void { .. }
            | Self::Correct { .. }
            | Self::Withdraw { .. } => None,
        }
    }
}
