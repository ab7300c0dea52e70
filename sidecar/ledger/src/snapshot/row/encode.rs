//! From rows to bytes.

use makegood_core::ids::AgentPid;
use makegood_core::ledger::{
    ActivePolicyRow, BalanceRow, Charge, Charged, CounterKey, CounterRow, HeadRow, Outcome,
    OutcomeRow, Part, PoolRow, Row, SpendRow, SpendSnapshot,
};
use makegood_core::time::Time;
use prost::Message as _;

use super::acts;
use super::{
    ActivePolicy, Answer, Balance, Counter, Head, Pool, Snapshot, Spend, StoredCharge,
    StoredCharged, StoredPart,
};
use crate::codec::encode as stored;

/// The bytes of a row.
pub(in crate::snapshot) fn encode(row: &Row) -> Vec<u8> {
    match row {
        Row::Head(HeadRow { entry_count, last_at }) => {
            Head { entry_count: *entry_count, last_ns: last_at.as_nanos() }.encode_to_vec()
        }
        Row::ActivePolicy(row) => active_policy(row).encode_to_vec(),
        Row::Pool(PoolRow { team, allotted_minor, moved_minor, held_minor, given_minor }) => Pool {
            team: team.as_ref().map(ToString::to_string).unwrap_or_default(),
            allotted_minor: *allotted_minor,
            moved_minor: *moved_minor,
            held_minor: *held_minor,
            given_minor: *given_minor,
        }
        .encode_to_vec(),
        Row::Balance(BalanceRow { debit_minor, credit_minor }) => Balance {
            debit_minor: debit_minor.to_le_bytes().to_vec(),
            credit_minor: credit_minor.to_le_bytes().to_vec(),
        }
        .encode_to_vec(),
        Row::Counter(row) => counter(row).encode_to_vec(),
        Row::Spend(row) => spend(row).encode_to_vec(),
        Row::Outcome(row) => answer(row).encode_to_vec(),
        Row::Consult(row) => acts::consult(row),
        Row::Pause(row) => acts::pause(row),
        Row::Periods(row) => acts::periods(row),
        Row::Policy(row) => acts::policy(row),
        Row::Act(row) => acts::act(row),
        Row::Review(row) => acts::review(row),
        Row::Finding(row) => acts::finding(row),
    }
}

fn active_policy(row: &ActivePolicyRow) -> ActivePolicy {
    let ActivePolicyRow { digest, name, version, position, activated_at } = row;
    ActivePolicy {
        sha256: digest.as_bytes().to_vec(),
        name: name.clone(),
        version: version.clone(),
        position: *position,
        activated_ns: activated_at.as_nanos(),
    }
}

fn counter(row: &CounterRow) -> Counter {
    match row {
        CounterRow::Total { held_minor, given_minor, granted_minor } => Counter {
            is_rolling: false,
            held_minor: *held_minor,
            given_minor: *given_minor,
            charges: Vec::new(),
            granted_minor: *granted_minor,
        },
        CounterRow::Rolling { charges } => Counter {
            is_rolling: true,
            charges: charges.iter().map(charge).collect(),
            ..Counter::default()
        },
    }
}

fn charge(charge: &Charge) -> StoredCharge {
    let Charge { spend, at, held_minor, given_minor, granted_minor } = charge;
    StoredCharge {
        spend_id: spend.as_bytes().to_vec(),
        at_ns: at.as_nanos(),
        held_minor: *held_minor,
        given_minor: *given_minor,
        granted_minor: *granted_minor,
    }
}

fn spend(row: &SpendRow) -> Spend {
    let SpendRow {
        about,
        currency,
        amount_minor,
        held_minor,
        committed_minor,
        reversed_minor,
        state,
        reserved_at,
        counted_at,
        raises,
        grant,
        commits,
        committed_at,
        expire_at,
        charged,
        policy,
        consult,
        approvers,
        parties,
        role,
        tenure_days,
    } = row;
    let pids = |pids: &[AgentPid]| pids.iter().map(|pid| pid.as_bytes().to_vec()).collect();
    Spend {
        about: Some(stored::about(about)),
        currency_code: currency.code().to_owned(),
        amount_minor: *amount_minor,
        held_minor: *held_minor,
        committed_minor: *committed_minor,
        reversed_minor: *reversed_minor,
        state: state.code().to_owned(),
        reserved_ns: reserved_at.as_nanos(),
        expire_ns: expire_at.as_nanos(),
        counted_ns: counted_at.as_nanos(),
        raises: raises.iter().map(stored_part).collect(),
        grant: grant.as_ref().map(stored_part),
        committed_ns: committed_at.map(Time::as_nanos),
        commits: commits.iter().map(stored_part).collect(),
        charged: charged.iter().map(stored_charged).collect(),
        policy_sha256: policy.as_bytes().to_vec(),
        consult_id: consult.map(|id| id.as_bytes().to_vec()).unwrap_or_default(),
        approver_pids: pids(approvers),
        party_pids: pids(parties),
        role: role.to_string(),
        tenure_days: *tenure_days,
    }
}

fn stored_part(Part { at, amount_minor }: &Part) -> StoredPart {
    StoredPart { at_ns: at.as_nanos(), amount_minor: *amount_minor }
}

fn stored_charged(charged: &Charged) -> StoredCharged {
    let Charged { counter, at, cap_minor, counts, granted_above_minor } = charged;
    let CounterKey { limit, scope, window, currency } = counter;
    StoredCharged {
        limit_id: limit.to_string(),
        scope: Some(stored::scope(scope)),
        window: Some(stored::window(*window)),
        currency_code: currency.map(|currency| currency.code().to_owned()).unwrap_or_default(),
        cap_minor: *cap_minor,
        counts: stored::counts(*counts).into(),
        granted_above_minor: *granted_above_minor,
        at_ns: at.as_nanos(),
    }
}

fn answer(row: &OutcomeRow) -> Answer {
    let OutcomeRow { agent, operation, outcome } = row;
    // A first answer is never a repeat.
    let Outcome { position, at, spend, refusal, consult, replayed: _ } = outcome;
    Answer {
        agent_pid: agent.as_bytes().to_vec(),
        operation: Some(stored::operation(operation)),
        position: *position,
        at_ns: at.as_nanos(),
        spend: spend.as_ref().map(snapshot),
        refusal: refusal.as_ref().map(stored::refusal),
        consult: consult.as_deref().map(acts::stored_consult),
    }
}

fn snapshot(snapshot: &SpendSnapshot) -> Snapshot {
    let SpendSnapshot {
        spend,
        currency,
        amount_minor,
        held_minor,
        committed_minor,
        reversed_minor,
        state,
        expire_at,
    } = snapshot;
    Snapshot {
        spend_id: spend.as_bytes().to_vec(),
        currency_code: currency.code().to_owned(),
        amount_minor: *amount_minor,
        held_minor: *held_minor,
        committed_minor: *committed_minor,
        reversed_minor: *reversed_minor,
        state: state.code().to_owned(),
        expire_ns: expire_at.as_nanos(),
    }
}
