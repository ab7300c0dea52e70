//! The tables of a pack: their columns, and the rows that entries make.

pub(super) mod chart;
pub(super) mod control;
pub(super) mod general_ledger;
pub(super) mod spend_detail;
pub(super) mod trial_balance;
pub(super) mod users;

use makegood_core::ids::AgentPid;

/// Who a pseudonym is: the sidecar's own, which is all zeros, by its name.
pub(super) fn who(agent: &AgentPid) -> String {
    if agent.as_bytes().iter().all(|byte| *byte == 0) {
        "SYSTEM".to_owned()
    } else {
        agent.to_string()
    }
}
