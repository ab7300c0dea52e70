//! From the core's parts of entries to messages. Every struct is taken apart, so that a new field
//! cannot be left out.

use makegood_core::ids::{CasePid, Digest, RequestId};
use makegood_core::ledger::{
    Access, EntryBody, GestureRequest, Operation, Refusal, ReverseReason, ScopeKey, SpendAbout,
    VoidReason, WindowKey,
};
use makegood_core::money::Currency;
use makegood_core::policy::Counts;
use makegood_core::time::Time;
use makegood_proto::ledger::v1 as pb;
use pb::entry::Body;

use super::{acts, codes, consults};

/// What happened, but for what [`super::entry`] writes by itself.
pub(super) fn body(body: &EntryBody) -> Body {
    match body {
        EntryBody::PolicyActivated { name, version, previous } => {
            Body::PolicyActivated(pb::PolicyActivated {
                name: name.clone(),
                version: version.clone(),
                previous_sha256: digest(previous.as_ref()),
            })
        }
        EntryBody::PoolOpened { pool, team, allotted_minor, previous_minor } => {
            Body::PoolOpened(pb::PoolOpened {
                pool_id: pool.to_string(),
                team: text(team.as_ref()),
                allotted_minor: *allotted_minor,
                previous_minor: *previous_minor,
            })
        }
        EntryBody::Refused { operation: asked, refusal: why, about: what } => {
            Body::Refused(pb::Refused {
                operation: Some(operation(asked)),
                refusal: Some(refusal(why)),
                about: what.as_deref().map(about),
            })
        }
        EntryBody::Act { request, act, balances } => Body::ActDone(pb::ActDone {
            request_id: optional_id(request.as_ref()),
            act: Some(acts::act(act)),
            balances_sha256: digest(balances.as_ref()),
        }),
        EntryBody::ConsultAsked { .. }
        | EntryBody::ConsultPassed { .. }
        | EntryBody::ConsultApproved { .. }
        | EntryBody::ConsultClosed { .. } => consults::body(body),
        later => change(later),
    }
}

/// What happens to a gesture after its reservation.
fn change(body: &EntryBody) -> Body {
    match body {
        EntryBody::Extended { request, about: what, previous_expire_at, expire_at } => {
            Body::Extended(pb::Extended {
                request_id: request.as_bytes().to_vec(),
                about: Some(about(what)),
                previous_expire_time_ns: previous_expire_at.as_nanos(),
                expire_time_ns: expire_at.as_nanos(),
            })
        }
        EntryBody::Voided { request, about: what, reason, released_minor } => {
            Body::Voided(pb::Voided {
                request_id: request.as_bytes().to_vec(),
                about: Some(about(what)),
                reason: void_reason(*reason).into(),
                released_minor: *released_minor,
            })
        }
        EntryBody::Reversed { request, about: what, amount_minor, reason } => {
            Body::Reversed(pb::Reversed {
                request_id: request.as_bytes().to_vec(),
                about: Some(about(what)),
                amount_minor: *amount_minor,
                reason: reverse_reason(*reason).into(),
            })
        }
        EntryBody::Expired { about: what, released_minor } => {
            Body::Expired(pb::Expired { about: Some(about(what)), released_minor: *released_minor })
        }
        EntryBody::Increased { request, about: what, amount_minor } => {
            Body::Increased(pb::Increased {
                request_id: request.as_bytes().to_vec(),
                about: Some(about(what)),
                amount_minor: *amount_minor,
            })
        }
        EntryBody::Corrected { request, about: what, reason, gesture, kind, amount_minor } => {
            Body::Corrected(pb::Corrected {
                request_id: request.as_bytes().to_vec(),
                about: Some(about(what)),
                reason_code: reason.to_string(),
                gesture_code: gesture.to_string(),
                gesture_kind: kind.code().to_owned(),
                amount_minor: *amount_minor,
            })
        }
        EntryBody::Reserved { .. } | EntryBody::Committed { .. } => {
            unreachable!("`entry` writes these")
        }
        EntryBody::PolicyActivated { .. }
        | EntryBody::PoolOpened { .. }
        | EntryBody::Refused { .. }
        | EntryBody::ConsultAsked { .. }
        | EntryBody::ConsultPassed { .. }
        | EntryBody::ConsultApproved { .. }
        | EntryBody::ConsultClosed { .. }
        | EntryBody::Act { .. } => unreachable!("`body` takes these"),
    }
}

