//! From messages back to the core's entries.

use makegood_core::mutants::{Mutant, is_on};
use std::str::FromStr;

use makegood_core::ids::Digest;
use makegood_core::ledger::{
    Access, Caller, ConsultState, Entry, EntryBody, GestureRequest, LimitTrace, Operation, Posting,
    Refusal, ReverseReason, ScopeKey, Side, SpendAbout, SpendState, VoidReason, WindowKey,
};
use makegood_core::money::{Currency, Money};
use makegood_core::policy::{Counts, GestureKind};
use makegood_core::time::Time;
use makegood_proto::ledger::v1 as pb;
use pb::entry::Body;

use super::{acts, codes, consults};

/// A stored entry holds no valid value in a field; it may come from a newer release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a stored entry has no valid {field}; it may come from a newer release")]
pub struct DecodeError {
    /// The field.
    pub field: &'static str,
}

pub(super) type Result<T> = std::result::Result<T, DecodeError>;

pub(super) fn entry(entry: pb::Entry) -> Result<Entry> {
    let caller = Caller {
        agent: pid(&entry.agent_pid, "agent_pid")?,
        access: access(entry.access())?,
        role: parse(&entry.role, "role")?,
        team: optional(&entry.team, "team")?,
        tenure_days: unsigned(entry.tenure_days, "tenure_days")?,
    };
    Ok(Entry {
        position: u64::try_from(entry.position).map_err(|_| DecodeError { field: "position" })?,
        at: Time::from_nanos(entry.record_time_ns),
        caller,
        policy: pid(&entry.policy_sha256, "policy_sha256")?,
        rules_version: unsigned(entry.rules_version, "rules_version")?,
        currency: match entry.currency_code.as_str() {
            "" => None,
            code => Some(currency(code)?),
        },
        trace: entry.limit_traces.into_iter().map(limit_trace).collect::<Result<_>>()?,
        postings: entry.postings.iter().map(posting).collect::<Result<_>>()?,
        effective_at: entry.effective_time_ns.map(Time::from_nanos),
        is_post_close: entry.post_close,
        body: body(present(entry.body, "body")?)?,
    })
}

fn body(body: Body) -> Result<EntryBody> {
    Ok(match body {
        Body::PolicyActivated(it) => EntryBody::PolicyActivated {
            name: it.name,
            version: it.version,
            previous: digest(&it.previous_sha256, "previous_sha256")?,
        },
        Body::PoolOpened(it) => EntryBody::PoolOpened {
            pool: parse(&it.pool_id, "pool_id")?,
            team: optional(&it.team, "team")?,
            allotted_minor: it.allotted_minor,
            previous_minor: it.previous_minor,
        },
        Body::Reserved(it) => EntryBody::Reserved {
            request: Box::new(gesture(&present(it.gesture, "gesture")?)?),
            kind: gesture_kind(&it.gesture_kind)?,
            pool: parse(&it.pool_id, "pool_id")?,
            expire_at: Time::from_nanos(it.expire_time_ns),
            is_give: it.give,
            consult: optional_pid(&it.consult_id, "consult_id")?,
        },
        Body::Refused(it) => EntryBody::Refused {
            operation: operation(present(it.operation, "operation")?)?,
            refusal: refusal(present(it.refusal, "refusal")?)?,
            about: it.about.as_ref().map(about).transpose()?.map(Box::new),
        },
        Body::ActDone(it) => EntryBody::Act {
            request: optional_pid(&it.request_id, "request_id")?,
            balances: digest(&it.balances_sha256, "balances_sha256")?,
            act: acts::read(present(it.act, "act")?)?,
        },
        Body::ConsultAsked(it) => consults::asked(&it)?,
        Body::ConsultPassed(it) => consults::passed(&it)?,
        Body::ConsultApproved(it) => consults::approved(&it)?,
        Body::ConsultClosed(it) => consults::closed(&it)?,
        later => change(later)?,
    })
}

