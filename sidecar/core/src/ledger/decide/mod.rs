//! The decision: rows, a policy and a command in; entries and an answer out.
//!
//! Order of checks: authorised, shape, idempotency, existence, currency, state, limits. What fails
//! before state is a [`Fault`] and leaves no trace; a state or a limit that forbids becomes a
//! `Refused` entry. Past the last check nothing can fail.

mod activate;
mod acts;
mod consult;
mod draft;
mod gesture;
mod grant;
mod keeping;
mod movement;
mod operate;
mod pause;
mod periods;
mod policies;
mod pools;
mod raise;
mod rebook;
mod reserve;
mod reviews;
mod settle;

use crate::mutants::{Mutant, is_on};
use crate::policy::Policy;
use crate::time::Time;

use self::draft::Scribe;
use super::headroom::check_in_force;
use super::{Access, Action, Base, Caller, Command, Decision, Entry, Fault, Overlay, Read, apply};

/// Decides one command.
///
/// `policy` is the policy in force; for `ActivatePolicy`, the one to put in force. The time of the
/// decision is the command's, or one nanosecond after the last entry where that is later. A repeat
/// of an operation under its id gets the first answer and no entries.
///
/// # Errors
/// The first [`Fault`] in the order of checks; nothing is to be written then.
pub fn decide(rows: &impl Read, policy: &Policy, command: &Command) -> Result<Decision, Fault> {
    let head = rows.head();
    let now = head.next_at(command.at);
    let scribe = Scribe::new(head.entry_count, now, &command.caller, policy.digest);
    match &command.action {
        Action::ActivatePolicy { digest } => {
            check_access(&command.caller, &[Access::Admin, Access::System])?;
            activate::activate(rows, policy, command, *digest, scribe)
        }
        Action::Expire { spend } => {
            check_access(&command.caller, &[Access::System])?;
            check_in_force(rows, policy)?;
            settle::expire(rows, *spend, scribe)
        }
        Action::Spend(operation) => operate::operate(rows, policy, command, operation, scribe),
        Action::PassConsult { consult, to } => {
            check_access(&command.caller, &[Access::System])?;
            check_in_force(rows, policy)?;
            consult::pass(rows, policy, (*consult, *to), scribe)
        }
        Action::Act { request, act } => acts::act(rows, policy, command, (*request, act), scribe),
    }
}

/// The most holds that end at once; the writer asks again, and a batch stays bounded.
pub const DUE_AT_ONCE: usize = 1_024;

/// Ends holds whose time has come, the longest due first: what the writer does before each batch.
///
/// `system` is the sidecar as a caller. Answers with the entries in order, already applied.
///
/// # Errors
/// [`Fault::NotAuthorized`] for another caller, [`Fault::NoPolicy`], or
/// [`Fault::PolicyNotInForce`].
pub fn expire_due(
    overlay: &mut Overlay<'_, impl Base>,
    policy: &Policy,
    system: &Caller,
    at: Time,
) -> Result<Vec<Entry>, Fault> {
    let mut written = Vec::new();
    let at_once = if is_on(Mutant::NeverExpires) { 0 } else { DUE_AT_ONCE };
    for spend in overlay.due(at).into_iter().take(at_once) {
        let command = Command {
            at,
            caller: system.clone(),
            windows: Vec::new(),
            action: Action::Expire { spend },
        };
        let decision = decide(overlay, policy, &command)?;
        for entry in decision.entries {
            apply(overlay, &entry);
            written.push(entry);
        }
    }
    Ok(written)
}

fn check_access(caller: &Caller, allowed: &'static [Access]) -> Result<(), Fault> {
    if allowed.contains(&caller.access) {
        return Ok(());
    }
    let needed = match allowed {
        [Access::System] => "system",
        _ => "admin or system",
    };
    Err(Fault::NotAuthorized { access: caller.access, needed })
}
