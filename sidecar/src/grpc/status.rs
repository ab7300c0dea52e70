//! The one place that builds a `tonic::Status`.
//!
//! Each carries exactly one `ErrorInfo` (domain `makegood`), a message for people, and the details
//! that fit its code. Internal causes are logged with an id and never sent.

use std::collections::HashMap;
use std::time::Duration;

use makegood_core::ledger::{ActFaultKind, Fault, Refusal};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::shape::Problem;
use crate::guard;
use crate::house::HouseError;
use crate::ledger::writer::WriteError;
use crate::proofs::ProveError;

const DOMAIN: &str = "makegood";
const LOCALE: &str = "en";
/// After a rebuild or a full queue, a moment is mostly enough.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// The caller has no identity.
pub fn not_signed_in() -> Status {
    build(Code::Unauthenticated, "SIGNED_OUT", "sign in again", Vec::new(), |_| {})
}

/// The caller's token does not allow this.
pub fn not_allowed(needed: &'static str) -> Status {
    let message = format!("this needs {needed}");
    let facts = vec![("needed", needed.to_owned())];
    build(Code::PermissionDenied, "NOT_ALLOWED", &message, facts, |_| {})
}

/// Fields of the request are at fault; every one of them is named.
pub fn bad_request(problems: &[Problem]) -> Status {
    let message = problems.iter().map(|it| format!("{}: {}", it.field, it.fix));
    let message = message.collect::<Vec<_>>().join("; ");
    let fields = problems.iter().map(|it| it.field.as_str()).collect::<Vec<_>>().join(",");
    let facts = vec![("fields", fields)];
    build(Code::InvalidArgument, "INVALID_FIELDS", &message, facts, |details| {
        for problem in problems {
            details.add_bad_request_violation(&problem.field, &problem.fix);
        }
    })
}

/// The stream's desk is not open.
pub fn desk_not_found() -> Status {
    build(Code::NotFound, "DESK_NOT_FOUND", "no stream of this desk is open", Vec::new(), |_| {})
}

/// The ledger has no such entry, or the caller may not read it.
pub fn entry_not_found() -> Status {
    build(Code::NotFound, "ENTRY_NOT_FOUND", "no entry has this position", Vec::new(), |_| {})
}

/// Why there is no proof.
pub fn from_proof(error: &ProveError) -> Status {
    let text = error.to_string();
    match error {
        ProveError::NotCovered { size } => {
            state(&text, "NOT_COVERED", vec![("checkpoint_size", size.to_string())])
        }
        ProveError::OutOfRange { .. } => {
            bad_request(&[Problem { field: "old_size".to_owned(), fix: text }])
        }
        ProveError::Mending => build(Code::Unavailable, "TREE_MENDING", &text, Vec::new(), retry),
    }
}

/// The sidecar is going away.
pub fn going_away() -> Status {
    build(Code::Unavailable, "GOING_AWAY", "the sidecar is going away", Vec::new(), retry)
}

/// What the guard answers instead of letting a call through.
pub fn from_guard(refusal: &guard::Refusal) -> http::Response<axum::body::Body> {
    let code = Code::from_i32(refusal.code() as i32);
    let text = refusal.to_string();
    let status = build(code, refusal.reason(), &text, refusal.metadata(), |details| {
        if let Some(after) = refusal.retry_after() {
            details.set_retry_info(Some(after));
        }
    });
    status.into_http()
}

/// Gives what the gRPC library itself refuses the details that every other error has.
pub async fn complete(
    response: http::Response<axum::body::Body>,
) -> http::Response<axum::body::Body> {
    let plain = Status::from_header_map(response.headers());
    let Some(plain) = plain.filter(|status| status.details().is_empty()) else {
        return response;
    };
    let (reason, fix) = match plain.code() {
        Code::OutOfRange => ("MESSAGE_TOO_LARGE", "the message is too large; shorten its texts"),
        // Our own internal errors have details; the library's are about bytes it cannot decode.
        Code::Internal => (
            "MESSAGE_UNREADABLE",
            "the message cannot be decoded; compare the versions of client and sidecar",
        ),
        _ => return response,
    };
    let status = build(Code::InvalidArgument, reason, fix, Vec::new(), |details| {
        details.add_bad_request_violation("request", fix);
    });
    status.into_http()
}