/// What happens to a gesture after its reservation.
fn change(body: Body) -> Result<EntryBody> {
    Ok(match body {
        Body::Extended(it) => EntryBody::Extended {
            request: pid(&it.request_id, "request_id")?,
            about: boxed(it.about)?,
            previous_expire_at: Time::from_nanos(it.previous_expire_time_ns),
            expire_at: Time::from_nanos(it.expire_time_ns),
        },
        Body::Committed(it) => EntryBody::Committed {
            request: optional_pid(&it.request_id, "request_id")?,
            about: boxed(it.about)?,
            amount_minor: it.amount_minor,
            is_final: it.r#final,
            released_minor: it.released_minor,
        },
        Body::Voided(it) => EntryBody::Voided {
            request: pid(&it.request_id, "request_id")?,
            reason: void_reason(it.reason())?,
            about: boxed(it.about)?,
            released_minor: it.released_minor,
        },
        Body::Expired(it) => {
            EntryBody::Expired { about: boxed(it.about)?, released_minor: it.released_minor }
        }
        Body::Reversed(it) => EntryBody::Reversed {
            request: pid(&it.request_id, "request_id")?,
            reason: reverse_reason(it.reason())?,
            about: boxed(it.about)?,
            amount_minor: it.amount_minor,
        },
        Body::Increased(it) => EntryBody::Increased {
            request: pid(&it.request_id, "request_id")?,
            about: boxed(it.about)?,
            amount_minor: it.amount_minor,
        },
        Body::Corrected(it) => EntryBody::Corrected {
            request: pid(&it.request_id, "request_id")?,
            about: boxed(it.about)?,
            reason: parse(&it.reason_code, "reason_code")?,
            gesture: parse(&it.gesture_code, "gesture_code")?,
            kind: gesture_kind(&it.gesture_kind)?,
            amount_minor: it.amount_minor,
        },
        _ => unreachable!("`body` takes the others"),
    })
}

pub(crate) fn operation(operation: pb::Operation) -> Result<Operation> {
    use pb::operation::Kind;
    Ok(match present(operation.kind, "operation")? {
        Kind::Reserve(it) => Operation::Reserve(Box::new(gesture(&it)?)),
        Kind::Give(it) => Operation::Give(Box::new(gesture(&it)?)),
        Kind::Extend(it) => Operation::Extend {
            request: pid(&it.request_id, "request_id")?,
            spend: pid(&it.spend_id, "spend_id")?,
        },
        Kind::Commit(it) => Operation::Commit {
            request: pid(&it.request_id, "request_id")?,
            spend: pid(&it.spend_id, "spend_id")?,
            amount_minor: it.amount_minor,
            is_final: it.r#final,
        },
        Kind::Void(it) => Operation::Void {
            request: pid(&it.request_id, "request_id")?,
            spend: pid(&it.spend_id, "spend_id")?,
            reason: void_reason(it.reason())?,
        },
        Kind::Reverse(it) => Operation::Reverse {
            request: pid(&it.request_id, "request_id")?,
            spend: pid(&it.spend_id, "spend_id")?,
            amount_minor: it.amount_minor,
            reason: reverse_reason(it.reason())?,
            effective_at: it.effective_time_ns.map(Time::from_nanos),
        },
        later => consulting(later)?,
    })
}

