//! Consults: asking a second person for more than the limits leave, while the hold stays.

use crate::ids::{AgentPid, LimitId, RequestId, SpendId};
use crate::time::Time;

use super::act::coded;
use super::{Entry, EntryBody, Read};

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
    /// The limit that left least.
    pub binding: LimitId,
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
    /// When it was approved or ended without; `None` while it is open.
    pub ended_at: Option<Time>,
}

impl ConsultRow {
    /// Whether somebody is asked now.
    pub fn is_open(&self) -> bool {
        self.state == ConsultState::Open
    }

    /// Whether this agent is asked, or was asked before and may still answer.
    pub fn asks(&self, agent: AgentPid) -> bool {
        self.to == agent || self.passed.contains(&agent)
    }

    /// The row that a `ConsultAsked` entry makes; `None` for any other entry.
    pub(crate) fn asked(entry: &Entry) -> Option<Self> {
        let EntryBody::ConsultAsked { consult, about, asked_minor, to, answer_at, binding, .. } =
            &entry.body
        else {
            return None;
        };
        Some(Self {
            consult: *consult,
            spend: about.spend,
            agent: about.agent,
            asked_minor: *asked_minor,
            to: *to,
            binding: binding.clone(),
            passed: Vec::new(),
            asked_at: entry.at,
            answer_at: *answer_at,
            state: ConsultState::Open,
            answered_by: None,
            approved_minor: None,
            ended_at: None,
        })
    }

    /// The row of the consult that an entry moves, right after it; `None` where it moves none.
    pub(crate) fn after(rows: &impl Read, entry: &Entry) -> Option<Self> {
        let consult = entry.body.consult()?;
        if let Some(row) = Self::asked(entry) {
            return Some(row);
        }
        let mut row = rows.consult(consult)?.clone();
        row.advance(entry);
        Some(row)
    }

    /// Moves the row on by a later entry of the same consult.
    pub(crate) fn advance(&mut self, entry: &Entry) {
        match &entry.body {
            EntryBody::ConsultPassed { from, to, answer_at, .. } => {
                self.passed.push(*from);
                self.to = *to;
                self.answer_at = *answer_at;
            }
            EntryBody::ConsultApproved { approved_minor, .. } => {
                self.state = ConsultState::Approved;
                self.ended_at = Some(entry.at);
                self.answered_by = Some(entry.caller.agent);
                self.approved_minor = Some(*approved_minor);
            }
            EntryBody::ConsultClosed { end, .. } => {
                self.state = *end;
                self.ended_at = Some(entry.at);
                let is_answered = *end == ConsultState::Declined;
                self.answered_by = is_answered.then_some(entry.caller.agent);
            }
            _ => {}
        }
    }
}

impl EntryBody {
    /// The consult that the entry moves; `None` for every other entry.
    pub(crate) fn consult(&self) -> Option<RequestId> {
        match self {
            Self::ConsultAsked { consult, .. }
            | Self::ConsultPassed { consult, .. }
            | Self::ConsultApproved { consult, .. }
            | Self::ConsultClosed { consult, .. } => Some(*consult),
            _ => None,
        }
    }
}
