//! One tenant's house: its ledger, its records and everything that is read of them.
//!
//! This is what the adapters call. It knows nothing of gRPC; rules about money are the core's.

mod approvers;
mod before;
mod calls;
mod consult_view;
mod consults;
mod customers;
mod directory;
mod encoded;
mod entries;
mod governance;
mod lists;
mod live;
mod mode;
mod open;
mod panel;
mod policy_texts;
mod proofs;
mod record_view;
mod records_in;
mod reviews;
mod sink;
mod spend_view;
mod spends;
mod story;
pub mod subjects;
mod timeline;
mod turns;
mod verifier;
mod view;
mod weighing;

use std::sync::Arc;

use bytes::Bytes;
use makegood_core::ids::{CustomerPid, Digest};
use makegood_core::ledger::{Access, Refusal};
use makegood_core::policy::Policy;
use makegood_proto::v1;
use parking_lot::RwLock;

use crate::clock::ClockJumped;
use crate::hub::Hub;
use crate::ledger::policies::Policies;
use crate::ledger::state::{LedgerState, RestoreError};
use crate::ledger::writer::{WriteError, Writer};
use crate::phone::PhoneError;
use crate::read_model::{Progress, ReadModel, Rebuilding};
use crate::vault::{Erased, Pid, Vault, VaultError};

pub use calls::Start;
pub use consults::{AskAnswer, ConsultAnswer};
pub(crate) use customers::term_of;
pub use directory::AgentProfile;
pub use encoded::EncodedPanel;
pub use governance::Governed;
pub use open::{House, OpenError, Settings};
pub use record_view::check_score;
pub use records_in::{ActionIn, PreferenceIn, PromiseIn, ScoreIn};
pub use reviews::SampleRequest;
pub use sink::HouseSink;
pub use spends::{SpendAnswer, SpendRequest};
pub(crate) use view::customer_id;
pub use view::{nanoseconds as timestamp_ns, timestamp};

/// Who calls, from verified credentials.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The employee.
    pub agent: Arc<AgentProfile>,
    /// What the token allows.
    pub access: Access,
    /// The one interaction that the token is bound to, by the host's id.
    pub interaction: Option<String>,
}

/// What every part of the house works with.
pub(crate) struct Shared {
    pub(crate) state: Arc<LedgerState>,
    pub(crate) writer: Writer,
    pub(crate) read_model: Arc<ReadModel>,
    pub(crate) vault: Arc<RwLock<Vault>>,
    pub(crate) erased: Arc<Erased>,
    pub(crate) hub: Arc<Hub>,
    /// The policy in force, and those whose time will come.
    pub(crate) policy: Arc<Policies>,
    /// See [`EncodedPanel`].
    policy_piece: RwLock<PolicyPiece>,
    pub(crate) phone_region: String,
}

/// A piece of every panel, with the digest of the policy that it shows.
type PolicyPiece = (Digest, Bytes);

fn policy_piece(policy: &Policy) -> RwLock<PolicyPiece> {
    RwLock::new((policy.digest, encoded::policy(view::policy(policy))))
}