/// Operations that came with consults, increments and corrections.
fn consulting(kind: pb::operation::Kind) -> Result<Operation> {
    use pb::operation::Kind;
    Ok(match kind {
        Kind::Increment(it) => Operation::Increment {
            request: pid(&it.request_id, "request_id")?,
            spend: pid(&it.spend_id, "spend_id")?,
            amount_minor: it.amount_minor,
        },
        Kind::Correct(it) => Operation::Correct {
            request: pid(&it.request_id, "request_id")?,
            spend: pid(&it.spend_id, "spend_id")?,
            reason: parse(&it.reason_code, "reason_code")?,
            gesture: parse(&it.gesture_code, "gesture_code")?,
            effective_at: it.effective_time_ns.map(Time::from_nanos),
        },
        Kind::Ask(it) => Operation::Ask {
            consult: pid(&it.consult_id, "consult_id")?,
            gesture: Box::new(gesture(&present(it.gesture, "gesture")?)?),
            to: optional_pid(&it.approver_pid, "approver_pid")?,
        },
        Kind::Answer(it) => Operation::Answer {
            request: pid(&it.request_id, "request_id")?,
            consult: pid(&it.consult_id, "consult_id")?,
            spend: pid(&it.spend_id, "spend_id")?,
            approved_minor: it.approved_minor,
        },
        Kind::Withdraw(it) => Operation::Withdraw {
            request: pid(&it.request_id, "request_id")?,
            consult: pid(&it.consult_id, "consult_id")?,
            spend: pid(&it.spend_id, "spend_id")?,
        },
        _ => unreachable!("`operation` takes the others"),
    })
}

fn gesture(it: &pb::Gesture) -> Result<GestureRequest> {
    Ok(GestureRequest {
        spend: pid(&it.spend_id, "spend_id")?,
        customer: pid(&it.customer_pid, "customer_pid")?,
        interaction: pid(&it.interaction_pid, "interaction_pid")?,
        case: optional_pid(&it.case_pid, "case_pid")?,
        amount: Money::new(currency(&it.currency_code)?, it.amount_minor),
        reason: parse(&it.reason_code, "reason_code")?,
        gesture: parse(&it.gesture_code, "gesture_code")?,
        note: digest(&it.note_commitment, "note_commitment")?,
        decided_ms: u32::try_from(it.decided_ms)
            .map_err(|_| DecodeError { field: "decided_ms" })?,
        suggestion: optional(&it.suggestion_code, "suggestion_code")?,
    })
}

fn boxed(message: Option<pb::About>) -> Result<Box<SpendAbout>> {
    about(&present(message, "about")?).map(Box::new)
}

pub(crate) fn about(it: &pb::About) -> Result<SpendAbout> {
    Ok(SpendAbout {
        spend: pid(&it.spend_id, "spend_id")?,
        agent: pid(&it.agent_pid, "agent_pid")?,
        customer: pid(&it.customer_pid, "customer_pid")?,
        interaction: pid(&it.interaction_pid, "interaction_pid")?,
        case: optional_pid(&it.case_pid, "case_pid")?,
        reason: parse(&it.reason_code, "reason_code")?,
        gesture: parse(&it.gesture_code, "gesture_code")?,
        kind: gesture_kind(&it.gesture_kind)?,
        pool: parse(&it.pool_id, "pool_id")?,
    })
}

