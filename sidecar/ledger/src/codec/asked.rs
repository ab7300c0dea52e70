//! What was asked, straight out of an entry's bytes: its head, and the wish of a reservation. Where
//! an entry is decided again, the rest has to come out by itself.

use makegood_core::ledger::{Caller, Entry, EntryBody, GestureRequest};
use makegood_core::money::Money;
use makegood_core::time::Time;
use makegood_proto::ledger::v1 as pb;

use super::decode::{
    DecodeError, Result, access, currency, digest, gesture_kind, optional, optional_pid, parse,
    pid, present,
};
use super::wire;

/// The field of an entry in which a reservation lies.
const RESERVED: usize = 22;
/// More than the number of any field that is looked at.
const FIELDS: usize = RESERVED + 1;

/// A reservation without traces and lines; `None` where the entry is none.
pub(super) fn reservation(message: &[u8]) -> Result<Option<Entry>> {
    let head = present(wire::fields::<FIELDS>(message), "entry")?;
    let wire::Value::Blob(reserved) = head[RESERVED] else { return Ok(None) };
    let may = i32::try_from(head[4].int()).ok().and_then(|may| pb::Access::try_from(may).ok());
    let caller = Caller {
        agent: pid(head[3].blob(), "agent_pid")?,
        access: access(may.unwrap_or_default())?,
        role: parse(head[5].text(), "role")?,
        team: optional(head[6].text(), "team")?,
        tenure_days: number(head[13], "tenure_days")?,
    };
    Ok(Some(Entry {
        position: u64::try_from(head[1].int()).map_err(|_| DecodeError { field: "position" })?,
        at: Time::from_nanos(head[2].int()),
        caller,
        policy: pid(head[7].blob(), "policy_sha256")?,
        rules_version: number(head[8], "rules_version")?,
        currency: match head[9].text() {
            "" => None,
            code => Some(currency(code)?),
        },
        trace: Vec::new(),
        postings: Vec::new(),
        effective_at: match head[14] {
            wire::Value::Absent => None,
            at => Some(Time::from_nanos(at.int())),
        },
        is_post_close: head[15].int() != 0,
        body: body(reserved)?,
    }))
}

fn body(reserved: &[u8]) -> Result<EntryBody> {
    let body = present(wire::fields::<7>(reserved), "entry")?;
    Ok(EntryBody::Reserved {
        request: Box::new(gesture(body[1].blob())?),
        kind: gesture_kind(body[2].text())?,
        pool: parse(body[3].text(), "pool_id")?,
        expire_at: Time::from_nanos(body[4].int()),
        is_give: body[5].int() != 0,
        consult: optional_pid(body[6].blob(), "consult_id")?,
    })
}

fn gesture(gesture: &[u8]) -> Result<GestureRequest> {
    let it = present(wire::fields::<12>(gesture), "gesture")?;
    Ok(GestureRequest {
        spend: pid(it[1].blob(), "spend_id")?,
        customer: pid(it[2].blob(), "customer_pid")?,
        interaction: pid(it[3].blob(), "interaction_pid")?,
        case: optional_pid(it[4].blob(), "case_pid")?,
        amount: Money::new(currency(it[6].text())?, it[5].int()),
        reason: parse(it[7].text(), "reason_code")?,
        gesture: parse(it[8].text(), "gesture_code")?,
        note: digest(it[9].blob(), "note_commitment")?,
        decided_ms: number(it[10], "decided_ms")?,
        suggestion: optional(it[11].text(), "suggestion_code")?,
    })
}

fn number(value: wire::Value<'_>, field: &'static str) -> Result<u32> {
    u32::try_from(value.int()).map_err(|_| DecodeError { field })
}
