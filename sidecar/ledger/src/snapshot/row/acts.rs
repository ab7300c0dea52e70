//! The rows of consults, policies, periods, acts and reviews as bytes, and back.

use makegood_core::ids::AgentPid;
use makegood_core::ledger::{
    ActRow, ConsultRow, ConsultState, Disposition, FindingRow, Outcome, PauseReason, PauseRow,
    Period, PeriodsRow, PolicyRow, PolicyState, Reopening, ReviewRow, ReviewState,
};
use makegood_core::time::Time;
use makegood_proto::ledger::v1 as pb;
use prost::Message;

use super::decode::{Result, message};
use crate::codec::acts;
use crate::codec::decode::{optional_pid, parse, pid, present};

#[derive(Clone, PartialEq, Message)]
pub(in crate::snapshot) struct Consult {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    spend_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    agent_pid: Vec<u8>,
    #[prost(int64, tag = "4")]
    asked_minor: i64,
    #[prost(bytes = "vec", tag = "5")]
    to_pid: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "6")]
    passed_pids: Vec<Vec<u8>>,
    #[prost(int64, tag = "7")]
    asked_ns: i64,
    #[prost(int64, tag = "8")]
    answer_ns: i64,
    #[prost(string, tag = "9")]
    state: String,
    #[prost(bytes = "vec", tag = "10")]
    answered_by: Vec<u8>,
    #[prost(int64, optional, tag = "11")]
    approved_minor: Option<i64>,
    #[prost(string, tag = "12")]
    binding_limit_id: String,
    #[prost(int64, optional, tag = "13")]
    ended_ns: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Pause {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(int64, tag = "2")]
    since_ns: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Periods {
    #[prost(message, optional, tag = "1")]
    closed: Option<pb::Period>,
    #[prost(bytes = "vec", tag = "2")]
    asked_by: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    seconded_by: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Policy {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
    #[prost(bytes = "vec", tag = "3")]
    author_pid: Vec<u8>,
    #[prost(string, tag = "4")]
    state: String,
    #[prost(bytes = "vec", tag = "5")]
    scheduled_by: Vec<u8>,
    #[prost(int64, tag = "6")]
    scheduled_ns: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Act {
    #[prost(bytes = "vec", tag = "1")]
    agent_pid: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    deed: Option<pb::Act>,
    #[prost(uint64, tag = "3")]
    position: u64,
    #[prost(int64, tag = "4")]
    at_ns: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Review {
    #[prost(string, tag = "1")]
    state: String,
    #[prost(bytes = "vec", repeated, tag = "2")]
    reviewer_pids: Vec<Vec<u8>>,
    #[prost(int64, tag = "3")]
    at_ns: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Finding {
    #[prost(bytes = "vec", repeated, tag = "1")]
    agent_pids: Vec<Vec<u8>>,
    #[prost(string, tag = "2")]
    disposition: String,
    #[prost(bytes = "vec", tag = "3")]
    disposed_by: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    raised_by: Vec<u8>,
}

fn bytes(pid: Option<&AgentPid>) -> Vec<u8> {
    pid.map(|pid| pid.as_bytes().to_vec()).unwrap_or_default()
}

fn all_bytes(pids: &[AgentPid]) -> Vec<Vec<u8>> {
    pids.iter().map(|pid| pid.as_bytes().to_vec()).collect()
}

fn agents(pids: &[Vec<u8>]) -> Result<Vec<AgentPid>> {
    pids.iter().map(|agent| pid(agent, "agent_pid")).collect()
}

pub(super) fn consult(row: &ConsultRow) -> Vec<u8> {
    stored_consult(row).encode_to_vec()
}

pub(super) fn stored_consult(row: &ConsultRow) -> Consult {
    let ConsultRow {
        consult,
        spend,
        agent,
        asked_minor,
        to,
        binding,
        passed,
        asked_at,
        answer_at,
        state,
        answered_by,
        approved_minor,
        ended_at,
    } = row;
    Consult {
        id: consult.as_bytes().to_vec(),
        spend_id: spend.as_bytes().to_vec(),
        agent_pid: agent.as_bytes().to_vec(),
        asked_minor: *asked_minor,
        to_pid: to.as_bytes().to_vec(),
        passed_pids: all_bytes(passed),
        asked_ns: asked_at.as_nanos(),
        answer_ns: answer_at.as_nanos(),
        state: state.code().to_owned(),
        answered_by: bytes(answered_by.as_ref()),
        approved_minor: *approved_minor,
        binding_limit_id: binding.to_string(),
        ended_ns: ended_at.map(Time::as_nanos),
    }
}

pub(super) fn read_consult(stored: &[u8]) -> Result<ConsultRow> {
    decode_consult(&message(stored)?)
}

pub(super) fn decode_consult(row: &Consult) -> Result<ConsultRow> {
    Ok(ConsultRow {
        consult: pid(&row.id, "consult_id")?,
        spend: pid(&row.spend_id, "spend_id")?,
        agent: pid(&row.agent_pid, "agent_pid")?,
        asked_minor: row.asked_minor,
        to: pid(&row.to_pid, "to_pid")?,
        binding: parse(&row.binding_limit_id, "binding_limit_id")?,
        passed: agents(&row.passed_pids)?,
        asked_at: Time::from_nanos(row.asked_ns),
        answer_at: Time::from_nanos(row.answer_ns),
        state: present(ConsultState::from_code(&row.state), "state")?,
        answered_by: optional_pid(&row.answered_by, "answered_by")?,
        approved_minor: row.approved_minor,
        ended_at: row.ended_ns.map(Time::from_nanos),
    })
}

pub(super) fn pause(PauseRow { paused }: &PauseRow) -> Vec<u8> {
    let stored = |(reason, since): (PauseReason, Time)| Pause {
        reason: reason.code().to_owned(),
        since_ns: since.as_nanos(),
    };
    paused.map(stored).unwrap_or_default().encode_to_vec()
}

pub(super) fn read_pause(stored: &[u8]) -> Result<PauseRow> {
    let Pause { reason, since_ns } = message(stored)?;
    if reason.is_empty() {
        return Ok(PauseRow::default());
    }
    let reason = present(PauseReason::from_code(&reason), "reason")?;
    Ok(PauseRow { paused: Some((reason, Time::from_nanos(since_ns))) })
}

pub(super) fn periods(PeriodsRow { closed, reopening }: &PeriodsRow) -> Vec<u8> {
    Periods {
        closed: closed.map(|Period { start, end }| pb::Period {
            start_ns: start.as_nanos(),
            end_ns: end.as_nanos(),
        }),
        asked_by: bytes(reopening.as_ref().map(|reopening| &reopening.asked_by)),
        seconded_by: bytes(reopening.as_ref().and_then(|reopening| reopening.seconded_by.as_ref())),
    }
    .encode_to_vec()
}

pub(super) fn read_periods(stored: &[u8]) -> Result<PeriodsRow> {
    let Periods { closed, asked_by, seconded_by } = message(stored)?;
    let closed = closed.map(|it| Period {
        start: Time::from_nanos(it.start_ns),
        end: Time::from_nanos(it.end_ns),
    });
    let seconded_by = optional_pid(&seconded_by, "seconded_by")?;
    let reopening =
        optional_pid(&asked_by, "asked_by")?.map(|asked_by| Reopening { asked_by, seconded_by });
    Ok(PeriodsRow { closed, reopening })
}

pub(super) fn policy(row: &PolicyRow) -> Vec<u8> {
    let PolicyRow { name, version, author, state, scheduled } = row;
    Policy {
        name: name.clone(),
        version: version.clone(),
        author_pid: author.as_bytes().to_vec(),
        state: state.code().to_owned(),
        scheduled_by: bytes(scheduled.as_ref().map(|(by, _)| by)),
        scheduled_ns: scheduled.map_or(0, |(_, at)| at.as_nanos()),
    }
    .encode_to_vec()
}

pub(super) fn read_policy(stored: &[u8]) -> Result<PolicyRow> {
    let row: Policy = message(stored)?;
    let at = Time::from_nanos(row.scheduled_ns);
    Ok(PolicyRow {
        name: row.name,
        version: row.version,
        author: pid(&row.author_pid, "author_pid")?,
        state: present(PolicyState::from_code(&row.state), "state")?,
        scheduled: optional_pid(&row.scheduled_by, "scheduled_by")?.map(|by| (by, at)),
    })
}

pub(super) fn act(ActRow { agent, act, outcome }: &ActRow) -> Vec<u8> {
    // Acts have no gesture and are never refused by an entry; a first answer is never a repeat.
    let Outcome { position, at, spend: _, refusal: _, consult: _, replayed: _ } = outcome;
    Act {
        agent_pid: agent.as_bytes().to_vec(),
        deed: Some(acts::act(act)),
        position: *position,
        at_ns: at.as_nanos(),
    }
    .encode_to_vec()
}

pub(super) fn read_act(stored: &[u8]) -> Result<ActRow> {
    let Act { agent_pid, deed, position, at_ns } = message(stored)?;
    Ok(ActRow {
        agent: pid(&agent_pid, "agent_pid")?,
        act: acts::read(present(deed, "act")?)?,
        outcome: Outcome {
            position,
            at: Time::from_nanos(at_ns),
            spend: None,
            refusal: None,
            consult: None,
            replayed: false,
        },
    })
}

pub(super) fn review(ReviewRow { state, reviewers, at }: &ReviewRow) -> Vec<u8> {
    Review {
        state: state.code().to_owned(),
        reviewer_pids: all_bytes(reviewers),
        at_ns: at.as_nanos(),
    }
    .encode_to_vec()
}

pub(super) fn read_review(stored: &[u8]) -> Result<ReviewRow> {
    let Review { state, reviewer_pids, at_ns } = message(stored)?;
    Ok(ReviewRow {
        state: present(ReviewState::from_code(&state), "state")?,
        reviewers: agents(&reviewer_pids)?,
        at: Time::from_nanos(at_ns),
    })
}

pub(super) fn finding(FindingRow { raised_by, agents, disposed }: &FindingRow) -> Vec<u8> {
    Finding {
        raised_by: raised_by.as_bytes().to_vec(),
        agent_pids: all_bytes(agents),
        disposition: disposed.map_or("", |(how, _)| how.code()).to_owned(),
        disposed_by: bytes(disposed.as_ref().map(|(_, by)| by)),
    }
    .encode_to_vec()
}

pub(super) fn read_finding(stored: &[u8]) -> Result<FindingRow> {
    let Finding { agent_pids, disposition, disposed_by, raised_by } = message(stored)?;
    let by: Option<AgentPid> = optional_pid(&disposed_by, "disposed_by")?;
    let disposed = match by {
        None => None,
        Some(by) => Some((present(Disposition::from_code(&disposition), "disposition")?, by)),
    };
    let raised_by = pid(&raised_by, "raised_by")?;
    Ok(FindingRow { raised_by, agents: agents(&agent_pids)?, disposed })
}
