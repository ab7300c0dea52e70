//! What is held about a person, as one JSON document.

use anyhow::Context as _;
use jiff::Timestamp;
use makegood_core::ids::{CustomerPid, Digest, SpendId};
use makegood_ledger::codec;
use makegood_proto::ledger::v1 as ledger_pb;
use makegood_proto::records::v1 as pb;
use makegood_proto::v1::{self, export_subject_response::Part, exported_record::Content};
use serde_json::{Value, json};

use crate::house::timestamp_ns;
use crate::ledger::line::Line;
use crate::vault::Pid;

/// The document: who, every record, every entry of the ledger.
pub(super) fn document(parts: Vec<v1::ExportSubjectResponse>) -> anyhow::Result<Value> {
    let (mut subject, mut records, mut entries) = (Value::Null, Vec::new(), Vec::new());
    for part in parts.into_iter().filter_map(|part| part.part) {
        match part {
            Part::Subject(it) => subject = who(&it),
            Part::Record(it) => records.push(record(it)),
            Part::Entry(it) => entries.push(entry(it)?),
        }
    }
    Ok(json!({ "subject": subject, "records": records, "ledger_entries": entries }))
}

fn who(it: &v1::ExportedSubject) -> Value {
    // The entry about this export is among the others.
    let v1::ExportedSubject { subject_id, kind: _, erasure, receipt: _ } = it;
    let kind = match it.kind() {
        v1::SubjectKind::Unspecified => Value::Null,
        v1::SubjectKind::Customer => "customer".into(),
        v1::SubjectKind::Agent => "agent".into(),
    };
    let erased = erasure.as_ref().map(|erasure| {
        let basis = erasure.basis().as_str_name();
        json!({
            "time": erasure.erase_time.map(|at| time(timestamp_ns(at))),
            "basis": word(basis, "ERASURE_BASIS_"),
            "ledger_position": erasure.ledger_position,
        })
    });
    json!({ "subject_id": subject_id, "kind": kind, "erased": erased })
}

fn entry(it: v1::ListedEntry) -> anyhow::Result<Value> {
    let v1::ListedEntry { position, leaf_hash, entry } = it;
    let entry: ledger_pb::Entry = entry.context("an entry is missing")?;
    let entry = codec::entry(entry).with_context(|| format!("read entry {position}"))?;
    let line = Line::of(&entry);
    let leaf = <[u8; 32]>::try_from(leaf_hash.as_slice()).map(Digest::from_bytes);
    Ok(json!({
        "position": position,
        "time": time(line.at.as_nanos()),
        "kind": line.kind,
        "agent_id": line.agent.map(|it| name(&it)),
        "customer_id": line.customer.map(|it| name(&it)),
        "gesture": line.gesture,
        "why": line.why,
        "amount_minor": line.amount_minor,
        "currency_code": line.currency.map(|(code, _)| code),
        "leaf_hash": leaf.map(|leaf| leaf.to_string()).unwrap_or_default(),
    }))
}

fn record(it: v1::ExportedRecord) -> Value {
    let v1::ExportedRecord { record_time, content } = it;
    let (kind, mut value) = content.map_or(("", Value::Null), told);
    if let Value::Object(fields) = &mut value {
        fields.insert("kind".to_owned(), kind.into());
        let at = record_time.map(|at| time(timestamp_ns(at)));
        fields.insert("record_time".to_owned(), at.unwrap_or_default());
    }
    value
}

fn told(content: Content) -> (&'static str, Value) {
    match content {
        Content::Customer(it) => ("customer", customer(it)),
        Content::Agent(it) => ("agent", agent(it)),
        Content::Interaction(it) => ("interaction", interaction(it)),
        Content::Score(it) => ("score", score(it)),
        Content::Preference(it) => ("preference", preference(it)),
        Content::Promise(it) => ("promise", promise(it)),
        Content::Action(it) => ("action", action(it)),
        Content::Purchase(it) => ("purchase", purchase(it)),
        Content::GestureNote(it) => {
            let pb::GestureNote { spend_id, note } = it;
            ("gesture_note", json!({ "spend_id": spend(&spend_id), "note": note }))
        }
    }
}

