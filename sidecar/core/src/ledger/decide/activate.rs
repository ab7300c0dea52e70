//! Puts a policy in force and opens its pools.

use crate::ids::Digest;
use crate::money::Currency;
use crate::policy::{Policy, Pool};

use super::draft::{Draft, Scribe};
use super::policies::check_may_activate;
use crate::ledger::outcome::answer;
use crate::ledger::{
    Account, Command, Decision, EntryBody, Fault, Outcome, PoolRow, Posting, Read,
};

/// Activating the policy that is in force already is a repeat and writes nothing.
pub(super) fn activate(
    rows: &impl Read,
    policy: &Policy,
    command: &Command,
    digest: Digest,
    mut scribe: Scribe<'_>,
) -> Result<Decision, Fault> {
    if policy.digest != digest {
        return Err(Fault::PolicyInvalid {
            field: "digest".to_owned(),
            fix: format!("names {digest}, but the policy at hand is {}", policy.digest),
        });
    }
    let previous = rows.active_policy();
    if let Some(active) = previous
        && active.digest == digest
    {
        return Ok(Decision {
            entries: Vec::new(),
            outcome: Outcome {
                position: active.position,
                at: active.activated_at,
                spend: None,
                refusal: None,
                consult: None,
                replayed: true,
            },
        });
    }
    check_whole(policy)?;
    check_may_activate(rows, &command.caller, digest, scribe.now())?;
    let activation = scribe.write(Draft::of(
        None,
        EntryBody::PolicyActivated {
            name: policy.name.clone(),
            version: policy.version.clone(),
            previous: previous.map(|active| active.digest),
        },
    ));
    let outcome = answer(&activation, None, None);
    let mut entries = vec![activation];
    for pool in policy.pools_in_force() {
        let drafts = policy.currencies.iter().filter_map(|currency| open(rows, pool, *currency));
        entries.extend(drafts.map(|draft| scribe.write(draft)));
    }
    Ok(Decision { entries, outcome })
}

fn check_whole(policy: &Policy) -> Result<(), Fault> {
    let Err(problems) = policy.validate() else {
        return Ok(());
    };
    match problems.into_iter().next() {
        Some(problem) => Err(Fault::PolicyInvalid { field: problem.field, fix: problem.fix }),
        None => Ok(()),
    }
}

/// Opens a pool or changes its allotment by the difference of the caps; `None` where the policy's
/// cap is that of the policy before.
///
/// What was moved to or from the pool stays moved, and what has lapsed does not come back.
fn open(rows: &impl Read, pool: &Pool, currency: Currency) -> Option<Draft> {
    let cap_minor = pool.caps.as_ref().and_then(|caps| caps.get(&currency)).copied();
    let row = rows.pool(&pool.id, currency);
    let stands = |row: &PoolRow| row.cap_minor() == cap_minor && row.team == pool.team;
    if row.is_some_and(stands) {
        return None;
    }
    let moved_minor = row.map_or(0, |row| row.moved_minor);
    let allotted_minor = cap_minor.map(|cap| cap.saturating_add(moved_minor));
    let previous_minor = row.and_then(|row| row.allotted_minor);
    let before_minor = row.map_or(0, PoolRow::authority_minor);
    let more = allotted_minor.unwrap_or(moved_minor).saturating_sub(before_minor);
    let house = Account::AuthorityTenant;
    let left = Account::AuthorityPool(pool.id.clone());
    let postings = if more >= 0 {
        Posting::pair(house, left, more)
    } else {
        Posting::pair(left, house, more.saturating_neg())
    };
    let opened = EntryBody::PoolOpened {
        pool: pool.id.clone(),
        team: pool.team.clone(),
        allotted_minor,
        previous_minor,
    };
    Some(Draft { postings, ..Draft::of(Some(currency), opened) })
}
