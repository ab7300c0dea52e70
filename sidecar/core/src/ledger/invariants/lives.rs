//! What must hold of all entries together: each id is answered once, and no hold is acted on once
//! it is over.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Entry, EntryBody, OperationId, SpendRow, SpendState};
use super::Violation;
use crate::ids::{RequestId, SpendId};

/// Checks the life of every gesture: reserved once, resolved once, acted on only while it is open
/// and before its time; and that each id was answered once.
///
/// # Errors
/// The first violation.
pub fn check_lives<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<(), Violation> {
    let mut lives = Lives::default();
    entries.into_iter().try_for_each(|entry| lives.follow(entry))
}

#[derive(Default)]
struct Lives {
    answered: BTreeSet<OperationId>,
    spends: BTreeMap<SpendId, SpendRow>,
    /// The consult that the last entry reserved for, where it did.
    reserved_for: Option<RequestId>,
}

impl Lives {
    fn follow(&mut self, entry: &Entry) -> Result<(), Violation> {
        let position = entry.position;
        let ids = self.answers(entry);
        if !ids.into_iter().all(|id| self.answered.insert(id)) {
            return Err(Violation::AnsweredTwice { position });
        }
        self.reserved_for = match &entry.body {
            EntryBody::Reserved { consult, .. } => *consult,
            _ => None,
        };
        if let Some(spend) = SpendRow::reserved(entry) {
            let is_first = self.spends.insert(spend.about.spend, spend).is_none();
            return is_first.then_some(()).ok_or(Violation::HoldOver { position });
        }
        let Some(about) = entry.body.about() else {
            return Ok(());
        };
        let Some(row) = self.spends.get_mut(&about.spend) else {
            return Err(Violation::HoldOver { position });
        };
        if !may_follow(row, entry) {
            return Err(Violation::HoldOver { position });
        }
        row.advance(entry.at, entry.caller.agent, &entry.body);
        Ok(())
    }

    /// The ids that an entry is the first answer to.
    fn answers(&self, entry: &Entry) -> Vec<OperationId> {
        let request = |id: RequestId| vec![OperationId::Request(id)];
        match &entry.body {
            EntryBody::Reserved { request, consult, .. } => {
                let asked = consult.map(OperationId::Request);
                [OperationId::Spend(request.spend)].into_iter().chain(asked).collect()
            }
            EntryBody::Refused { operation, .. } => vec![operation.id()],
            // What was held for the question was answered together with it.
            EntryBody::ConsultAsked { consult, .. } if self.reserved_for == Some(*consult) => {
                Vec::new()
            }
            EntryBody::ConsultAsked { consult, .. } => request(*consult),
            EntryBody::Committed { request: id, .. }
            | EntryBody::ConsultClosed { request: id, .. }
            | EntryBody::Act { request: id, .. } => id.map(request).unwrap_or_default(),
            EntryBody::Extended { request: id, .. }
            | EntryBody::Voided { request: id, .. }
            | EntryBody::Reversed { request: id, .. }
            | EntryBody::Increased { request: id, .. }
            | EntryBody::Corrected { request: id, .. }
            | EntryBody::ConsultApproved { request: id, .. } => request(*id),
            EntryBody::PolicyActivated { .. }
            | EntryBody::PoolOpened { .. }
            | EntryBody::Expired { .. }
            | EntryBody::ConsultPassed { .. } => Vec::new(),
        }
    }
}

fn may_follow(row: &SpendRow, entry: &Entry) -> bool {
    match &entry.body {
        EntryBody::Expired { .. } => row.state == SpendState::Held && entry.at >= row.expire_at,
        // What was given can be taken back and corrected; a consult ends with its hold.
        EntryBody::Reversed { .. }
        | EntryBody::Corrected { .. }
        | EntryBody::ConsultClosed { .. } => true,
        _ => row.state_at(entry.at) == SpendState::Held,
    }
}
