//! A consult as the API shows it.

use makegood_core::ids::{AgentPid, LimitId};
use makegood_core::ledger::{ConsultRow, ConsultState, SpendRow};
use makegood_core::policy::Policy;
use makegood_core::time::Time;
use makegood_proto::records::v1::{self as pb, RecordKind};
use makegood_proto::v1;

use super::view::{NS_PER_MS, money, timestamp};
use super::{House, Visitor};
use crate::records::{self, LIVE};

/// A consult and the gesture that it is about, as of one moment.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) consult: ConsultRow,
    pub(super) spend: SpendRow,
}

impl House {
    /// A consult as the API shows it.
    pub(super) fn consult_view(&self, asked: &Asked, visitor: &Visitor, now: Time) -> v1::Consult {
        let Asked { consult, spend } = asked;
        let me = AgentPid::from_bytes(visitor.agent.pid);
        let name = |agent: &AgentPid| self.directory.name(&self.shared, agent.as_bytes());
        let is_open = consult.is_open();
        let end = consult.ended_at;
        let policy = &self.shared.policy;
        let reason = policy.reason(&spend.about.reason);
        v1::Consult {
            consult_id: consult.consult.to_string(),
            state: state_view(consult.state).into(),
            spend: Some(self.spend_view_of(spend, visitor, now)),
            asked: Some(money(spend.currency.code(), consult.asked_minor)),
            approved_minor: consult.approved_minor.unwrap_or(0),
            approver_name: name(consult.answered_by.as_ref().unwrap_or(&consult.to)),
            agent_name: name(&consult.agent),
            own: consult.agent == me,
            may_answer: is_open && consult.asks(me),
            ask_time: Some(timestamp(consult.asked_at.as_nanos())),
            answer_expire_time: is_open.then(|| timestamp(consult.answer_at.as_nanos())),
            end_time: end.map(|at| timestamp(at.as_nanos())),
            waited_ms: end.unwrap_or(now).since_ns(consult.asked_at).max(0) / NS_PER_MS,
            passed_count: i32::try_from(consult.passed.len()).unwrap_or(i32::MAX),
            limit_id: consult.binding.to_string(),
            limit_label: limit_label(policy, &consult.binding),
            customer_name: self.customer_name(spend.about.customer.as_bytes()),
            reason_label: reason
                .map_or_else(|| spend.about.reason.to_string(), |reason| reason.label.clone()),
            note: self.note_of(spend),
        }
    }

    /// What the agent wrote about a gesture; empty where that is nothing, or cannot be read now.
    fn note_of(&self, spend: &SpendRow) -> String {
        let kind = RecordKind::GestureNote;
        let spend = spend.about.spend.to_string();
        let id = self.shared.vault.read().record_id(kind.into(), LIVE, &spend);
        let found = self.shared.read_model.record(&id).ok().flatten();
        let vault = self.shared.vault.read();
        let note = found.and_then(|it| records::open::<pb::GestureNote>(&vault, &it).ok());
        note.map(|note| note.note).unwrap_or_default()
    }
}

fn state_view(state: ConsultState) -> v1::ConsultState {
    match state {
        ConsultState::Open => v1::ConsultState::Open,
        ConsultState::Approved => v1::ConsultState::Approved,
        ConsultState::Declined => v1::ConsultState::Declined,
        ConsultState::TimedOut => v1::ConsultState::TimedOut,
        ConsultState::Withdrawn => v1::ConsultState::Withdrawn,
        ConsultState::Settled => v1::ConsultState::Settled,
    }
}

/// What people call a limit, or the pool that stands for one; its id under a policy without it.
fn limit_label(policy: &Policy, id: &LimitId) -> String {
    let pools = policy.pools_in_force();
    let pool = || pools.iter().find(|pool| pool.limit_id() == *id).map(|pool| &pool.label);
    let label = policy.limit(id).map(|limit| &limit.label).or_else(pool);
    label.map_or_else(|| id.to_string(), Clone::clone)
}
