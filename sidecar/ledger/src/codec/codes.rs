//! The codes of acts as the numbers of the messages, and back.

use makegood_core::ledger::{Disposition, ErasureBasis, ExportPurpose, PauseReason, ReviewState};
use makegood_proto::ledger::v1 as pb;

use super::decode::{DecodeError, Result};

/// The number of why giving is paused.
pub fn pause_reason(reason: PauseReason) -> pb::PauseReason {
    match reason {
        PauseReason::Budget => pb::PauseReason::Budget,
        PauseReason::Fraud => pb::PauseReason::Fraud,
        PauseReason::System => pb::PauseReason::System,
        PauseReason::Policy => pb::PauseReason::Policy,
        PauseReason::Other => pb::PauseReason::Other,
    }
}

/// Reads such a number.
///
/// # Errors
/// [`DecodeError`] for the number of nothing that is known.
pub fn read_pause_reason(reason: pb::PauseReason) -> Result<PauseReason> {
    match reason {
        pb::PauseReason::Budget => Ok(PauseReason::Budget),
        pb::PauseReason::Fraud => Ok(PauseReason::Fraud),
        pb::PauseReason::System => Ok(PauseReason::System),
        pb::PauseReason::Policy => Ok(PauseReason::Policy),
        pb::PauseReason::Other => Ok(PauseReason::Other),
        pb::PauseReason::Unspecified => Err(DecodeError { field: "reason" }),
    }
}

/// The number of why something is exported.
pub fn export_purpose(purpose: ExportPurpose) -> pb::ExportPurpose {
    match purpose {
        ExportPurpose::Audit => pb::ExportPurpose::Audit,
        ExportPurpose::Subject => pb::ExportPurpose::Subject,
        ExportPurpose::Order => pb::ExportPurpose::Order,
        ExportPurpose::Accounting => pb::ExportPurpose::Accounting,
        ExportPurpose::Other => pb::ExportPurpose::Other,
    }
}

/// Reads such a number.
///
/// # Errors
/// [`DecodeError`] for the number of nothing that is known.
pub fn read_export_purpose(purpose: pb::ExportPurpose) -> Result<ExportPurpose> {
    match purpose {
        pb::ExportPurpose::Audit => Ok(ExportPurpose::Audit),
        pb::ExportPurpose::Subject => Ok(ExportPurpose::Subject),
        pb::ExportPurpose::Order => Ok(ExportPurpose::Order),
        pb::ExportPurpose::Accounting => Ok(ExportPurpose::Accounting),
        pb::ExportPurpose::Other => Ok(ExportPurpose::Other),
        pb::ExportPurpose::Unspecified => Err(DecodeError { field: "purpose" }),
    }
}

/// The number of why a person is erased.
pub fn erasure_basis(basis: ErasureBasis) -> pb::ErasureBasis {
    match basis {
        ErasureBasis::Request => pb::ErasureBasis::Request,
        ErasureBasis::Retention => pb::ErasureBasis::Retention,
        ErasureBasis::Order => pb::ErasureBasis::Order,
        ErasureBasis::Consent => pb::ErasureBasis::Consent,
    }
}

/// Reads such a number.
///
/// # Errors
/// [`DecodeError`] for the number of nothing that is known.
pub fn read_erasure_basis(basis: pb::ErasureBasis) -> Result<ErasureBasis> {
    match basis {
        pb::ErasureBasis::Request => Ok(ErasureBasis::Request),
        pb::ErasureBasis::Retention => Ok(ErasureBasis::Retention),
        pb::ErasureBasis::Order => Ok(ErasureBasis::Order),
        pb::ErasureBasis::Consent => Ok(ErasureBasis::Consent),
        pb::ErasureBasis::Unspecified => Err(DecodeError { field: "basis" }),
    }
}

/// The number of where the review of a gesture stands.
pub fn review_state(state: ReviewState) -> pb::ReviewState {
    match state {
        ReviewState::Noted => pb::ReviewState::Noted,
        ReviewState::Questioned => pb::ReviewState::Questioned,
        ReviewState::Answered => pb::ReviewState::Answered,
        ReviewState::Escalated => pb::ReviewState::Escalated,
        ReviewState::Cleared => pb::ReviewState::Cleared,
        ReviewState::Praised => pb::ReviewState::Praised,
    }
}

/// Reads such a number.
///
/// # Errors
/// [`DecodeError`] for the number of nothing that is known.
pub fn read_review_state(state: pb::ReviewState) -> Result<ReviewState> {
    match state {
        pb::ReviewState::Noted => Ok(ReviewState::Noted),
        pb::ReviewState::Questioned => Ok(ReviewState::Questioned),
        pb::ReviewState::Answered => Ok(ReviewState::Answered),
        pb::ReviewState::Escalated => Ok(ReviewState::Escalated),
        pb::ReviewState::Cleared => Ok(ReviewState::Cleared),
        pb::ReviewState::Praised => Ok(ReviewState::Praised),
        pb::ReviewState::Unspecified => Err(DecodeError { field: "state" }),
    }
}

/// The number of how a finding is settled.
pub fn disposition(disposition: Disposition) -> pb::Disposition {
    match disposition {
        Disposition::Dismissed => pb::Disposition::Dismissed,
        Disposition::Confirmed => pb::Disposition::Confirmed,
        Disposition::Escalated => pb::Disposition::Escalated,
    }
}

/// Reads such a number.
///
/// # Errors
/// [`DecodeError`] for the number of nothing that is known.
pub fn read_disposition(disposition: pb::Disposition) -> Result<Disposition> {
    match disposition {
        pb::Disposition::Dismissed => Ok(Disposition::Dismissed),
        pb::Disposition::Confirmed => Ok(Disposition::Confirmed),
        pb::Disposition::Escalated => Ok(Disposition::Escalated),
        pb::Disposition::Unspecified => Err(DecodeError { field: "disposition" }),
    }
}