/// A message that is none, in the words of the generated services.
pub fn unreadable(error: &prost::DecodeError) -> Status {
    Status::internal(error.to_string())
}

/// Something that a caller cannot know about went wrong.
pub fn internal(cause: &dyn std::fmt::Display) -> Status {
    let id = crate::vault::random::<4>().map(u32::from_be_bytes).unwrap_or_default();
    let id = format!("{id:08x}");
    tracing::error!(error.id = id, %cause, "internal error");
    let message = format!("internal error {id}");
    build(Code::Internal, "INTERNAL", &message, vec![("error_id", id.clone())], |_| {})
}

/// What the house answers instead.
pub fn from_house(error: &HouseError) -> Status {
    let text = error.to_string();
    let plain = |code, reason| build(code, reason, &text, Vec::new(), |_| {});
    match error {
        HouseError::AgentNotFound { .. } => plain(Code::PermissionDenied, "AGENT_NOT_FOUND"),
        HouseError::CustomerNotFound => plain(Code::NotFound, "CUSTOMER_NOT_FOUND"),
        HouseError::SubjectNotFound => plain(Code::NotFound, "SUBJECT_NOT_FOUND"),
        HouseError::SubjectAmbiguous => state(&text, "SUBJECT_AMBIGUOUS", Vec::new()),
        HouseError::InteractionNotFound => plain(Code::NotFound, "INTERACTION_NOT_FOUND"),
        HouseError::PromiseNotFound => plain(Code::NotFound, "PROMISE_NOT_FOUND"),
        HouseError::PreferenceNotFound => plain(Code::NotFound, "PREFERENCE_NOT_FOUND"),
        HouseError::PolicyNotFound => plain(Code::NotFound, "POLICY_NOT_FOUND"),
        HouseError::SpendNotFound => plain(Code::NotFound, "SPEND_NOT_FOUND"),
        HouseError::ConsultNotFound => plain(Code::NotFound, "CONSULT_NOT_FOUND"),
        HouseError::OtherCurrency { field, .. } => {
            bad_request(&[Problem { field: format!("{field}.currency_code"), fix: text }])
        }
        HouseError::CustomerNotBound => state(&text, "CUSTOMER_NOT_BOUND", Vec::new()),
        HouseError::OtherCustomerBound => state(&text, "OTHER_CUSTOMER_BOUND", Vec::new()),
        HouseError::InteractionEnded => state(&text, "INTERACTION_ENDED", Vec::new()),
        HouseError::OtherInteraction => plain(Code::PermissionDenied, "OTHER_INTERACTION"),
        HouseError::NotAllowed { needed } => not_allowed(needed),
        HouseError::IdReused { field } => build(
            Code::AlreadyExists,
            "ID_REUSED",
            &text,
            vec![("field", (*field).to_owned())],
            |_| {},
        ),
        HouseError::Phone(_) => {
            bad_request(&[Problem { field: "lookup.phone".to_owned(), fix: text }])
        }
        HouseError::Refused(refusal) => from_refusal(refusal),
        HouseError::Write(error) => from_write(error),
        HouseError::Clock(_) => build(Code::Unavailable, "CLOCK_JUMPED", &text, Vec::new(), |_| {}),
        HouseError::Rebuilding(_) => {
            build(Code::Unavailable, "HISTORY_REBUILDING", &text, Vec::new(), retry)
        }
        HouseError::Vault(cause) => internal(cause),
        HouseError::Stored => internal(&text),
    }
}

/// A limit or a state forbids it; the refusal stays with the id.
fn from_refusal(refusal: &Refusal) -> Status {
    state(&refusal.to_string(), refusal.reason(), refusal.metadata())
}

