//! What the ledger keeps: numbered entries that say who, for whom, how much, why, under which
//! policy, with what balance before and after.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use crate::ids::{
    AgentPid, CasePid, CustomerPid, Digest, GestureCode, InteractionPid, LimitId, PoolId,
    ReasonCode, RequestId, SpendId, TeamId,
};
use crate::money::Currency;
use crate::policy::{Counts, GestureKind, POOL_LIMIT_PREFIX};
use crate::time::Time;

use super::{
    Access, Act, Caller, ConsultState, CounterKey, GestureRequest, Operation, Posting, Refusal,
};
use super::{ReverseReason, VoidReason};

/// The version of the rules in this code; every entry names the one it was decided by.
pub const RULES_VERSION: u32 = 2;

/// One numbered fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Gap-free from 0.
    pub position: u64,
    /// When it was decided; strictly increasing with the position.
    pub at: Time,
    /// Who asked, as of then.
    pub caller: Caller,
    /// The policy that it was decided by.
    pub policy: Digest,
    /// The version of the rules that it was decided by.
    pub rules_version: u32,
    /// The currency of every amount in the entry; `None` where it has none.
    pub currency: Option<Currency>,
    /// Every limit that it was held against, or whose count it changed.
    pub trace: Vec<LimitTrace>,
    /// The lines in the two books; they balance.
    pub postings: Vec<Posting>,
    /// The instant that it counts for, where that is not `at`: never later, and never in a closed
    /// period.
    pub effective_at: Option<Time>,
    /// Whether it counts for a period that had been closed and was opened again.
    pub is_post_close: bool,
    /// What happened.
    pub body: EntryBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryBody {
    /// A policy came into force; it is the entry's policy.
    PolicyActivated {
        /// The policy's name.
        name: String,
        /// The policy's version.
        version: String,
        /// The policy that was in force before.
        previous: Option<Digest>,
    },
    /// A pool was opened, or what is allotted to it was changed.
    PoolOpened {
        /// The pool.
        pool: PoolId,
        /// The team that draws on it; `None` for every team without its own.
        team: Option<TeamId>,
        /// What may be given from it in all, in minor units; `None` is without a cap.
        allotted_minor: Option<i64>,
        /// What was allotted before, in minor units; `None` where it is new or had no cap.
        previous_minor: Option<i64>,
    },
    /// An amount is held.
    Reserved {
        /// What was asked, in full.
        request: Box<GestureRequest>,
        /// The kind of the gesture under the policy.
        kind: GestureKind,
        /// The pool that it draws on.
        pool: PoolId,
        /// When the hold ends unless extended.
        expire_at: Time,
        /// Whether it was asked to be given at once; a commit follows.
        is_give: bool,
        /// The consult for which it is held.
        consult: Option<RequestId>,
    },
    /// A limit or a state forbade it; the refusal stays with the operation's id.
    Refused {
        /// What was asked, in full.
        operation: Operation,
        /// Why not.
        refusal: Refusal,
        /// The gesture that it was about, where that exists.
        about: Option<Box<SpendAbout>>,
    },
    /// A hold lives longer.
    Extended {
        /// The request.
        request: RequestId,
        /// The gesture.
        about: Box<SpendAbout>,
        /// When the hold would have ended.
        previous_expire_at: Time,
        /// When it ends now unless extended again.
        expire_at: Time,
    },
    /// All or part of a hold was given.
    Committed {
        /// The request; `None` where it was given at once.
        request: Option<RequestId>,
        /// The gesture.
        about: Box<SpendAbout>,
        /// How much was given, in minor units.
        amount_minor: i64,
        /// Whether the request asked for the rest to be released.
        is_final: bool,
        /// How much was released, in minor units.
        released_minor: i64,
    },
    /// A hold was released.
    Voided {
        /// The request.
        request: RequestId,
        /// The gesture.
        about: Box<SpendAbout>,
        /// Why.
        reason: VoidReason,
        /// How much was released, in minor units.
        released_minor: i64,
    },
    /// A hold's time came.
    Expired {
        /// The gesture.
        about: Box<SpendAbout>,
        /// How much was released, in minor units.
        released_minor: i64,
    },
    /// All or part of what was given was taken back.
    Reversed {
        /// The request.
        request: RequestId,
        /// The gesture.
        about: Box<SpendAbout>,
        /// How much was taken back, in minor units.
        amount_minor: i64,
        /// Why.
        reason: ReverseReason,
    },
    /// A hold was raised.
    Increased {
        /// The request.
        request: RequestId,
        /// The gesture.
        about: Box<SpendAbout>,
        /// By how much, in minor units.
        amount_minor: i64,
    },
    /// What a gesture was booked as was corrected: the old booking reversed and the new one made.
    /// Of the limits, only those that look at reasons are left, or charged with all of it now.
    Corrected {
        /// The request.
        request: RequestId,
        /// The gesture, as it was.
        about: Box<SpendAbout>,
        /// Why, as it is now.
        reason: ReasonCode,
        /// What, as it is now.
        gesture: GestureCode,
        /// The kind of that gesture under the policy.
        kind: GestureKind,
        /// What stands as given and was booked anew, in minor units.
        amount_minor: i64,
    },
    /// A second person was asked.
    ConsultAsked {
        /// The consult.
        consult: RequestId,
        /// The gesture.
        about: Box<SpendAbout>,
        /// What is wished in all, in minor units.
        asked_minor: i64,
        /// What is held meanwhile, in minor units.
        held_minor: i64,
        /// Who is asked.
        to: AgentPid,
        /// Until when they may answer.
        answer_at: Time,
        /// Until when the hold lives at least.
        expire_at: Time,
        /// The limit that left least.
        binding: LimitId,
    },
    /// The question went on to the next person.
    ConsultPassed {
        /// The consult.
        consult: RequestId,
        /// The gesture.
        about: Box<SpendAbout>,
        /// Who did not answer in time.
        from: AgentPid,
        /// Who is asked now.
        to: AgentPid,
        /// Until when they may answer.
        answer_at: Time,
        /// Until when the hold lives at least.
        expire_at: Time,
    },
    /// The second person, who is the entry's caller, gave their authority.
    ConsultApproved {
        /// The request.
        request: RequestId,
        /// The consult.
        consult: RequestId,
        /// The gesture.
        about: Box<SpendAbout>,
        /// What is held now in all, in minor units.
        approved_minor: i64,
        /// By how much the hold was raised, in minor units; charged to the approver.
        added_minor: i64,
        /// From the question to the answer, in nanoseconds.
        waited_ns: i64,
        /// When the hold ends now.
        expire_at: Time,
    },
    /// A consult ended without an approval; what is held stays held.
    ConsultClosed {
        /// The request; `None` where none was made.
        request: Option<RequestId>,
        /// The consult.
        consult: RequestId,
        /// The gesture.
        about: Box<SpendAbout>,
        /// How: any state but open and approved.
        end: ConsultState,
        /// From the question to the end, in nanoseconds.
        waited_ns: i64,
    },
    /// Something was done about the ledger itself.
    Act {
        /// The request; `None` where the sidecar acted.
        request: Option<RequestId>,
        /// What was done.
        act: Act,
        /// The digest of all balances and pools as of this entry, where the act takes it.
        balances: Option<Digest>,
    },
}

