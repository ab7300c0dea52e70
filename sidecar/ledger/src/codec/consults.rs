//! The entries of consults as messages, and back.

use makegood_core::ledger::{ConsultState, EntryBody};
use makegood_core::time::Time;
use makegood_proto::ledger::v1 as pb;
use pb::entry::Body;

use super::decode::{DecodeError, Result, about, optional_pid, parse, pid, present};
use super::encode;

/// The body of an entry about a consult.
pub(super) fn body(body: &EntryBody) -> Body {
    match body {
        EntryBody::ConsultAsked {
            consult,
            about,
            asked_minor,
            held_minor,
            to,
            answer_at,
            expire_at,
            binding,
        } => Body::ConsultAsked(pb::ConsultAsked {
            consult_id: consult.as_bytes().to_vec(),
            about: Some(encode::about(about)),
            asked_minor: *asked_minor,
            held_minor: *held_minor,
            approver_pid: to.as_bytes().to_vec(),
            answer_time_ns: answer_at.as_nanos(),
            expire_time_ns: expire_at.as_nanos(),
            binding_limit_id: binding.to_string(),
        }),
        EntryBody::ConsultPassed { consult, about, from, to, answer_at, expire_at } => {
            Body::ConsultPassed(pb::ConsultPassed {
                consult_id: consult.as_bytes().to_vec(),
                about: Some(encode::about(about)),
                previous_approver_pid: from.as_bytes().to_vec(),
                approver_pid: to.as_bytes().to_vec(),
                answer_time_ns: answer_at.as_nanos(),
                expire_time_ns: expire_at.as_nanos(),
            })
        }
        EntryBody::ConsultApproved {
            request,
            consult,
            about,
            approved_minor,
            added_minor,
            waited_ns,
            expire_at,
        } => Body::ConsultApproved(pb::ConsultApproved {
            request_id: request.as_bytes().to_vec(),
            consult_id: consult.as_bytes().to_vec(),
            about: Some(encode::about(about)),
            approved_minor: *approved_minor,
            added_minor: *added_minor,
            waited_ns: *waited_ns,
            expire_time_ns: expire_at.as_nanos(),
        }),
        EntryBody::ConsultClosed { request, consult, about, end, waited_ns } => {
            Body::ConsultClosed(pb::ConsultClosed {
                request_id: encode::optional_id(request.as_ref()),
                consult_id: consult.as_bytes().to_vec(),
                about: Some(encode::about(about)),
                end: self::end(*end).into(),
                waited_ns: *waited_ns,
            })
        }
        _ => unreachable!("only entries about consults come here"),
    }
}

fn end(end: ConsultState) -> pb::ConsultEnd {
    match end {
        ConsultState::Declined => pb::ConsultEnd::Declined,
        ConsultState::TimedOut => pb::ConsultEnd::TimedOut,
        ConsultState::Withdrawn => pb::ConsultEnd::Withdrawn,
        ConsultState::Settled => pb::ConsultEnd::Settled,
        ConsultState::Open | ConsultState::Approved => pb::ConsultEnd::Unspecified,
    }
}

pub(super) fn asked(it: &pb::ConsultAsked) -> Result<EntryBody> {
    Ok(EntryBody::ConsultAsked {
        consult: pid(&it.consult_id, "consult_id")?,
        about: Box::new(about(present(it.about.as_ref(), "about")?)?),
        asked_minor: it.asked_minor,
        held_minor: it.held_minor,
        to: pid(&it.approver_pid, "approver_pid")?,
        answer_at: Time::from_nanos(it.answer_time_ns),
        expire_at: Time::from_nanos(it.expire_time_ns),
        binding: parse(&it.binding_limit_id, "binding_limit_id")?,
    })
}

pub(super) fn passed(it: &pb::ConsultPassed) -> Result<EntryBody> {
    Ok(EntryBody::ConsultPassed {
        consult: pid(&it.consult_id, "consult_id")?,
        about: Box::new(about(present(it.about.as_ref(), "about")?)?),
        from: pid(&it.previous_approver_pid, "previous_approver_pid")?,
        to: pid(&it.approver_pid, "approver_pid")?,
        answer_at: Time::from_nanos(it.answer_time_ns),
        expire_at: Time::from_nanos(it.expire_time_ns),
    })
}

pub(super) fn approved(it: &pb::ConsultApproved) -> Result<EntryBody> {
    Ok(EntryBody::ConsultApproved {
        request: pid(&it.request_id, "request_id")?,
        consult: pid(&it.consult_id, "consult_id")?,
        about: Box::new(about(present(it.about.as_ref(), "about")?)?),
        approved_minor: it.approved_minor,
        added_minor: it.added_minor,
        waited_ns: it.waited_ns,
        expire_at: Time::from_nanos(it.expire_time_ns),
    })
}

pub(super) fn closed(it: &pb::ConsultClosed) -> Result<EntryBody> {
    Ok(EntryBody::ConsultClosed {
        request: optional_pid(&it.request_id, "request_id")?,
        consult: pid(&it.consult_id, "consult_id")?,
        about: Box::new(about(present(it.about.as_ref(), "about")?)?),
        end: match it.end() {
            pb::ConsultEnd::Declined => ConsultState::Declined,
            pb::ConsultEnd::TimedOut => ConsultState::TimedOut,
            pb::ConsultEnd::Withdrawn => ConsultState::Withdrawn,
            pb::ConsultEnd::Settled => ConsultState::Settled,
            pb::ConsultEnd::Unspecified => return Err(DecodeError { field: "end" }),
        },
        waited_ns: it.waited_ns,
    })
}
