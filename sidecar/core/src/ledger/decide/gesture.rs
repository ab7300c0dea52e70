//! Gestures that exist: whose they are, and whether they can still be acted on.

use super::operate::Bench;
use crate::ids::SpendId;
use crate::ledger::{
    Access, ConsultRow, Fault, Read, Refusal, ReverseReason, SpendRow, SpendState, WindowKey,
};
use crate::mutants::{Mutant, is_on};
use crate::time::Time;

pub(super) fn find(rows: &impl Read, spend: SpendId) -> Result<&SpendRow, Fault> {
    rows.spend(spend).ok_or(Fault::SpendNotFound { spend })
}

/// The gesture, for its own agent only.
pub(super) fn own<'a, R: Read>(
    bench: &Bench<'a, R>,
    spend: SpendId,
) -> Result<&'a SpendRow, Fault> {
    let row = find(bench.rows, spend)?;
    if row.about.agent == bench.command.caller.agent {
        Ok(row)
    } else {
        Err(Fault::NotYourSpend { spend })
    }
}

/// The gesture, for its own agent and for supervisors.
pub(super) fn own_or_supervised<'a, R: Read>(
    bench: &Bench<'a, R>,
    spend: SpendId,
) -> Result<&'a SpendRow, Fault> {
    if bench.command.caller.access == Access::Supervisor {
        find(bench.rows, spend)
    } else {
        own(bench, spend)
    }
}

/// The gesture, for those who may take it back for this reason: a slip is its own agent's alone.
pub(super) fn reversible<'a, R: Read>(
    bench: &Bench<'a, R>,
    spend: SpendId,
    reason: ReverseReason,
) -> Result<&'a SpendRow, Fault> {
    match reason {
        ReverseReason::MisEntry => own(bench, spend),
        ReverseReason::CustomerReturned | ReverseReason::Duplicate | ReverseReason::Other => {
            own_or_supervised(bench, spend)
        }
    }
}

/// The consult about the gesture that is open.
pub(super) fn open_consult<'a>(rows: &'a impl Read, row: &SpendRow) -> Option<&'a ConsultRow> {
    rows.consult(row.consult?).filter(|consult| consult.is_open())
}

/// A hold can be acted on before its time and while nothing has ended it.
pub(super) fn check_open(row: &SpendRow, now: Time) -> Result<(), Refusal> {
    match row.state_at(now) {
        SpendState::Held => Ok(()),
        SpendState::Voided if is_on(Mutant::ReleasedHoldGiven) => Ok(()),
        SpendState::Expired => Err(Refusal::HoldExpired { at: row.expire_at }),
        state @ (SpendState::Committed | SpendState::Voided | SpendState::Reversed) => {
            Err(Refusal::HoldResolved { state })
        }
    }
}

/// Nothing new is held while giving is paused.
pub(super) fn check_going_on(rows: &impl Read) -> Result<(), Refusal> {
    match rows.paused() {
        Some((reason, _)) if !is_on(Mutant::PauseIgnored) => Err(Refusal::Paused { reason }),
        _ => Ok(()),
    }
}

/// More can be held under the caps of a hold and in its calendar windows only while they are those
/// of now; a window that moves counts what comes on top by its own time.
pub(super) fn check_current(bench: &Bench<'_, impl Read>, row: &SpendRow) -> Result<(), Refusal> {
    if row.policy != bench.policy.digest {
        return Err(Refusal::PolicyChanged);
    }
    let ended = row.charged.iter().map(|charged| &charged.counter).find(
        |counter| matches!(counter.window, WindowKey::Calendar { end, .. } if end <= bench.now),
    );
    match ended {
        Some(counter) => Err(Refusal::WindowEnded { limit: counter.limit.clone() }),
        None => Ok(()),
    }
}
