//! Giving is paused, and goes on.

use super::acts::Office;
use crate::ledger::{ActFault, Fault, Read};

pub(super) fn pause(office: &Office<'_, impl Read>) -> Result<(), Fault> {
    match office.rows.paused() {
        Some((reason, since)) => Err(ActFault::AlreadyPaused { reason, since }.into()),
        None => Ok(()),
    }
}

pub(super) fn resume(office: &Office<'_, impl Read>) -> Result<(), Fault> {
    match office.rows.paused() {
        Some(_) => Ok(()),
        None => Err(ActFault::NotPaused.into()),
    }
}
