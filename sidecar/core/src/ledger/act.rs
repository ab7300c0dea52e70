//! What those who govern, keep and review the ledger do: acts, each an entry of its own.

use crate::ids::{AgentPid, CustomerPid, Digest, PoolId, RequestId, RuleCode, SpendId};
use crate::money::Money;
use crate::time::Time;

/// Something done about the ledger itself rather than about a gesture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// An admin hands in a policy's text.
    DraftPolicy(PolicyNamed),
    /// Its author declares a drafted policy final.
    PublishPolicy {
        /// The policy.
        digest: Digest,
    },
    /// An admin other than the author sets when a published policy comes into force.
    SchedulePolicy {
        /// The policy.
        digest: Digest,
        /// From when on; not in the past.
        effective_at: Time,
    },
    /// An admin takes back a policy that is not in force.
    WithdrawPolicy {
        /// The policy.
        digest: Digest,
    },
    /// Giving is paused: nothing new is held, what is held may still be given or released.
    Pause {
        /// Why; shown to everyone.
        reason: PauseReason,
        /// A salted commitment to further words.
        note: Option<Digest>,
    },
    /// Giving goes on.
    Resume {
        /// A salted commitment to why.
        note: Option<Digest>,
    },
    /// Authority moves to, from or between pools.
    Allocate {
        /// Out of which pool; `None` is the house.
        from: Option<PoolId>,
        /// Into which pool; `None` is the house.
        to: Option<PoolId>,
        /// How much.
        amount: Money,
    },
    /// A period is closed: nothing counts for it any more.
    ClosePeriod(Period),
    /// It is asked to open the last closed period again.
    ReopenPeriod(Period),
    /// A second person agrees, and the period is open.
    SecondReopening(Period),
    /// All balances and pools are taken as a digest.
    DigestBalances,
    /// A key comes into use.
    RotateKey {
        /// Which.
        kind: KeyKind,
        /// SHA-256 of the public key, or a keyed hash of a secret one.
        key: Digest,
    },
    /// Entries were exported.
    Export {
        /// The first position.
        first: u64,
        /// The position after the last.
        end: u64,
        /// The size of the tree that the export was made of; at most this entry's position.
        tree_size: u64,
        /// SHA-256 of the manifest.
        manifest: Digest,
        /// Why.
        purpose: ExportPurpose,
    },
    /// What is held about a person is exported.
    ExportSubject {
        /// Who.
        subject: Person,
        /// Why.
        purpose: ExportPurpose,
    },
    /// It is asked to erase a person, which a second person then does.
    AskErasure {
        /// Who.
        subject: Person,
        /// Why.
        basis: ErasureBasis,
    },
    /// A person's key is destroyed.
    EraseSubject {
        /// Who.
        subject: Person,
        /// Why.
        basis: ErasureBasis,
        /// The request by which another person asked for it; nobody erases an employee alone.
        asked: Option<RequestId>,
    },
    /// A sample is drawn for review.
    DrawSample(SampleDrawn),
    /// A gesture is reviewed.
    Note {
        /// The gesture.
        spend: SpendId,
        /// Where its review stands now.
        state: ReviewState,
        /// A salted commitment to the words.
        note: Option<Digest>,
    },
    /// A rule found something.
    RaiseFinding(Box<FindingRaised>),
    /// A person settles a finding.
    DisposeFinding {
        /// The position of the entry that raised it.
        finding: u64,
        /// How.
        disposition: Disposition,
        /// A salted commitment to the words.
        note: Option<Digest>,
    },
}

/// A policy by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyNamed {
    /// SHA-256 of its text.
    pub digest: Digest,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// The first instant.
    pub start: Time,
    /// The first instant after it.
    pub end: Time,
}

/// A person whom the house knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Person {
    /// A customer.
    Customer(CustomerPid),
    /// An employee.
    Agent(AgentPid),
}

/// What a sample was drawn from, how, and what came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleDrawn {
    /// How.
    pub method: SampleMethod,
    /// The first position that it was drawn from.
    pub first: u64,
    /// The position after the last.
    pub end: u64,
    /// The seed.
    pub seed: Digest,
    /// The sampling interval of a monetary sample.
    pub interval: Option<Money>,
    /// How many gestures it has.
    pub spend_count: u64,
    /// How many gestures it was drawn from.
    pub population_count: u64,
    /// SHA-256 of the drawn spend ids, in order.
    pub spends: Digest,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRaised {
    /// The rule, such as `f1`.
    pub rule: RuleCode,
    /// The version of the rule.
    pub rule_version: u32,
    /// SHA-256 of its parameters as they are printed.
    pub parameters: Digest,
    /// How strongly it speaks, from 0 to 1,000.
    pub score_permille: u32,
    /// The entries that it is about, in order; at most [`FINDING_POSITIONS`].
    pub positions: Vec<u64>,
    /// The agents that it is about, in order; at most [`FINDING_AGENTS`]: at least the people whom
    /// the entries name ([`super::Entry::people`]).
    pub agents: Vec<AgentPid>,
}