/// Why the house cannot do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HouseError {
    /// The host's agent id is not in the directory, or stands for several people.
    #[error(
        "{}",
        if *is_ambiguous {
            "this agent id stands for several people; import agents from one system only"
        } else {
            "this agent is not in the directory; import the agents first"
        }
    )]
    AgentNotFound {
        /// Whether it stands for several.
        is_ambiguous: bool,
    },
    /// No such customer, or the customer was erased.
    #[error("no customer has this id")]
    CustomerNotFound,
    /// Nobody is known like this.
    #[error("nobody is known like this")]
    SubjectNotFound,
    /// Several people are known like this.
    #[error("several people are known like this; name one by the pseudonym")]
    SubjectAmbiguous,
    /// No such interaction was started.
    #[error("no interaction has this id; start it first")]
    InteractionNotFound,
    /// No such promise.
    #[error("no promise has this id")]
    PromiseNotFound,
    /// No such preference.
    #[error("no preference has this id")]
    PreferenceNotFound,
    /// No such spend, or not the caller's.
    #[error("no spend has this id")]
    SpendNotFound,
    /// No such consult, or neither the caller's nor put to them.
    #[error("no consult has this id")]
    ConsultNotFound,
    /// No such policy was handed in.
    #[error("no policy has this digest")]
    PolicyNotFound,
    /// A spend is in another currency.
    #[error("this spend is in {currency_code}; give the amount in it")]
    OtherCurrency {
        /// The field that holds the amount.
        field: &'static str,
        /// The spend's currency.
        currency_code: &'static str,
    },
    /// Another customer, or none, is bound to the interaction.
    #[error("this customer is not bound to the interaction; confirm who is calling first")]
    CustomerNotBound,
    /// Another customer is bound to the interaction.
    #[error("another customer is bound to the interaction; say that it is not them first")]
    OtherCustomerBound,
    /// The interaction has ended.
    #[error("the interaction has ended; nothing can be given on it any more")]
    InteractionEnded,
    /// The token is bound to another interaction.
    #[error("the token is bound to another interaction")]
    OtherInteraction,
    /// The token does not allow this.
    #[error("this needs {needed}")]
    NotAllowed {
        /// Who may.
        needed: &'static str,
    },
    /// An id was used before for something else.
    #[error("this id was used before with other content; use a new id")]
    IdReused {
        /// The field that holds the id.
        field: &'static str,
    },
    /// A telephone number cannot be one.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// A ledger rule refuses it; the refusal stays with the id.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The clock cannot be trusted.
    #[error(transparent)]
    Clock(#[from] ClockJumped),
    /// History is away for the moment.
    #[error(transparent)]
    Rebuilding(#[from] Rebuilding),
    /// A key is missing or a stored record was changed.
    #[error("a stored record cannot be opened")]
    Vault(#[from] VaultError),
    /// A stored record cannot be read.
    #[error("a stored record cannot be read")]
    Stored,
}

impl From<RestoreError> for HouseError {
    fn from(error: RestoreError) -> Self {
        tracing::error!(%error, "the ledger's rows cannot be read");
        Self::Stored
    }
}

impl Visitor {
    /// Lets the visitor act on the interaction that the token is bound to and no other.
    ///
    /// # Errors
    /// [`HouseError::OtherInteraction`].
    pub fn may_act_on(&self, interaction_id: &str) -> Result<(), HouseError> {
        match &self.interaction {
            Some(bound) if bound != interaction_id => Err(HouseError::OtherInteraction),
            _ => Ok(()),
        }
    }
}

impl Shared {
    /// What every panel shows of the policy in force.
    fn policy_piece(&self) -> Bytes {
        let policy: &Policy = &self.policy;
        let (digest, piece) = self.policy_piece.read().clone();
        if digest == policy.digest {
            return piece;
        }
        let fresh = encoded::policy(view::policy(policy));
        *self.policy_piece.write() = (policy.digest, fresh.clone());
        fresh
    }

    /// Whether the customer's story is complete.
    pub(crate) fn history_state(&self) -> v1::HistoryState {
        match self.read_model.progress() {
            Progress::Ready => v1::HistoryState::Ready,
            Progress::Rebuilding { .. } => v1::HistoryState::Rebuilding,
        }
    }

    /// Makes sure that the customer is there, was not erased, and is the visitor's to see: a token
    /// that is bound to a call shows the customer of that call and no other.
    pub(crate) fn check_customer_of(
        &self,
        visitor: &Visitor,
        bound: Option<Pid>,
        customer: &CustomerPid,
    ) -> Result<(), HouseError> {
        self.check_customer(customer)?;
        let is_elsewhere = visitor.interaction.is_some() && bound != Some(*customer.as_bytes());
        if is_elsewhere { Err(HouseError::CustomerNotFound) } else { Ok(()) }
    }

    /// Makes sure that the customer is there and was not erased.
    pub(crate) fn check_customer(&self, customer: &CustomerPid) -> Result<(), HouseError> {
        if self.vault.read().knows(customer.as_bytes()) {
            Ok(())
        } else {
            Err(HouseError::CustomerNotFound)
        }
    }
}
