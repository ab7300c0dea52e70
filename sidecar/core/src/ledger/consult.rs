//! Consults: asking a second person for more than the limits leave, while the hold stays.

use crate::ids::{AgentPid, RequestId, SpendId};
use crate::time::Time;

use super::act::coded;

coded!(
    /// Where a consult stands.
    ConsultState {
        /// Somebody is asked.
        Open = "open",
        /// The second person gave their authority.
        Approved = "approved",
        /// The second person said no.
        Declined = "declined",
        /// Nobody answered in time.
        TimedOut = "timed_out",
        /// The agent took the question back.
        Withdrawn = "withdrawn",
        /// The hold ended, or was given as it stood.
        Settled = "settled",
    }
);

/// A consult as the entries so far add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsultRow {
    /// The consult.
    pub consult: RequestId,
    /// The gesture.
    pub spend: SpendId,
    /// Who asks.
    pub agent: AgentPid,
    /// What is wished in all, in minor units of the gesture's currency.
    pub asked_minor: i64,
    /// Who is asked now, or was asked last.
    pub to: AgentPid,
    /// Who was asked before and did not answer in time; they still may.
    pub passed: Vec<AgentPid>,
    /// When the first was asked.
    pub asked_at: Time,
    /// Until when the one who is asked now may answer.
    pub answer_at: Time,
    /// Where it stands.
    pub state: ConsultState,
    /// Who approved or declined.
    pub answered_by: Option<AgentPid>,
    /// What was approved in all, in minor units.
    pub approved_minor: Option<i64>,
}
