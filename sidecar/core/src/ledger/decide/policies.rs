//! A policy's way into force: handed in and declared final by its author, scheduled by another.

use super::acts::Office;
use crate::ids::Digest;
use crate::ledger::{ActFault, Caller, Fault, PolicyNamed, PolicyRow, PolicyState, Read};
use crate::policy::TEXT_MAX_CHARS;
use crate::time::Time;

pub(super) fn check_name(named: &PolicyNamed) -> Result<(), Fault> {
    for (field, text) in [("name", &named.name), ("version", &named.version)] {
        if text.trim().is_empty() {
            return Err(ActFault::FieldInvalid { field, fix: "is empty; write something" }.into());
        }
        if text.chars().count() > TEXT_MAX_CHARS {
            let fix = "is longer than 200 characters; shorten it";
            return Err(ActFault::FieldInvalid { field, fix }.into());
        }
    }
    Ok(())
}

/// A policy is handed in once; one that was taken back, or was in force before, may come again.
pub(super) fn draft(office: &Office<'_, impl Read>, digest: Digest) -> Result<(), Fault> {
    check_not_in_force(office, digest)?;
    match office.rows.policy(digest).map(|row| row.state) {
        None | Some(PolicyState::Withdrawn | PolicyState::Activated) => Ok(()),
        Some(state) => Err(not_ready(digest, state, "it is handed in already; take it from there")),
    }
}

pub(super) fn publish(office: &Office<'_, impl Read>, digest: Digest) -> Result<(), Fault> {
    let row = known(office, digest)?;
    if row.author != office.caller.agent {
        return Err(ActFault::NotTheAuthor { digest }.into());
    }
    match row.state {
        PolicyState::Drafted => Ok(()),
        state => Err(not_ready(digest, state, "only a draft can be published; draft it anew")),
    }
}

pub(super) fn schedule(
    office: &Office<'_, impl Read>,
    digest: Digest,
    effective_at: Time,
) -> Result<(), Fault> {
    let row = known(office, digest)?;
    check_not_the_author(row, office.caller)?;
    match row.state {
        PolicyState::Published | PolicyState::Scheduled => {}
        state => return Err(not_ready(digest, state, "its author publishes it first")),
    }
    if effective_at < office.now {
        let (field, fix) = ("effective_time", "is in the past; name a time to come");
        return Err(ActFault::FieldInvalid { field, fix }.into());
    }
    Ok(())
}

pub(super) fn withdraw(office: &Office<'_, impl Read>, digest: Digest) -> Result<(), Fault> {
    let row = known(office, digest)?;
    check_not_in_force(office, digest)?;
    match row.state {
        PolicyState::Drafted | PolicyState::Published | PolicyState::Scheduled => Ok(()),
        state => Err(not_ready(digest, state, "there is nothing to take back")),
    }
}

/// Whether a policy may come into force now: the first may, and each later one when the time has
/// come that a person other than its author set.
pub(super) fn check_may_activate(
    rows: &impl Read,
    caller: &Caller,
    digest: Digest,
    now: Time,
) -> Result<(), Fault> {
    if caller.is_in_development() || rows.active_policy().is_none() {
        return Ok(());
    }
    let row = rows.policy(digest).ok_or(ActFault::PolicyNotFound { digest })?;
    check_not_the_author(row, caller)?;
    match (row.state, row.scheduled) {
        (PolicyState::Scheduled, Some((_, effective_at))) if effective_at <= now => Ok(()),
        (PolicyState::Scheduled, Some((_, effective_at))) => {
            Err(ActFault::PolicyNotDue { digest, effective_at }.into())
        }
        (state, _) => Err(not_ready(digest, state, "schedule it first")),
    }
}

fn known<'a>(office: &Office<'a, impl Read>, digest: Digest) -> Result<&'a PolicyRow, Fault> {
    office.rows.policy(digest).ok_or_else(|| ActFault::PolicyNotFound { digest }.into())
}

fn check_not_in_force(office: &Office<'_, impl Read>, digest: Digest) -> Result<(), Fault> {
    match office.rows.active_policy() {
        Some(active) if active.digest == digest => Err(ActFault::PolicyInForce { digest }.into()),
        _ => Ok(()),
    }
}

fn check_not_the_author(row: &PolicyRow, caller: &Caller) -> Result<(), Fault> {
    if row.author != caller.agent {
        return Ok(());
    }
    Err(ActFault::SecondPersonNeeded {
        duty: "putting a policy in force",
        instead: "an admin who did not write it schedules it",
    }
    .into())
}

fn not_ready(digest: Digest, state: PolicyState, fix: &'static str) -> Fault {
    ActFault::PolicyNotReady { digest, state, fix }.into()
}
