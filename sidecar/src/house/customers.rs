//! Finding out who is calling.

use makegood_core::ids::AgentPid;
use makegood_proto::records::v1::{self as pb, IndexKind, RecordKind};
use makegood_proto::v1;

use super::view::{customer_id, timestamp};
use super::{House, HouseError, Shared, Visitor};
use crate::vault::Pid;
use crate::{phone, records};

/// The most customers that a picker shows.
pub(super) const CANDIDATE_LIMIT: usize = 5;

/// Who may be calling.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Match {
    /// How sure it is.
    pub(super) status: v1::MatchStatus,
    /// Who fits; at most five.
    pub(super) pids: Vec<Pid>,
}

impl Match {
    /// Nobody fits.
    pub(super) fn none() -> Self {
        Self { status: v1::MatchStatus::None, pids: Vec::new() }
    }

    /// The one customer who fits.
    pub(super) fn exact(&self) -> Option<&Pid> {
        match self.pids.as_slice() {
            [pid] => Some(pid),
            _ => None,
        }
    }
}

impl House {
    /// Finds the customers whom an identifier fits; nobody found is an answer.
    ///
    /// # Errors
    /// When the identifier is malformed, or history is away.
    pub fn identify(
        &self,
        visitor: &Visitor,
        lookup: Option<&v1::Lookup>,
    ) -> Result<(v1::MatchStatus, Vec<v1::Candidate>), HouseError> {
        let found = identify(&self.shared, lookup)?;
        let agent = AgentPid::from_bytes(visitor.agent.pid);
        // Who searched is written down, whom they searched for is not.
        tracing::info!(%agent, found = found.pids.len(), "customer searched");
        Ok((found.status, candidates(&self.shared, &found.pids)?))
    }
}

/// Finds the customers whom an identifier fits; nobody found is an answer.
pub(super) fn identify(shared: &Shared, lookup: Option<&v1::Lookup>) -> Result<Match, HouseError> {
    let by = lookup.and_then(|lookup| lookup.by.as_ref());
    let Some((kind, value)) = by.map(|by| term_of(by, &shared.phone_region)).transpose()? else {
        return Ok(Match { status: v1::MatchStatus::Anonymous, pids: Vec::new() });
    };
    let hash = shared.vault.read().index_hash(kind.into(), &value);
    let mut pids = shared.read_model.find(kind, &hash, CANDIDATE_LIMIT + 1)?;
    pids.retain(|pid| shared.vault.read().knows(pid));
    pids.truncate(CANDIDATE_LIMIT);
    let status = match pids.len() {
        0 => v1::MatchStatus::None,
        1 => v1::MatchStatus::Exact,
        _ => v1::MatchStatus::Several,
    };
    Ok(Match { status, pids })
}

/// The customers as a picker shows them, last contact first.
pub(super) fn candidates(shared: &Shared, pids: &[Pid]) -> Result<Vec<v1::Candidate>, HouseError> {
    let mut found = Vec::new();
    for pid in pids {
        let wanted = [(RecordKind::Customer, 1), (RecordKind::Interaction, 1)];
        let records = shared.read_model.records_of(pid, &wanted)?;
        let vault = shared.vault.read();
        let customer =
            records[0].first().and_then(|it| records::open::<pb::Customer>(&vault, it).ok());
        let customer = customer.unwrap_or_default();
        let last_contact_ns = records[1].first().map(|envelope| envelope.sort_time_ns);
        found.push((
            last_contact_ns,
            v1::Candidate {
                customer_id: customer_id(pid),
                display_name: customer.display_name,
                tier: customer.tier,
                last_contact_time: last_contact_ns.map(timestamp),
            },
        ));
    }
    found.sort_by_key(|(last_contact_ns, _)| std::cmp::Reverse(*last_contact_ns));
    Ok(found.into_iter().map(|(_, candidate)| candidate).collect())
}

/// The index term of an identifier, in the form in which importers store it; telephone numbers
/// without a country are of this region.
pub(crate) fn term_of(
    by: &v1::lookup::By,
    phone_region: &str,
) -> Result<(IndexKind, String), HouseError> {
    use v1::lookup::By;
    Ok(match by {
        By::Phone(text) => (IndexKind::Phone, phone::normalise(text, phone_region)?),
        By::Email(text) => (IndexKind::Email, text.trim().to_lowercase()),
        By::ExternalId(text) => (IndexKind::External, text.clone()),
        By::AccountNumber(text) => (IndexKind::Account, text.clone()),
    })
}
