//! Governing: policies, pauses, pools and periods, as acts of the ledger and as they stand.

use makegood_core::ids::{AgentPid, Digest, RequestId};
use makegood_core::ledger::{
    Access, Act, Action, EntryBody, Key, PeriodsRow, PolicyNamed, PolicyRow, PolicyState,
    Read as _, Row,
};
use makegood_core::policy::Policy;
use makegood_core::time::Time;
use makegood_ledger::codec;
use makegood_ledger::journal::frame::leaf_hash;
use makegood_proto::v1;

use super::policy_texts::{self, PolicyTextError};
use super::view::timestamp;
use super::{House, HouseError, Visitor};
use crate::clock::wall_time;
use crate::ledger::writer::Work;

/// The ledger's answer to an act.
#[derive(Debug, Clone)]
pub struct Governed {
    /// The proof.
    pub receipt: v1::Receipt,
    /// The digest of all balances, where the act takes it.
    pub balances: Option<Digest>,
    /// Whether this id was answered before.
    pub replayed: bool,
}

impl House {
    /// Does something about the ledger itself.
    ///
    /// # Errors
    /// A fault of the ledger; that it could not be written.
    pub async fn govern(
        &self,
        visitor: &Visitor,
        request: RequestId,
        act: Act,
    ) -> Result<Governed, HouseError> {
        let caller = visitor.agent.caller(visitor.access, wall_time());
        let action = Action::Act { request: Some(request), act };
        let work = Work { ask: Some((caller, action)), ..Work::default() };
        let done = self.shared.writer.submit(work).await?;
        let outcome = done.outcome.ok_or(HouseError::Stored)?;
        self.governed(outcome.position, outcome.replayed)
    }

    /// Hands in a policy; its text is kept before the ledger can name its digest.
    ///
    /// # Errors
    /// [`HouseError::NotAllowed`], or as [`House::govern`].
    pub async fn draft_policy(
        &self,
        visitor: &Visitor,
        request: RequestId,
        (policy, text): (&Policy, &str),
    ) -> Result<Governed, HouseError> {
        if visitor.access != Access::Admin {
            return Err(HouseError::NotAllowed { needed: "the token of an administrator" });
        }
        let digest = policy.digest;
        let _turn = self.turns.of(&digest.to_string()).write().await;
        policy_texts::keep(self.folder(), digest, text).map_err(|error| {
            tracing::error!(%error, "the text of a policy cannot be kept");
            HouseError::Stored
        })?;
        let (name, version) = (policy.name.clone(), policy.version.clone());
        let act = Act::DraftPolicy(PolicyNamed { digest, name, version });
        self.govern(visitor, request, act).await
    }

    /// Sets when a policy comes into force, and has it at hand for then.
    ///
    /// # Errors
    /// As [`House::govern`].
    pub async fn schedule_policy(
        &self,
        visitor: &Visitor,
        request: RequestId,
        (digest, effective_at): (Digest, Time),
    ) -> Result<Governed, HouseError> {
        // A policy that nobody handed in is for the ledger to refuse.
        if self.shared.state.read(|rows| rows.policy(digest).is_some())? {
            self.shared.policy.keep(self.policy_text(digest)?.0);
        }
        self.govern(visitor, request, Act::SchedulePolicy { digest, effective_at }).await
    }

    /// A policy's text, by its digest; that of the policy in force without one.
    ///
    /// # Errors
    /// [`HouseError::PolicyNotFound`], or that it cannot be read.
    pub fn policy(&self, digest: Option<Digest>) -> Result<v1::GetPolicyResponse, HouseError> {
        let in_force =
            self.shared.state.read(|rows| rows.active_policy().map(|active| active.digest))?;
        let digest = digest.or(in_force).ok_or(HouseError::PolicyNotFound)?;
        let (policy, text) = self.policy_text(digest)?;
        // The first policy of a house was handed in by nobody.
        let unknown = || v1::PolicyStanding {
            policy_digest: digest.to_string(),
            name: policy.name.clone(),
            version: policy.version.clone(),
            ..v1::PolicyStanding::default()
        };
        let policy = match self.policy_standing(digest) {
            Err(HouseError::PolicyNotFound) => unknown(),
            standing => standing?,
        };
        Ok(v1::GetPolicyResponse { policy: Some(policy), text })
    }

    /// How a policy stands.
    ///
    /// # Errors
    /// [`HouseError::PolicyNotFound`].
    pub fn policy_standing(&self, digest: Digest) -> Result<v1::PolicyStanding, HouseError> {
        let all = self.policies()?;
        let text = digest.to_string();
        all.into_iter().find(|it| it.policy_digest == text).ok_or(HouseError::PolicyNotFound)
    }

