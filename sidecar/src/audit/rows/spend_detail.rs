//! `Makegood_Spend_Detail`: a row for each entry, with what the audit standard has no column for.

use makegood_core::ids::Digest;
use makegood_core::ledger::{LimitTrace, OperationId, ScopeKey, WindowKey};
use makegood_core::policy::Counts;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::super::cell::{Cell, Column, Table};
use super::super::event::Event;
use super::super::gather::Gathered;
use super::super::period::{compact, date, instant};
use super::super::source::Stored;
use super::who;

/// The table.
pub(in super::super) static TABLE: Table = Table {
    name: "Makegood_Spend_Detail",
    about: "one row for each entry of the period; joins GL_Detail on Journal_ID",
    columns: &[
        Column::integer("Journal_ID", "the journal, where the entry has lines"),
        Column::integer("seq", "the entry's position, without gaps from 0"),
        Column::text("leaf_hash", "SHA-256 of a zero byte and the stored entry, hexadecimal"),
        Column::integer("tree_size_at_export", "how many entries the ledger had"),
        Column::text("event_kind", "what happened"),
        Column::text("authorization_id", "the gesture's id (spend_id)"),
        Column::text("capture_id", "the request that gave it; the gesture's id if at once"),
        Column::integer("reverses_seq", "the entry that this one takes back"),
        Column::integer("recorded_at_utc_ns", "nanoseconds since 1970, UTC"),
        Column::text("effective_date", "the day that it counts for, YYYYMMDD, UTC"),
        Column::text("agent_pid", "pseudonym of whose gesture it is, else of who acted"),
        Column::text("agent_role", "role of who acted"),
        Column::text("team_id", "team of who acted"),
        Column::text("guest_commitment", "pseudonym of the customer"),
        Column::text("incident_commitment", "pseudonym of the interaction"),
        Column::text("category", "the kind of the gesture"),
        Column::text("reason_code", "why"),
        Column::text("outcome_code", "DONE, or how it ended, or the reason of the refusal"),
        Column::integer("amount_minor", "in minor units"),
        Column::text("currency", "ISO 4217"),
        Column::integer("exponent", "decimals of the currency"),
        Column::text("policy_id", "name of the policy that decided"),
        Column::text("policy_version", "its version"),
        Column::text("policy_sha256", "digest of its text, which is in the folder policies"),
        Column::text("limits_json", "each limit: id, scope, window, before, amount, after, cap"),
        Column::text("consult_id", "the question to a second person"),
        Column::text("approver_pid", "pseudonym of the second person"),
        Column::integer("approver_limit_minor", "what they approved in all, in minor units"),
        Column::text("hold_expires_at", "RFC 3339, UTC"),
        Column::text("idempotency_key_hash", "SHA-256 of the 16 bytes of the request's id"),
        Column::integer("replay_count", "always empty: repeats get the first answer, no entry"),
        Column::text(
            "finding_ids",
            "rule:first position of Findings; rule@entry as the ledger keeps it",
        ),
        Column::text("review_state", "as of tree_size_at_export"),
        Column::text("reviewer_pid", "pseudonym of the last reviewer"),
        Column::text("reviewed_at", "RFC 3339, UTC"),
        Column::text("actor_pid", "pseudonym of who acted"),
        Column::text("actor_access", "what their credentials allowed"),
        Column::text("case_commitment", "pseudonym of the case"),
        Column::text("gesture_code", "what was given"),
        Column::text("pool_id", "the pool that it draws on"),
        Column::integer("decided_ms", "milliseconds from the complaint to the decision"),
        Column::text("note_commitment", "salted commitment to the note"),
        Column::integer("is_post_close", "1 where it counts for a period opened again"),
    ],
};

/// The row of an entry; `journal` is its journal's number, where it has lines.
pub(in super::super) fn row(
    stored: &Stored,
    event: &Event,
    journal: Option<u64>,
    gathered: &Gathered,
) -> Vec<Cell> {
    let mut row = vec![journal.map_or(Cell::Empty, Cell::number)];
    row.extend(what(stored, event, gathered));
    row.extend(who_and_why(stored, event));
    row.extend(decision(stored, event, gathered));
    row.extend(review(stored, event, gathered));
    row.extend(more(stored, event));
    row
}

fn what(stored: &Stored, event: &Event, gathered: &Gathered) -> [Cell; 9] {
    let entry = &stored.entry;
    [
        Cell::number(stored.position),
        Cell::text(Digest::from_bytes(stored.leaf)),
        Cell::number(gathered.size()),
        Cell::word(entry.body.kind()),
        Cell::maybe(event.spend),
        capture(stored, event),
        gathered.reverses(stored.position).map_or(Cell::Empty, |it| Cell::number(it.position)),
        Cell::Integer(entry.at.as_nanos()),
        Cell::text(compact(date(entry.effective_at.unwrap_or(entry.at)))),
    ]
}

/// The id of what was given: the request's, or the gesture's where it was given at once.
fn capture(stored: &Stored, event: &Event) -> Cell {
    if stored.entry.body.kind() != "COMMITTED" {
        return Cell::Empty;
    }
    match event.operation {
        Some(OperationId::Request(request)) => Cell::text(request),
        _ => Cell::maybe(event.spend),
    }
}