/// What a gesture is about; repeated in each of its entries, so that each can be read alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendAbout {
    /// The gesture.
    pub spend: SpendId,
    /// Whose gesture it is.
    pub agent: AgentPid,
    /// For whom.
    pub customer: CustomerPid,
    /// During which interaction.
    pub interaction: InteractionPid,
    /// In which case.
    pub case: Option<CasePid>,
    /// Why.
    pub reason: ReasonCode,
    /// What.
    pub gesture: GestureCode,
    /// The kind of the gesture under the policy that it was reserved by.
    pub kind: GestureKind,
    /// The pool that it draws on.
    pub pool: PoolId,
}

/// One limit's count before and after an entry.
///
/// Pools appear as limits of their own, with the pool's id behind `pool-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitTrace {
    /// The limit.
    pub limit: LimitId,
    /// Whom and what it counts together here.
    pub scope: ScopeKey,
    /// Over which time it counts here.
    pub window: WindowKey,
    /// Held and given in the window before the entry, in minor units.
    pub before_minor: i64,
    /// What the entry asks for (in a refusal) or adds (negative for a release), in minor units.
    pub amount_minor: i64,
    /// Held and given in the window after the entry, in minor units.
    pub after_minor: i64,
    /// The cap, in minor units: of the policy in force when the amount was approved.
    pub cap_minor: i64,
    /// What is counted. For [`Counts::Times`] the numbers are gestures and not minor units.
    pub counts: Counts,
    /// What second persons have granted above the cap and still stands after the entry, in minor
    /// units.
    pub granted_minor: i64,
}