pub(crate) fn refusal(refusal: pb::Refusal) -> Result<Refusal> {
    use pb::refusal::Kind;
    Ok(match present(refusal.kind, "refusal")? {
        Kind::HoldExpiredNs(at) => Refusal::HoldExpired { at: Time::from_nanos(at) },
        Kind::HoldResolvedState(state) => Refusal::HoldResolved {
            state: present(SpendState::from_code(&state), "hold_resolved_state")?,
        },
        Kind::AboveHold(it) => Refusal::AmountAboveHold {
            held_minor: it.available_minor,
            requested_minor: it.requested_minor,
            currency: currency(&it.currency_code)?,
        },
        Kind::AboveGiven(it) => Refusal::AmountAboveGiven {
            given_minor: it.available_minor,
            requested_minor: it.requested_minor,
            currency: currency(&it.currency_code)?,
        },
        Kind::UndoClosedNs(at) => Refusal::UndoWindowClosed { ended_at: Time::from_nanos(at) },
        Kind::NoAuthorityRole(role) => Refusal::NoAuthority { role: parse(&role, "role")? },
        Kind::LimitExceeded(it) => {
            let excess = present(it.excess, "excess")?;
            Refusal::LimitExceeded {
                limit: parse(&it.limit_id, "limit_id")?,
                label: it.label,
                available_minor: excess.available_minor,
                requested_minor: excess.requested_minor,
                currency: currency(&excess.currency_code)?,
            }
        }
        Kind::Paused(reason) => Refusal::Paused {
            reason: codes::read_pause_reason(
                pb::PauseReason::try_from(reason).unwrap_or_default(),
            )?,
        },
        Kind::PolicyChanged(_) => Refusal::PolicyChanged,
        Kind::WindowEndedLimitId(limit) => {
            Refusal::WindowEnded { limit: parse(&limit, "window_ended_limit_id")? }
        }
        Kind::ConsultOverState(state) => Refusal::ConsultOver {
            state: present(ConsultState::from_code(&state), "consult_over_state")?,
        },
        Kind::ConsultOpenId(consult) => {
            Refusal::ConsultOpen { consult: pid(&consult, "consult_open_id")? }
        }
        Kind::NobodyToAsk(_) => Refusal::NobodyToAsk,
        Kind::AboveAsked(it) => Refusal::AmountAboveAsked {
            asked_minor: it.available_minor,
            approved_minor: it.requested_minor,
            currency: currency(&it.currency_code)?,
        },
        Kind::PeriodClosedNs(at) => Refusal::PeriodClosed { closed_until: Time::from_nanos(at) },
        Kind::TooLongAgoNs(at) => Refusal::TooLongAgo { earliest: Time::from_nanos(at) },
    })
}

fn limit_trace(trace: pb::LimitTrace) -> Result<LimitTrace> {
    let counts = counts(trace.counts());
    Ok(LimitTrace {
        limit: parse(&trace.limit_id, "limit_id")?,
        scope: scope(&present(trace.scope, "scope")?)?,
        window: window(&present(trace.window, "window")?)?,
        before_minor: trace.before_minor,
        amount_minor: trace.amount_minor,
        after_minor: trace.after_minor,
        cap_minor: trace.cap_minor,
        counts,
        granted_minor: if is_on(Mutant::CodecForgetsGrants) { 0 } else { trace.granted_minor },
    })
}

pub(crate) fn counts(counts: pb::Counts) -> Counts {
    match counts {
        pb::Counts::Unspecified => Counts::Amounts,
        pb::Counts::Times => Counts::Times,
        pb::Counts::Grants => Counts::Grants,
    }
}

pub(crate) fn scope(scope: &pb::Scope) -> Result<ScopeKey> {
    Ok(ScopeKey {
        pool: optional(&scope.pool_id, "pool_id")?,
        agent: optional_pid(&scope.agent_pid, "agent_pid")?,
        customer: optional_pid(&scope.customer_pid, "customer_pid")?,
        case: optional_pid(&scope.case_pid, "case_pid")?,
        interaction: optional_pid(&scope.interaction_pid, "interaction_pid")?,
        reason: optional(&scope.reason_code, "reason_code")?,
    })
}

pub(crate) fn window(window: &pb::Window) -> Result<WindowKey> {
    use pb::window::Kind;
    Ok(match present(window.kind.as_ref(), "window")? {
        Kind::InteractionPid(bytes) => WindowKey::Interaction(pid(bytes, "interaction_pid")?),
        Kind::CasePid(bytes) => WindowKey::Case(pid(bytes, "case_pid")?),
        Kind::Calendar(it) => WindowKey::Calendar {
            start: Time::from_nanos(it.start_ns),
            end: Time::from_nanos(it.end_ns),
        },
        Kind::RollingNs(duration_ns) => WindowKey::Rolling { duration_ns: *duration_ns },
        Kind::Lifetime(_) => WindowKey::Lifetime,
    })
}

fn posting(posting: &pb::Posting) -> Result<Posting> {
    let side = match posting.side() {
        pb::Side::Debit => Side::Debit,
        pb::Side::Credit => Side::Credit,
        pb::Side::Unspecified => return Err(DecodeError { field: "side" }),
    };
    Ok(Posting {
        account: parse(&posting.account, "account")?,
        side,
        amount_minor: posting.amount_minor,
    })
}