fn from_write(error: &WriteError) -> Status {
    let text = error.to_string();
    match error {
        WriteError::Busy => build(Code::ResourceExhausted, "BUSY", &text, Vec::new(), retry),
        WriteError::Fault(fault) => from_fault(fault),
        WriteError::Erased => {
            build(Code::NotFound, "CUSTOMER_NOT_FOUND", &text, Vec::new(), |_| {})
        }
        WriteError::TooLarge { .. } => {
            build(Code::InvalidArgument, "TOO_LARGE", &text, Vec::new(), |_| {})
        }
        WriteError::DiskFull => build(Code::Unavailable, "DISK_FULL", &text, Vec::new(), retry),
        WriteError::Poisoned => {
            build(Code::Unavailable, "JOURNAL_FAILED", &text, Vec::new(), |_| {})
        }
        WriteError::RolledBack => {
            build(Code::Unavailable, "ROLLED_BACK", &text, Vec::new(), |_| {})
        }
        WriteError::Clock(_) => build(Code::Unavailable, "CLOCK_JUMPED", &text, Vec::new(), |_| {}),
        WriteError::Stopping => going_away(),
    }
}

fn from_fault(fault: &Fault) -> Status {
    let text = fault.to_string();
    let code = match fault {
        Fault::NotAuthorized { .. }
        | Fault::NotYourSpend { .. }
        | Fault::NotAsked { .. }
        | Fault::OwnApproval { .. } => Code::PermissionDenied,
        Fault::AmountNotPositive { .. }
        | Fault::AmountOverflow { .. }
        | Fault::UnknownReason { .. }
        | Fault::UnknownGesture { .. }
        | Fault::GestureIsFree { .. }
        | Fault::NotAboveHold { .. }
        | Fault::EffectiveInFuture => Code::InvalidArgument,
        Fault::IdReused { .. } => Code::AlreadyExists,
        Fault::SpendNotFound { .. } | Fault::ConsultNotFound { .. } => Code::NotFound,
        Fault::NoPolicy
        | Fault::PolicyInvalid { .. }
        | Fault::HoldNotDue { .. }
        | Fault::ConsultNotDue { .. }
        | Fault::NothingGiven { .. }
        | Fault::CurrencyNotInPolicy { .. } => Code::FailedPrecondition,
        Fault::PolicyNotInForce { .. } | Fault::WindowNotCurrent { .. } => Code::Unavailable,
        Fault::Act(fault) => code_of_act(fault.kind()),
    };
    build(code, fault.reason(), &text, fault.metadata(), |details| {
        if code == Code::InvalidArgument {
            details.add_bad_request_violation(field_of(fault), &text);
        }
        if fault.is_transient() {
            retry(details);
        }
    })
}

fn code_of_act(kind: ActFaultKind) -> Code {
    match kind {
        ActFaultKind::Shape => Code::InvalidArgument,
        ActFaultKind::Missing => Code::NotFound,
        ActFaultKind::Duty => Code::PermissionDenied,
        ActFaultKind::State => Code::FailedPrecondition,
    }
}

fn field_of(fault: &Fault) -> &'static str {
    match fault {
        Fault::Act(fault) => fault.field().unwrap_or("act"),
        Fault::UnknownReason { .. } => "reason_code",
        Fault::EffectiveInFuture => "effective_time",
        Fault::UnknownGesture { .. } | Fault::GestureIsFree { .. } => "gesture_code",
        Fault::NotAboveHold { field: "approved_minor", .. } => "approved.amount_minor",
        _ => "amount.amount_minor",
    }
}

fn state(message: &str, reason: &'static str, facts: Vec<(&'static str, String)>) -> Status {
    build(Code::FailedPrecondition, reason, message, facts, |details| {
        details.add_precondition_failure_violation(reason, DOMAIN, message);
    })
}

fn retry(details: &mut ErrorDetails) {
    details.set_retry_info(Some(RETRY_AFTER));
}

fn build(
    code: Code,
    reason: &'static str,
    message: &str,
    facts: Vec<(&'static str, String)>,
    more: impl FnOnce(&mut ErrorDetails),
) -> Status {
    let facts: HashMap<String, String> =
        facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, facts).set_localized_message(LOCALE, message);
    more(&mut details);
    Status::with_error_details(code, message, details)
}