fn customer(it: pb::Customer) -> Value {
    let pb::Customer {
        origin,
        display_name,
        short_name,
        tier,
        customer_since_ns,
        time_zone,
        language_code,
        phones,
        emails,
        account_numbers,
        region,
    } = it;
    json!({
        "origin": source(origin),
        "display_name": display_name,
        "short_name": short_name,
        "tier": tier,
        "customer_since": time(customer_since_ns),
        "time_zone": time_zone,
        "language_code": language_code,
        "phones": phones,
        "emails": emails,
        "account_numbers": account_numbers,
        "region": region,
    })
}

fn agent(it: pb::Agent) -> Value {
    let pb::Agent { origin, display_name, team, role, hired_ns, site } = it;
    json!({
        "origin": source(origin),
        "display_name": display_name,
        "team": team,
        "role": role,
        "hired": time(hired_ns),
        "site": site,
    })
}

fn interaction(it: pb::Interaction) -> Value {
    let pb::Interaction {
        origin,
        customer_pid,
        agent_pid,
        team,
        site,
        region,
        channel,
        touch_point,
        lifecycle_stage,
        reasons,
        severity,
        product,
        start_ns,
        connect_ns,
        end_ns,
        wait_ms,
        transfer_count,
        repeat_of,
        resolved_agent,
        resolved_customer,
        call_state,
        match_status,
        case_id,
        case_pid,
        interaction_pid,
    } = it;
    let channel = v1::Channel::try_from(channel).unwrap_or_default().as_str_name();
    let state = v1::CallState::try_from(call_state).unwrap_or_default().as_str_name();
    let matched = v1::MatchStatus::try_from(match_status).unwrap_or_default().as_str_name();
    json!({
        "origin": source(origin),
        "customer_id": person(&customer_pid),
        "agent_id": person(&agent_pid),
        "team": team,
        "site": site,
        "region": region,
        "channel": word(channel, "CHANNEL_"),
        "touch_point": touch_point,
        "lifecycle_stage": lifecycle_stage,
        "reasons": reasons,
        "severity": severity,
        "product": product,
        "start": time(start_ns),
        "connect": time(connect_ns),
        "end": time(end_ns),
        "wait_ms": wait_ms,
        "transfer_count": transfer_count,
        "repeat_of": repeat_of,
        "resolved_agent": resolved_agent,
        "resolved_customer": resolved_customer,
        "call_state": word(state, "CALL_STATE_"),
        "match_status": word(matched, "MATCH_STATUS_"),
        "case_id": case_id,
        "case_pseudonym": person(&case_pid),
        "interaction_pseudonym": person(&interaction_pid),
    })
}

fn score(it: pb::Score) -> Value {
    let pb::Score {
        origin,
        kind,
        scale_version,
        value,
        interaction_id,
        invite_ns,
        invited_by,
        respond_ns,
        words,
        question,
    } = it;
    let scale = v1::ScoreKind::try_from(kind).unwrap_or_default().as_str_name();
    json!({
        "origin": source(origin),
        "scale": word(scale, "SCORE_KIND_"),
        "scale_version": scale_version,
        "value": value,
        "interaction_id": interaction_id,
        "invite": time(invite_ns),
        "invited_by": invited_by,
        "respond": time(respond_ns),
        "words": words,
        "question": question,
    })
}

fn preference(it: pb::Preference) -> Value {
    let pb::Preference {
        origin,
        kind,
        text,
        source: learned_from,
        learned_ns,
        confirmed_ns,
        expire_ns,
        situational,
        retired_ns,
        interaction_id,
    } = it;
    let about = v1::PreferenceKind::try_from(kind).unwrap_or_default().as_str_name();
    let from = v1::PreferenceSource::try_from(learned_from).unwrap_or_default().as_str_name();
    json!({
        "origin": source(origin),
        "about": word(about, "PREFERENCE_KIND_"),
        "text": text,
        "source": word(from, "PREFERENCE_SOURCE_"),
        "learned": time(learned_ns),
        "confirmed": time(confirmed_ns),
        "expire": time(expire_ns),
        "situational": situational,
        "retired": time(retired_ns),
        "interaction_id": interaction_id,
    })
}