pub(crate) fn operation(operation: &Operation) -> pb::Operation {
    use pb::operation::Kind;
    let kind = match operation {
        Operation::Reserve(request) => Kind::Reserve(gesture(request)),
        Operation::Give(request) => Kind::Give(gesture(request)),
        Operation::Extend { request, spend } => Kind::Extend(pb::Extend {
            request_id: request.as_bytes().to_vec(),
            spend_id: spend.as_bytes().to_vec(),
        }),
        Operation::Commit { request, spend, amount_minor, is_final } => Kind::Commit(pb::Commit {
            request_id: request.as_bytes().to_vec(),
            spend_id: spend.as_bytes().to_vec(),
            amount_minor: *amount_minor,
            r#final: *is_final,
        }),
        Operation::Void { request, spend, reason } => Kind::Void(pb::Void {
            request_id: request.as_bytes().to_vec(),
            spend_id: spend.as_bytes().to_vec(),
            reason: void_reason(*reason).into(),
        }),
        Operation::Reverse { request, spend, amount_minor, reason, effective_at } => {
            Kind::Reverse(pb::Reverse {
                request_id: request.as_bytes().to_vec(),
                spend_id: spend.as_bytes().to_vec(),
                amount_minor: *amount_minor,
                reason: reverse_reason(*reason).into(),
                effective_time_ns: effective_at.map(Time::as_nanos),
            })
        }
        Operation::Increment { request, spend, amount_minor } => Kind::Increment(pb::Increment {
            request_id: request.as_bytes().to_vec(),
            spend_id: spend.as_bytes().to_vec(),
            amount_minor: *amount_minor,
        }),
        Operation::Correct { request, spend, reason, gesture, effective_at } => {
            Kind::Correct(pb::Correct {
                request_id: request.as_bytes().to_vec(),
                spend_id: spend.as_bytes().to_vec(),
                reason_code: reason.to_string(),
                gesture_code: gesture.to_string(),
                effective_time_ns: effective_at.map(Time::as_nanos),
            })
        }
        Operation::Ask { consult, gesture: wished, to } => Kind::Ask(pb::Ask {
            consult_id: consult.as_bytes().to_vec(),
            gesture: Some(gesture(wished)),
            approver_pid: to.map(|pid| pid.as_bytes().to_vec()).unwrap_or_default(),
        }),
        Operation::Answer { request, consult, spend, approved_minor } => Kind::Answer(pb::Answer {
            request_id: request.as_bytes().to_vec(),
            consult_id: consult.as_bytes().to_vec(),
            spend_id: spend.as_bytes().to_vec(),
            approved_minor: *approved_minor,
        }),
        Operation::Withdraw { request, consult, spend } => Kind::Withdraw(pb::Withdraw {
            request_id: request.as_bytes().to_vec(),
            consult_id: consult.as_bytes().to_vec(),
            spend_id: spend.as_bytes().to_vec(),
        }),
    };
    pb::Operation { kind: Some(kind) }
}

fn gesture(request: &GestureRequest) -> pb::Gesture {
    let GestureRequest {
        spend,
        customer,
        interaction,
        case: in_case,
        amount,
        reason,
        gesture,
        note,
        decided_ms,
        suggestion,
    } = request;
    pb::Gesture {
        spend_id: spend.as_bytes().to_vec(),
        customer_pid: customer.as_bytes().to_vec(),
        interaction_pid: interaction.as_bytes().to_vec(),
        case_pid: case(*in_case),
        amount_minor: amount.amount_minor,
        currency_code: amount.currency.code().to_owned(),
        reason_code: reason.to_string(),
        gesture_code: gesture.to_string(),
        note_commitment: digest(note.as_ref()),
        decided_ms: (*decided_ms).into(),
        suggestion_code: text(suggestion.as_ref()),
    }
}

pub(crate) fn about(about: &SpendAbout) -> pb::About {
    let SpendAbout {
        spend,
        agent,
        customer,
        interaction,
        case: in_case,
        reason,
        gesture,
        kind,
        pool,
    } = about;
    pb::About {
        spend_id: spend.as_bytes().to_vec(),
        agent_pid: agent.as_bytes().to_vec(),
        customer_pid: customer.as_bytes().to_vec(),
        interaction_pid: interaction.as_bytes().to_vec(),
        case_pid: case(*in_case),
        reason_code: reason.to_string(),
        gesture_code: gesture.to_string(),
        gesture_kind: kind.code().to_owned(),
        pool_id: pool.to_string(),
    }
}