fn who_and_why(stored: &Stored, event: &Event) -> [Cell; 11] {
    let entry = &stored.entry;
    [
        Cell::text(who(&event.agent.unwrap_or(entry.caller.agent))),
        Cell::text(&entry.caller.role),
        Cell::maybe(entry.caller.team.as_ref()),
        Cell::maybe(event.customer),
        Cell::maybe(event.interaction),
        event.kind.map_or(Cell::Empty, |kind| Cell::word(kind.code())),
        Cell::maybe(event.reason.as_ref()),
        Cell::text(&event.outcome),
        event.amount_minor.map_or(Cell::Empty, Cell::Integer),
        Cell::maybe(entry.currency.map(makegood_core::money::Currency::code)),
        entry.currency.map_or(Cell::Empty, |it| Cell::Integer(i64::from(it.exponent()))),
    ]
}

fn decision(stored: &Stored, event: &Event, gathered: &Gathered) -> [Cell; 9] {
    let entry = &stored.entry;
    let policy = gathered.policy(&entry.policy);
    let approval = gathered.approval(event.spend, stored.position);
    let consult = event.consult.or_else(|| approval.map(|approval| approval.consult));
    [
        Cell::maybe(policy.map(|policy| &policy.name)),
        Cell::maybe(policy.map(|policy| &policy.version)),
        Cell::text(entry.policy),
        if entry.trace.is_empty() { Cell::Empty } else { Cell::text(limits(&entry.trace)) },
        Cell::maybe(consult),
        Cell::maybe(approval.map(|approval| who(&approval.approver))),
        approval.map_or(Cell::Empty, |approval| Cell::Integer(approval.approved_minor)),
        Cell::maybe(event.hold_expires_at.map(instant)),
        Cell::maybe(event.operation.map(key_hash)),
    ]
}

fn review(stored: &Stored, event: &Event, gathered: &Gathered) -> [Cell; 5] {
    let findings = gathered.findings.of(stored.position);
    let findings = findings.map(|ids| ids.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
    let review = gathered.review(event.spend);
    [
        Cell::Empty,
        Cell::maybe(findings),
        review.map_or(Cell::Empty, |review| Cell::word(review.state.code())),
        Cell::maybe(review.map(|review| who(&review.reviewer))),
        Cell::maybe(review.map(|review| instant(review.at))),
    ]
}

fn more(stored: &Stored, event: &Event) -> [Cell; 8] {
    let entry = &stored.entry;
    [
        Cell::text(who(&entry.caller.agent)),
        Cell::word(entry.caller.access.code()),
        Cell::maybe(event.case),
        Cell::maybe(event.gesture.as_ref()),
        Cell::maybe(event.pool.as_ref()),
        event.decided_ms.map_or(Cell::Empty, |ms| Cell::Integer(i64::from(ms))),
        Cell::maybe(event.note),
        if entry.is_post_close { Cell::Integer(1) } else { Cell::Empty },
    ]
}

/// The hash under which an auditor finds a request again without knowing others.
fn key_hash(operation: OperationId) -> Digest {
    let bytes = match operation {
        OperationId::Spend(spend) => *spend.as_bytes(),
        OperationId::Request(request) => *request.as_bytes(),
    };
    Digest::from_bytes(Sha256::digest(bytes).into())
}

fn limits(trace: &[LimitTrace]) -> Value {
    trace.iter().map(limit).collect()
}

fn limit(trace: &LimitTrace) -> Value {
    json!({
        "limit_id": trace.limit.as_str(),
        "scope": scope(&trace.scope),
        "window_id": window(&trace.window),
        "counts": if trace.counts == Counts::Times { "times" } else { "minor_units" },
        "before": trace.before_minor,
        "amount": trace.amount_minor,
        "after": trace.after_minor,
        "cap": trace.cap_minor,
        "granted": trace.granted_minor,
    })
}

fn scope(scope: &ScopeKey) -> Value {
    let ScopeKey { pool, agent, customer, case, interaction, reason } = scope;
    let parts = [
        ("pool", pool.as_ref().map(ToString::to_string)),
        ("agent", agent.map(|it| it.to_string())),
        ("customer", customer.map(|it| it.to_string())),
        ("case", case.map(|it| it.to_string())),
        ("interaction", interaction.map(|it| it.to_string())),
        ("reason", reason.as_ref().map(ToString::to_string)),
    ];
    let named =
        parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    Value::Object(named.collect::<Map<_, _>>())
}

/// The window's name, from which its bounds can be read.
pub(in super::super) fn window(window: &WindowKey) -> String {
    match window {
        WindowKey::Interaction(interaction) => format!("interaction:{interaction}"),
        WindowKey::Case(case) => format!("case:{case}"),
        WindowKey::Calendar { start, end } => {
            format!("calendar:{}/{}", instant(*start), instant(*end))
        }
        WindowKey::Rolling { duration_ns } => format!("rolling:{}s", duration_ns / 1_000_000_000),
        WindowKey::Lifetime => "lifetime".to_owned(),
    }
}