fn promise(it: pb::Promise) -> Value {
    let pb::Promise {
        origin,
        text,
        due_ns,
        create_ns,
        owner_pid,
        outcome,
        settle_ns,
        moved_by,
        interaction_id,
    } = it;
    let number = |number: i32, names: &[&str]| {
        usize::try_from(number).ok().and_then(|index| names.get(index).map(|it| (*it).to_owned()))
    };
    json!({
        "origin": source(origin),
        "text": text,
        "due": time(due_ns),
        "create": time(create_ns),
        "owner_id": person(&owner_pid),
        "outcome": number(outcome, &["open", "kept", "broken", "cancelled"]),
        "settle": time(settle_ns),
        "moved_by": number(moved_by, &["nobody", "customer", "company"]),
        "interaction_id": interaction_id,
    })
}

fn action(it: pb::AdvocacyAction) -> Value {
    let pb::AdvocacyAction {
        origin,
        kind,
        act_ns,
        agent_pid,
        note,
        currency_code,
        customer_value_minor,
        margin_given_up_minor,
        counterpart,
        blocker,
        spend_id,
        suggestion_code,
        policy_version,
        decided_ms,
        reason_code,
        house_value,
        interaction_id,
    } = it;
    let what = v1::ActionKind::try_from(kind).unwrap_or_default().as_str_name();
    let blocker = v1::Blocker::try_from(blocker).unwrap_or_default().as_str_name();
    json!({
        "origin": source(origin),
        "what": word(what, "ACTION_KIND_"),
        "act": time(act_ns),
        "agent_id": person(&agent_pid),
        "note": note,
        "currency_code": currency_code,
        "customer_value_minor": customer_value_minor,
        "margin_given_up_minor": margin_given_up_minor,
        "counterpart": counterpart,
        "blocker": word(blocker, "BLOCKER_"),
        "spend_id": spend(&spend_id),
        "suggestion_code": suggestion_code,
        "policy_version": policy_version,
        "decided_ms": decided_ms,
        "reason_code": reason_code,
        "house_value": house_value,
        "interaction_id": interaction_id,
    })
}

fn purchase(it: pb::Purchase) -> Value {
    let pb::Purchase {
        origin,
        at_ns,
        currency_code,
        revenue_minor,
        margin_minor,
        acquired_by,
        product,
        quantity,
    } = it;
    json!({
        "origin": source(origin),
        "at": time(at_ns),
        "currency_code": currency_code,
        "revenue_minor": revenue_minor,
        "margin_minor": margin_minor,
        "acquired_by": acquired_by,
        "product": product,
        "quantity": quantity,
    })
}

fn source(origin: Option<pb::Origin>) -> Value {
    let Some(pb::Origin { source, source_id }) = origin else {
        return Value::Null;
    };
    json!({ "source": source, "source_id": source_id })
}

/// An instant in UTC; stored zeros mean that there is none.
fn time(ns: i64) -> Value {
    let instant = (ns != 0).then(|| Timestamp::from_nanosecond(ns.into()).ok()).flatten();
    instant.map_or(Value::Null, |instant| instant.to_string().into())
}

/// A stored pseudonym; empty bytes stand for none.
fn person(bytes: &[u8]) -> Option<String> {
    Pid::try_from(bytes).ok().map(|pid| name(&pid))
}

fn name(pid: &Pid) -> String {
    CustomerPid::from_bytes(*pid).to_string()
}

fn spend(bytes: &[u8]) -> Option<String> {
    <[u8; 16]>::try_from(bytes).ok().map(|id| SpendId::from_bytes(id).to_string())
}

/// The name of an enum's value as a word; none for what is not said.
fn word(name: &str, prefix: &str) -> Option<String> {
    let word = name.strip_prefix(prefix).unwrap_or(name);
    (word != "UNSPECIFIED").then(|| word.to_lowercase())
}