pub(super) fn access(access: pb::Access) -> Result<Access> {
    match access {
        pb::Access::Agent => Ok(Access::Agent),
        pb::Access::Supervisor => Ok(Access::Supervisor),
        pb::Access::Auditor => Ok(Access::Auditor),
        pb::Access::Admin => Ok(Access::Admin),
        pb::Access::System => Ok(Access::System),
        pb::Access::Unspecified => Err(DecodeError { field: "access" }),
    }
}

fn void_reason(reason: pb::VoidReason) -> Result<VoidReason> {
    match reason {
        pb::VoidReason::CustomerDeclined => Ok(VoidReason::CustomerDeclined),
        pb::VoidReason::Misidentified => Ok(VoidReason::Misidentified),
        pb::VoidReason::Other => Ok(VoidReason::Other),
        pb::VoidReason::Unspecified => Err(DecodeError { field: "reason" }),
    }
}

fn reverse_reason(reason: pb::ReverseReason) -> Result<ReverseReason> {
    match reason {
        pb::ReverseReason::MisEntry => Ok(ReverseReason::MisEntry),
        pb::ReverseReason::CustomerReturned => Ok(ReverseReason::CustomerReturned),
        pb::ReverseReason::Duplicate => Ok(ReverseReason::Duplicate),
        pb::ReverseReason::Other => Ok(ReverseReason::Other),
        pb::ReverseReason::Unspecified => Err(DecodeError { field: "reason" }),
    }
}

pub(super) fn gesture_kind(code: &str) -> Result<GestureKind> {
    present(GestureKind::from_code(code), "gesture_kind")
}

pub(crate) fn currency(code: &str) -> Result<Currency> {
    Currency::parse(code).map_err(|_| DecodeError { field: "currency_code" })
}

pub(crate) fn present<T>(value: Option<T>, field: &'static str) -> Result<T> {
    value.ok_or(DecodeError { field })
}

pub(crate) fn parse<T: FromStr>(text: &str, field: &'static str) -> Result<T> {
    text.parse().map_err(|_| DecodeError { field })
}

pub(crate) fn optional<T: FromStr>(text: &str, field: &'static str) -> Result<Option<T>> {
    if text.is_empty() { Ok(None) } else { parse(text, field).map(Some) }
}

/// A position, a size or a count.
pub(super) fn position(value: i64, field: &'static str) -> Result<u64> {
    u64::try_from(value).map_err(|_| DecodeError { field })
}

pub(super) fn unsigned(value: i32, field: &'static str) -> Result<u32> {
    u32::try_from(value).map_err(|_| DecodeError { field })
}

/// An id from exactly as many bytes as it has.
pub(crate) fn pid<const N: usize, T: FromBytes<N>>(bytes: &[u8], field: &'static str) -> Result<T> {
    <[u8; N]>::try_from(bytes).map(T::from_array).map_err(|_| DecodeError { field })
}

pub(crate) fn optional_pid<const N: usize, T: FromBytes<N>>(
    bytes: &[u8],
    field: &'static str,
) -> Result<Option<T>> {
    if bytes.is_empty() { Ok(None) } else { pid(bytes, field).map(Some) }
}

pub(super) fn digest(bytes: &[u8], field: &'static str) -> Result<Option<Digest>> {
    optional_pid(bytes, field)
}

/// Ids of the core that are made of a fixed number of bytes.
pub(crate) trait FromBytes<const N: usize> {
    fn from_array(bytes: [u8; N]) -> Self;
}

macro_rules! from_bytes {
    ($($id:ident: $length:literal),*) => {
        $(impl FromBytes<$length> for makegood_core::ids::$id {
            fn from_array(bytes: [u8; $length]) -> Self {
                Self::from_bytes(bytes)
            }
        })*
    };
}

from_bytes!(
    AgentPid: 15, CustomerPid: 15, InteractionPid: 15, CasePid: 15,
    SpendId: 16, RequestId: 16, Digest: 32
);
