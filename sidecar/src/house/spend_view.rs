//! A gesture as the API shows it.

use std::sync::Arc;

use makegood_core::ids::{AgentPid, SpendId};
use makegood_core::ledger::{SpendRow, SpendSnapshot, SpendState};
use makegood_core::time::Time;
use makegood_proto::v1;
use prost_types::Timestamp;

use super::live::Live;
use super::view::{customer_id, money, timestamp};
use super::{House, Visitor};

impl House {
    pub(super) fn live_of(&self, row: &SpendRow) -> Option<Arc<Live>> {
        self.interactions.by_pid(row.about.interaction.as_bytes())
    }

    pub(super) fn spend_view_of(&self, row: &SpendRow, visitor: &Visitor, now: Time) -> v1::Spend {
        let live = self.live_of(row);
        let host_id = live.as_deref().map_or("", |live| &live.host_id);
        self.spend_view(row, visitor, host_id, now)
    }

    /// A spend as the API shows it; `host_id` is the host's id of its interaction.
    pub(super) fn spend_view(
        &self,
        row: &SpendRow,
        visitor: &Visitor,
        host_id: &str,
        now: Time,
    ) -> v1::Spend {
        let is_held = row.state_at(now) == SpendState::Held;
        let held_minor = if is_held { row.held_minor } else { 0 };
        let state =
            state_view(row.state_at(now), held_minor, row.committed_minor, row.reversed_minor);
        v1::Spend {
            spend_id: row.about.spend.to_string(),
            state: state.into(),
            amount: Some(money(row.currency.code(), row.amount_minor)),
            held_minor,
            committed_minor: row.committed_minor,
            reversed_minor: row.reversed_minor,
            reason_code: row.about.reason.to_string(),
            gesture_code: row.about.gesture.to_string(),
            gesture_label: self.gesture_label(row),
            customer_id: customer_id(row.about.customer.as_bytes()),
            interaction_id: host_id.to_owned(),
            reserve_time: Some(timestamp(row.reserved_at.as_nanos())),
            expire_time: is_held.then(|| timestamp(row.expire_at.as_nanos())),
            undo_expire_time: self.undo_until(row.first_given_at()),
            agent_name: self.directory.name(&self.shared, row.about.agent.as_bytes()),
            own: row.about.agent.as_bytes() == &visitor.agent.pid,
            consult_id: row.consult.map(|consult| consult.to_string()).unwrap_or_default(),
            approver_names: {
                let name = |pid: &AgentPid| self.directory.name(&self.shared, pid.as_bytes());
                row.approvers.iter().map(name).collect()
            },
            reference: if row.committed_minor > 0 {
                reference(row.about.spend)
            } else {
                String::new()
            },
        }
    }

    /// A repeat gets the spend as it was answered first at `at`, whatever became of it since.
    pub(super) fn answer_as_first(
        &self,
        view: &mut v1::Spend,
        row: &SpendRow,
        (first, at): (&SpendSnapshot, Time),
    ) {
        view.held_minor = first.held_minor;
        view.committed_minor = first.committed_minor;
        view.reversed_minor = first.reversed_minor;
        view.state =
            state_view(first.state, first.held_minor, first.committed_minor, first.reversed_minor)
                .into();
        let is_held = first.state == SpendState::Held;
        view.expire_time = is_held.then(|| timestamp(first.expire_at.as_nanos()));
        // What stood then may have been taken back since, or more been given.
        let given_at = row.first_given_at().or(row.committed_at).map(|given| given.min(at));
        let stood = first.committed_minor > first.reversed_minor;
        view.undo_expire_time = self.undo_until(given_at.filter(|_| stood));
        if first.committed_minor == 0 {
            view.reference.clear();
        }
    }

    fn undo_until(&self, given_at: Option<Time>) -> Option<Timestamp> {
        let until = given_at?.saturating_add_ns(self.shared.policy.undo_ns);
        Some(timestamp(until.as_nanos()))
    }
}

/// The short reference to read out: four characters that are not mistaken for others.
fn reference(spend: SpendId) -> String {
    const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let tail = spend.as_bytes().iter().rev().take(4);
    let letters = tail.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    std::iter::once("MG-".to_owned()).chain(letters.map(String::from)).collect()
}

fn state_view(
    state: SpendState,
    held_minor: i64,
    committed_minor: i64,
    reversed_minor: i64,
) -> v1::SpendState {
    match state {
        SpendState::Held if committed_minor > 0 => v1::SpendState::PartlyCommitted,
        SpendState::Held => v1::SpendState::Reserved,
        SpendState::Reversed => v1::SpendState::Reversed,
        _ if reversed_minor > 0 && held_minor == 0 => v1::SpendState::PartlyReversed,
        // What was given before the rest was released stays given.
        _ if committed_minor > 0 => v1::SpendState::Committed,
        SpendState::Voided => v1::SpendState::Voided,
        SpendState::Expired => v1::SpendState::Expired,
        SpendState::Committed => v1::SpendState::Committed,
    }
}