/// The most entries that one finding names.
pub const FINDING_POSITIONS: usize = 64;

/// The most agents that one finding is about.
pub const FINDING_AGENTS: usize = 256;

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name used in messages, exports and metadata.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// The one with this name; `None` for any other text.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }
    };
}
pub(crate) use coded;

coded!(
    /// Why giving is paused.
    PauseReason {
        /// The budget is used up.
        Budget = "budget",
        /// Fraud is suspected.
        Fraud = "fraud",
        /// A system does not work.
        System = "system",
        /// The policy is being changed.
        Policy = "policy",
        /// Anything else.
        Other = "other",
    }
);
coded!(
    /// Which key.
    KeyKind {
        /// Signs checkpoints.
        Checkpoint = "checkpoint",
        /// Wraps the keys of people.
        KeyEncryption = "key_encryption",
    }
);
coded!(
    /// Why something is exported.
    ExportPurpose {
        /// An audit or a review.
        Audit = "audit",
        /// The person whom it is about asked for it.
        Subject = "subject",
        /// A court or an authority ordered it.
        Order = "order",
        /// The books of the house.
        Accounting = "accounting",
        /// Anything else.
        Other = "other",
    }
);
coded!(
    /// Why a person is erased.
    ErasureBasis {
        /// The person asked for it.
        Request = "request",
        /// The time to keep it is over.
        Retention = "retention",
        /// A court or an authority ordered it.
        Order = "order",
        /// Consent was taken back.
        Consent = "consent",
    }
);
coded!(
    /// How a sample is drawn.
    SampleMethod {
        /// Each gesture is as likely.
        Records = "records",
        /// Each minor unit is as likely.
        MonetaryUnit = "monetary_unit",
    }
);
coded!(
    /// Where the review of a gesture stands.
    ReviewState {
        /// Looked at.
        Noted = "noted",
        /// The agent is asked something.
        Questioned = "questioned",
        /// The agent has answered.
        Answered = "answered",
        /// Passed on to somebody else.
        Escalated = "escalated",
        /// Settled by a second person.
        Cleared = "cleared",
        /// Done well.
        Praised = "praised",
    }
);
coded!(
    /// How a finding is settled.
    Disposition {
        /// There is nothing to it.
        Dismissed = "dismissed",
        /// It is as the rule says.
        Confirmed = "confirmed",
        /// Passed on to somebody else.
        Escalated = "escalated",
    }
);

impl Act {
    /// The act's kind in upper case, such as `POLICY_DRAFTED`; the entry's kind for people.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::DraftPolicy(_) => "POLICY_DRAFTED",
            Self::PublishPolicy { .. } => "POLICY_PUBLISHED",
            Self::SchedulePolicy { .. } => "POLICY_SCHEDULED",
            Self::WithdrawPolicy { .. } => "POLICY_WITHDRAWN",
            Self::Pause { .. } => "PAUSED",
            Self::Resume { .. } => "RESUMED",
            Self::Allocate { .. } => "ALLOCATED",
            Self::ClosePeriod(_) => "PERIOD_CLOSED",
            Self::ReopenPeriod(_) => "REOPENING_ASKED",
            Self::SecondReopening(_) => "PERIOD_REOPENED",
            Self::DigestBalances => "BALANCES_DIGESTED",
            Self::RotateKey { .. } => "KEY_ROTATED",
            Self::Export { .. } => "EXPORTED",
            Self::ExportSubject { .. } => "SUBJECT_EXPORTED",
            Self::AskErasure { .. } => "ERASURE_ASKED",
            Self::EraseSubject { .. } => "SUBJECT_ERASED",
            Self::DrawSample(_) => "SAMPLE_DRAWN",
            Self::Note { .. } => "REVIEW_NOTED",
            Self::RaiseFinding(_) => "FINDING_RAISED",
            Self::DisposeFinding { .. } => "FINDING_DISPOSED",
        }
    }
}
