//! From bytes back to rows.

use std::sync::Arc;

use makegood_core::ids::AgentPid;
use makegood_core::ledger::{
    ActivePolicyRow, BalanceRow, Charge, Charged, CounterKey, CounterRow, HeadRow, Key, Outcome,
    OutcomeRow, Part, PoolRow, Row, SpendRow, SpendSnapshot, SpendState,
};
use makegood_core::time::Time;
use prost::Message;

use super::acts;
use super::{
    ActivePolicy, Answer, Balance, Counter, Head, Pool, Snapshot, Spend, StoredCharge,
    StoredCharged, StoredPart,
};
use crate::codec::DecodeError;
use crate::codec::decode::{self as stored, currency, optional, optional_pid, parse, pid, present};

pub(super) type Result<T> = std::result::Result<T, DecodeError>;

/// The row of this name that the bytes hold.
///
/// # Errors
/// When they hold none; a newer release may have written them.
pub(in crate::snapshot) fn decode(key: &Key, bytes: &[u8]) -> Result<Row> {
    Ok(match key {
        Key::Head => {
            let Head { entry_count, last_ns } = message(bytes)?;
            Row::Head(HeadRow { entry_count, last_at: Time::from_nanos(last_ns) })
        }
        Key::ActivePolicy => {
            let ActivePolicy { sha256, name, version, position, activated_ns } = message(bytes)?;
            let (digest, activated_at) = (pid(&sha256, "sha256")?, Time::from_nanos(activated_ns));
            Row::ActivePolicy(Box::new(ActivePolicyRow {
                digest,
                name,
                version,
                position,
                activated_at,
            }))
        }
        Key::Pool(..) => {
            let Pool { team, allotted_minor, held_minor, given_minor, moved_minor } =
                message(bytes)?;
            let team = optional(&team, "team")?;
            Row::Pool(PoolRow { team, allotted_minor, moved_minor, held_minor, given_minor })
        }
        Key::Balance(..) => {
            let Balance { debit_minor, credit_minor } = message(bytes)?;
            let (debit_minor, credit_minor) = (sum(&debit_minor)?, sum(&credit_minor)?);
            Row::Balance(BalanceRow { debit_minor, credit_minor })
        }
        Key::Counter(_) => Row::Counter(decode_counter(message(bytes)?)?),
        Key::Spend(_) => Row::Spend(Box::new(decode_spend(message(bytes)?)?)),
        Key::Outcome(_) => Row::Outcome(Box::new(decode_answer(message(bytes)?)?)),
        Key::Consult(_) => Row::Consult(Box::new(acts::read_consult(bytes)?)),
        Key::Pause => Row::Pause(acts::read_pause(bytes)?),
        Key::Periods => Row::Periods(acts::read_periods(bytes)?),
        Key::Policy(_) => Row::Policy(Box::new(acts::read_policy(bytes)?)),
        Key::Act(_) => Row::Act(Box::new(acts::read_act(bytes)?)),
        Key::Review(_) => Row::Review(acts::read_review(bytes)?),
        Key::Finding(_) => Row::Finding(acts::read_finding(bytes)?),
    })
}

pub(super) fn message<M: Message + Default>(bytes: &[u8]) -> Result<M> {
    M::decode(bytes).map_err(|_| DecodeError { field: "row" })
}

fn sum(bytes: &[u8]) -> Result<i128> {
    let bytes = bytes.try_into().map_err(|_| DecodeError { field: "balance" })?;
    Ok(i128::from_le_bytes(bytes))
}

fn decode_counter(counter: Counter) -> Result<CounterRow> {
    let Counter { is_rolling, held_minor, given_minor, charges, granted_minor } = counter;
    if !is_rolling {
        return Ok(CounterRow::Total { held_minor, given_minor, granted_minor });
    }
    let charges = charges.into_iter().map(decode_charge).collect::<Result<_>>()?;
    Ok(CounterRow::Rolling { charges })
}