/// The values that a limit counts together; `None` where the limit does not tell them apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScopeKey {
    /// The pool.
    pub pool: Option<PoolId>,
    /// The agent.
    pub agent: Option<AgentPid>,
    /// The customer.
    pub customer: Option<CustomerPid>,
    /// The case; also `None` for gestures without one.
    pub case: Option<CasePid>,
    /// The interaction.
    pub interaction: Option<InteractionPid>,
    /// The reason.
    pub reason: Option<ReasonCode>,
}

impl Hash for ScopeKey {
    /// Passes over what is `None`, which is most of it, and leaves that to equality.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { pool, agent, customer, case, interaction, reason } = self;
        let codes = [pool.as_ref().map(PoolId::as_str), reason.as_ref().map(ReasonCode::as_str)];
        let pids = [
            agent.as_ref().map(AgentPid::as_bytes),
            customer.as_ref().map(CustomerPid::as_bytes),
            case.as_ref().map(CasePid::as_bytes),
            interaction.as_ref().map(InteractionPid::as_bytes),
        ];
        codes.into_iter().flatten().for_each(|code| state.write(code.as_bytes()));
        pids.into_iter().flatten().for_each(|pid| state.write(pid));
    }
}

/// One window of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WindowKey {
    /// One interaction.
    Interaction(InteractionPid),
    /// One case.
    Case(CasePid),
    /// A unit of the calendar.
    Calendar {
        /// The first instant.
        start: Time,
        /// The first instant after.
        end: Time,
    },
    /// The last so many nanoseconds before the entry: an amount charged at `t` counts while
    /// `t + duration_ns` is later than now.
    Rolling {
        /// The length.
        duration_ns: i64,
    },
    /// All time.
    Lifetime,
}

impl WindowKey {
    /// The window's first instant at `now`; `None` where it has none.
    ///
    /// A rolling window holds what was charged *after* this instant.
    pub fn start(&self, now: Time) -> Option<Time> {
        match self {
            Self::Calendar { start, .. } => Some(*start),
            Self::Rolling { duration_ns } => Some(now.saturating_sub_ns(*duration_ns)),
            Self::Interaction(_) | Self::Case(_) | Self::Lifetime => None,
        }
    }

    /// The first instant after the window at `now`; `None` where it has none.
    pub fn end(&self, now: Time) -> Option<Time> {
        match self {
            Self::Calendar { end, .. } => Some(*end),
            Self::Rolling { .. } => Some(now),
            Self::Interaction(_) | Self::Case(_) | Self::Lifetime => None,
        }
    }
}