pub(crate) fn refusal(refusal: &Refusal) -> pb::Refusal {
    use pb::refusal::Kind;
    let kind = match refusal {
        Refusal::HoldExpired { at } => Kind::HoldExpiredNs(at.as_nanos()),
        Refusal::HoldResolved { state } => Kind::HoldResolvedState(state.code().to_owned()),
        Refusal::AmountAboveHold { held_minor, requested_minor, currency } => {
            Kind::AboveHold(excess(*held_minor, *requested_minor, *currency))
        }
        Refusal::AmountAboveGiven { given_minor, requested_minor, currency } => {
            Kind::AboveGiven(excess(*given_minor, *requested_minor, *currency))
        }
        Refusal::UndoWindowClosed { ended_at } => Kind::UndoClosedNs(ended_at.as_nanos()),
        Refusal::NoAuthority { role } => Kind::NoAuthorityRole(role.to_string()),
        Refusal::LimitExceeded { limit, label, available_minor, requested_minor, currency } => {
            Kind::LimitExceeded(pb::LimitExceeded {
                limit_id: limit.to_string(),
                label: label.clone(),
                excess: Some(excess(*available_minor, *requested_minor, *currency)),
            })
        }
        Refusal::Paused { reason } => Kind::Paused(codes::pause_reason(*reason).into()),
        Refusal::PolicyChanged => Kind::PolicyChanged(true),
        Refusal::WindowEnded { limit } => Kind::WindowEndedLimitId(limit.to_string()),
        Refusal::ConsultOver { state } => Kind::ConsultOverState(state.code().to_owned()),
        Refusal::ConsultOpen { consult } => Kind::ConsultOpenId(consult.as_bytes().to_vec()),
        Refusal::NobodyToAsk => Kind::NobodyToAsk(true),
        Refusal::AmountAboveAsked { asked_minor, approved_minor, currency } => {
            Kind::AboveAsked(excess(*asked_minor, *approved_minor, *currency))
        }
        Refusal::PeriodClosed { closed_until } => Kind::PeriodClosedNs(closed_until.as_nanos()),
        Refusal::TooLongAgo { earliest } => Kind::TooLongAgoNs(earliest.as_nanos()),
    };
    pb::Refusal { kind: Some(kind) }
}

fn excess(available_minor: i64, requested_minor: i64, currency: Currency) -> pb::Excess {
    pb::Excess { available_minor, requested_minor, currency_code: currency.code().to_owned() }
}

pub(crate) fn counts(counts: Counts) -> pb::Counts {
    match counts {
        Counts::Amounts => pb::Counts::Unspecified,
        Counts::Times => pb::Counts::Times,
        Counts::Grants => pb::Counts::Grants,
    }
}

pub(crate) fn scope(scope: &ScopeKey) -> pb::Scope {
    let ScopeKey { pool, agent, customer, case: in_case, interaction, reason } = scope;
    pb::Scope {
        pool_id: text(pool.as_ref()),
        agent_pid: agent.map(|pid| pid.as_bytes().to_vec()).unwrap_or_default(),
        customer_pid: customer.map(|pid| pid.as_bytes().to_vec()).unwrap_or_default(),
        case_pid: case(*in_case),
        interaction_pid: interaction.map(|pid| pid.as_bytes().to_vec()).unwrap_or_default(),
        reason_code: text(reason.as_ref()),
    }
}

pub(crate) fn window(window: WindowKey) -> pb::Window {
    use pb::window::Kind;
    let kind = match window {
        WindowKey::Interaction(pid) => Kind::InteractionPid(pid.as_bytes().to_vec()),
        WindowKey::Case(pid) => Kind::CasePid(pid.as_bytes().to_vec()),
        WindowKey::Calendar { start, end } => Kind::Calendar(pb::CalendarWindow {
            start_ns: start.as_nanos(),
            end_ns: end.as_nanos(),
        }),
        WindowKey::Rolling { duration_ns } => Kind::RollingNs(duration_ns),
        WindowKey::Lifetime => Kind::Lifetime(true),
    };
    pb::Window { kind: Some(kind) }
}

pub(super) fn access(access: Access) -> pb::Access {
    match access {
        Access::Agent => pb::Access::Agent,
        Access::Supervisor => pb::Access::Supervisor,
        Access::Auditor => pb::Access::Auditor,
        Access::Admin => pb::Access::Admin,
        Access::System => pb::Access::System,
    }
}

fn void_reason(reason: VoidReason) -> pb::VoidReason {
    match reason {
        VoidReason::CustomerDeclined => pb::VoidReason::CustomerDeclined,
        VoidReason::Misidentified => pb::VoidReason::Misidentified,
        VoidReason::Other => pb::VoidReason::Other,
    }
}

fn reverse_reason(reason: ReverseReason) -> pb::ReverseReason {
    match reason {
        ReverseReason::MisEntry => pb::ReverseReason::MisEntry,
        ReverseReason::CustomerReturned => pb::ReverseReason::CustomerReturned,
        ReverseReason::Duplicate => pb::ReverseReason::Duplicate,
        ReverseReason::Other => pb::ReverseReason::Other,
    }
}

pub(super) fn text(code: Option<&impl ToString>) -> String {
    code.map(ToString::to_string).unwrap_or_default()
}

pub(super) fn digest(digest: Option<&Digest>) -> Vec<u8> {
    digest.map(|digest| digest.as_bytes().to_vec()).unwrap_or_default()
}

/// The bytes of an id of a request; none where there is none.
pub(super) fn optional_id(id: Option<&RequestId>) -> Vec<u8> {
    id.map(|id| id.as_bytes().to_vec()).unwrap_or_default()
}

fn case(case: Option<CasePid>) -> Vec<u8> {
    case.map(|pid| pid.as_bytes().to_vec()).unwrap_or_default()
}