fn decode_charge(charge: StoredCharge) -> Result<Charge> {
    let StoredCharge { spend_id, at_ns, held_minor, given_minor, granted_minor } = charge;
    let (spend, at) = (pid(&spend_id, "spend_id")?, Time::from_nanos(at_ns));
    Ok(Charge { spend, at, held_minor, given_minor, granted_minor })
}

fn decode_spend(spend: Spend) -> Result<SpendRow> {
    let charged = spend.charged.into_iter().map(decode_charged).collect::<Result<_>>()?;
    Ok(SpendRow {
        about: stored::about(&present(spend.about, "about")?)?,
        currency: currency(&spend.currency_code)?,
        amount_minor: spend.amount_minor,
        held_minor: spend.held_minor,
        committed_minor: spend.committed_minor,
        reversed_minor: spend.reversed_minor,
        state: state(&spend.state)?,
        reserved_at: Time::from_nanos(spend.reserved_ns),
        counted_at: Time::from_nanos(spend.counted_ns),
        raises: spend.raises.into_iter().map(part).collect(),
        grant: spend.grant.map(part),
        committed_at: spend.committed_ns.map(Time::from_nanos),
        commits: spend.commits.into_iter().map(part).collect(),
        expire_at: Time::from_nanos(spend.expire_ns),
        charged: Arc::new(charged),
        policy: pid(&spend.policy_sha256, "policy_sha256")?,
        consult: optional_pid(&spend.consult_id, "consult_id")?,
        approvers: pids(&spend.approver_pids, "approver_pids")?,
        parties: pids(&spend.party_pids, "party_pids")?,
        role: parse(&spend.role, "role")?,
        tenure_days: spend.tenure_days,
    })
}

fn part(StoredPart { at_ns, amount_minor }: StoredPart) -> Part {
    Part { at: Time::from_nanos(at_ns), amount_minor }
}

fn pids(stored: &[Vec<u8>], field: &'static str) -> Result<Vec<AgentPid>> {
    stored.iter().map(|stored| pid(stored, field)).collect()
}

fn decode_charged(charged: StoredCharged) -> Result<Charged> {
    let counts = stored::counts(charged.counts());
    let StoredCharged {
        limit_id,
        scope,
        window,
        currency_code,
        cap_minor,
        counts: _,
        granted_above_minor,
        at_ns,
    } = charged;
    let counter = CounterKey {
        limit: parse(&limit_id, "limit_id")?,
        scope: stored::scope(&present(scope, "scope")?)?,
        window: stored::window(&present(window, "window")?)?,
        currency: match currency_code.as_str() {
            "" => None,
            code => Some(currency(code)?),
        },
    };
    let at = Time::from_nanos(at_ns);
    Ok(Charged { counter, at, cap_minor, counts, granted_above_minor })
}

fn decode_answer(answer: Answer) -> Result<OutcomeRow> {
    let Answer { agent_pid, operation, position, at_ns, spend, refusal, consult } = answer;
    Ok(OutcomeRow {
        agent: pid(&agent_pid, "agent_pid")?,
        operation: stored::operation(present(operation, "operation")?)?,
        outcome: Outcome {
            position,
            at: Time::from_nanos(at_ns),
            spend: spend.as_ref().map(decode_snapshot).transpose()?,
            refusal: refusal.map(stored::refusal).transpose()?,
            consult: consult.as_ref().map(acts::decode_consult).transpose()?.map(Box::new),
            replayed: false,
        },
    })
}

fn decode_snapshot(snapshot: &Snapshot) -> Result<SpendSnapshot> {
    Ok(SpendSnapshot {
        spend: pid(&snapshot.spend_id, "spend_id")?,
        currency: currency(&snapshot.currency_code)?,
        amount_minor: snapshot.amount_minor,
        held_minor: snapshot.held_minor,
        committed_minor: snapshot.committed_minor,
        reversed_minor: snapshot.reversed_minor,
        state: state(&snapshot.state)?,
        expire_at: Time::from_nanos(snapshot.expire_ns),
    })
}

fn state(code: &str) -> Result<SpendState> {
    present(SpendState::from_code(code), "state")
}