impl SpendAbout {
    /// What a request is about, once its kind and its pool are known.
    pub(crate) fn of(
        request: &GestureRequest,
        agent: AgentPid,
        kind: GestureKind,
        pool: PoolId,
    ) -> Self {
        Self {
            spend: request.spend,
            agent,
            customer: request.customer,
            interaction: request.interaction,
            case: request.case,
            reason: request.reason.clone(),
            gesture: request.gesture.clone(),
            kind,
            pool,
        }
    }
}

impl LimitTrace {
    /// Whether this is the cap of a pool.
    pub fn is_pool(&self) -> bool {
        self.limit.as_str().starts_with(POOL_LIMIT_PREFIX)
    }

    /// The count that the trace speaks of, in an entry of this currency.
    pub fn counter(&self, currency: Currency) -> CounterKey {
        CounterKey {
            limit: self.limit.clone(),
            scope: self.scope.clone(),
            window: self.window,
            currency: (self.counts != Counts::Times).then_some(currency),
        }
    }
}

impl Entry {
    /// The people whom the entry names as taking part: who asked, whose gesture it is, who is or
    /// was asked about it. The sidecar is none of them.
    pub fn people(&self) -> BTreeSet<AgentPid> {
        let caller = (self.caller.access != Access::System).then_some(self.caller.agent);
        let about = match &self.body {
            EntryBody::Refused { about, .. } => about.as_deref(),
            body => body.about(),
        };
        let asked = match &self.body {
            EntryBody::ConsultAsked { to, .. } => [Some(*to), None],
            EntryBody::ConsultPassed { from, to, .. } => [Some(*from), Some(*to)],
            _ => [None, None],
        };
        caller
            .into_iter()
            .chain(about.map(|about| about.agent))
            .chain(asked.into_iter().flatten())
            .collect()
    }
}

impl EntryBody {
    /// The gesture that the entry is about; `None` for policies, pools and other acts.
    pub fn spend(&self) -> Option<SpendId> {
        match self {
            Self::Act { act: Act::Note { spend, .. }, .. } => Some(*spend),
            Self::Reserved { request, .. } => Some(request.spend),
            Self::Refused { operation, .. } => Some(operation.spend()),
            body => body.about().map(|about| about.spend),
        }
    }

    /// What the gesture is about that the entry moves on; `None` for entries that move none, and
    /// for the one that makes it.
    pub fn about(&self) -> Option<&SpendAbout> {
        match self {
            Self::PolicyActivated { .. }
            | Self::PoolOpened { .. }
            | Self::Reserved { .. }
            | Self::Refused { .. }
            | Self::Act { .. } => None,
            Self::Extended { about, .. }
            | Self::Committed { about, .. }
            | Self::Voided { about, .. }
            | Self::Expired { about, .. }
            | Self::Reversed { about, .. }
            | Self::Increased { about, .. }
            | Self::Corrected { about, .. }
            | Self::ConsultAsked { about, .. }
            | Self::ConsultPassed { about, .. }
            | Self::ConsultApproved { about, .. }
            | Self::ConsultClosed { about, .. } => Some(about),
        }
    }

    /// The entry's kind in upper case, such as `RESERVED`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::PolicyActivated { .. } => "POLICY_ACTIVATED",
            Self::PoolOpened { .. } => "POOL_OPENED",
            Self::Reserved { .. } => "RESERVED",
            Self::Refused { .. } => "REFUSED",
            Self::Extended { .. } => "EXTENDED",
            Self::Committed { .. } => "COMMITTED",
            Self::Voided { .. } => "VOIDED",
            Self::Expired { .. } => "EXPIRED",
            Self::Reversed { .. } => "REVERSED",
            Self::Increased { .. } => "INCREASED",
            Self::Corrected { .. } => "CORRECTED",
            Self::ConsultAsked { .. } => "CONSULT_ASKED",
            Self::ConsultPassed { .. } => "CONSULT_PASSED",
            Self::ConsultApproved { .. } => "CONSULT_APPROVED",
            Self::ConsultClosed { .. } => "CONSULT_CLOSED",
            Self::Act { act, .. } => act.kind(),
        }
    }
}