    /// Every policy that was handed in, and the one in force, by digest.
    ///
    /// # Errors
    /// When rows cannot be had.
    pub fn policies(&self) -> Result<Vec<v1::PolicyStanding>, HouseError> {
        let mut all = self.shared.state.read(|rows| {
            let in_force = rows.active_policy();
            let is_in_force = |digest| in_force.is_some_and(|active| active.digest == digest);
            let known = rows.resident().policies();
            let mut all: Vec<_> =
                known.map(|(digest, row)| standing(digest, row, is_in_force(digest))).collect();
            if let Some(active) = in_force
                && rows.policy(active.digest).is_none()
            {
                all.push(v1::PolicyStanding {
                    policy_digest: active.digest.to_string(),
                    name: active.name.clone(),
                    version: active.version.clone(),
                    in_force: true,
                    ..v1::PolicyStanding::default()
                });
            }
            all
        })?;
        all.sort_by(|left, right| left.policy_digest.cmp(&right.policy_digest));
        Ok(all)
    }

    /// Every pool in each of its currencies, by id and currency.
    ///
    /// # Errors
    /// When rows cannot be had.
    pub fn pools(&self) -> Result<Vec<v1::PoolStanding>, HouseError> {
        let pools = self.shared.state.read(|rows| {
            let books = rows.books().into_iter();
            let pools = books.filter_map(|(key, row)| match (key, row) {
                (Key::Pool(pool, currency), Row::Pool(row)) => Some(v1::PoolStanding {
                    pool_id: pool.to_string(),
                    team_id: row.team.as_ref().map(ToString::to_string).unwrap_or_default(),
                    currency_code: currency.code().to_owned(),
                    allotted_minor: row.allotted_minor,
                    held_minor: row.held_minor,
                    given_minor: row.given_minor,
                }),
                _ => None,
            });
            pools.collect()
        })?;
        Ok(pools)
    }

    /// How far the books are closed.
    ///
    /// # Errors
    /// When rows cannot be had.
    pub fn periods(&self) -> Result<v1::GetPeriodsResponse, HouseError> {
        let PeriodsRow { closed, reopening } = self.shared.state.read(|rows| rows.periods())?;
        let name = |agent: AgentPid| agent.to_string();
        Ok(v1::GetPeriodsResponse {
            closed: closed.map(|period| v1::Period {
                start_time: Some(timestamp(period.start.as_nanos())),
                end_time: Some(timestamp(period.end.as_nanos())),
            }),
            reopening_asked_by_id: reopening.map(|it| name(it.asked_by)).unwrap_or_default(),
            reopening_seconded_by_id: reopening
                .and_then(|it| it.seconded_by)
                .map(name)
                .unwrap_or_default(),
        })
    }

    fn policy_text(&self, digest: Digest) -> Result<(Policy, String), HouseError> {
        policy_texts::load(self.folder(), digest).map_err(|error| match error {
            PolicyTextError::Unreadable { source, .. }
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                HouseError::PolicyNotFound
            }
            error => {
                tracing::error!(%error, "the text of a policy cannot be read");
                HouseError::Stored
            }
        })
    }

    fn governed(&self, position: u64, replayed: bool) -> Result<Governed, HouseError> {
        let stored = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, position, "an act cannot be read again");
            HouseError::Stored
        };
        let record = self.ledger().get(position).map_err(|error| stored(&error))?;
        let record = record.ok_or(HouseError::Stored)?;
        let entry = codec::decode(&record.payload).map_err(|error| stored(&error))?;
        let receipt = v1::Receipt {
            ledger_position: position.cast_signed(),
            leaf_hash: leaf_hash(&record.payload).to_vec(),
            record_time: Some(timestamp(entry.at.as_nanos())),
        };
        let balances = match entry.body {
            EntryBody::Act { balances, .. } => balances,
            _ => None,
        };
        Ok(Governed { receipt, balances, replayed })
    }
}

fn standing(digest: Digest, row: &PolicyRow, in_force: bool) -> v1::PolicyStanding {
    let PolicyRow { name, version, author, state, scheduled } = row;
    let state = match state {
        PolicyState::Drafted => v1::PolicyState::Drafted,
        PolicyState::Published => v1::PolicyState::Published,
        PolicyState::Scheduled => v1::PolicyState::Scheduled,
        PolicyState::Activated => v1::PolicyState::Activated,
        PolicyState::Withdrawn => v1::PolicyState::Withdrawn,
    };
    v1::PolicyStanding {
        policy_digest: digest.to_string(),
        name: name.clone(),
        version: version.clone(),
        state: state.into(),
        in_force,
        author_id: author.to_string(),
        scheduler_id: scheduled.map(|(by, _)| by.to_string()).unwrap_or_default(),
        effective_time: scheduled.map(|(_, at)| timestamp(at.as_nanos())),
    }
}
