//! Periods are closed in order; the last one can be opened again by two persons.

use super::acts::Office;
use crate::ledger::{ActFault, Fault, Period, PeriodsRow, Read, Reopening};

pub(super) fn check_shape(period: Period) -> Result<(), Fault> {
    if period.start < period.end {
        return Ok(());
    }
    let fix = "must be later than start_time";
    Err(ActFault::FieldInvalid { field: "end_time", fix }.into())
}

/// Closes the next period, or the last one again while it is being reopened.
pub(super) fn close(office: &Office<'_, impl Read>, period: Period) -> Result<(), Fault> {
    let PeriodsRow { closed, reopening } = office.rows.periods();
    if reopening.is_some() {
        return if closed == Some(period) {
            Ok(())
        } else {
            Err(ActFault::AlreadyReopening.into())
        };
    }
    if let Some(closed) = closed
        && period.start != closed.end
    {
        return Err(ActFault::PeriodNotNext { start: closed.end }.into());
    }
    if period.end > office.now {
        return Err(ActFault::PeriodNotOver { end: period.end }.into());
    }
    Ok(())
}

pub(super) fn reopen(office: &Office<'_, impl Read>, period: Period) -> Result<(), Fault> {
    let PeriodsRow { closed, reopening } = office.rows.periods();
    if closed != Some(period) {
        return Err(ActFault::PeriodNotLast.into());
    }
    match reopening {
        None => Ok(()),
        Some(_) => Err(ActFault::AlreadyReopening.into()),
    }
}

pub(super) fn second(office: &Office<'_, impl Read>, period: Period) -> Result<(), Fault> {
    let PeriodsRow { closed, reopening } = office.rows.periods();
    if closed != Some(period) {
        return Err(ActFault::PeriodNotLast.into());
    }
    match reopening {
        Some(Reopening { asked_by, seconded_by: None }) if asked_by == office.caller.agent => {
            Err(ActFault::SecondPersonNeeded {
                duty: "opening a closed period",
                instead: "an admin or auditor who did not ask for it agrees",
            }
            .into())
        }
        Some(Reopening { seconded_by: None, .. }) => Ok(()),
        Some(Reopening { seconded_by: Some(_), .. }) | None => Err(ActFault::NoReopening.into()),
    }
}
