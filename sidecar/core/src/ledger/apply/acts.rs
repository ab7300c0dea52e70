//! Puts the effect of acts into rows.

use crate::ids::{AgentPid, Digest, PoolId};
use crate::money::Money;

use crate::ledger::outcome::answer;
use crate::ledger::{
    Act, ActRow, Entry, EntryBody, FindingRow, Key, PauseRow, PeriodsRow, PolicyRow, PolicyState,
    Reopening, ReviewRow, ReviewState, Row, Write,
};

/// What an act changes, and its answer.
pub(super) fn apply(rows: &mut impl Write, entry: &Entry) {
    let EntryBody::Act { request, act, balances: _ } = &entry.body else {
        return;
    };
    if let Some(request) = request {
        let row = ActRow {
            agent: entry.caller.agent,
            act: act.clone(),
            outcome: answer(entry, None, None),
        };
        rows.put(Key::Act(*request), Row::Act(Box::new(row)));
    }
    match act {
        Act::DraftPolicy(_)
        | Act::PublishPolicy { .. }
        | Act::SchedulePolicy { .. }
        | Act::WithdrawPolicy { .. } => move_policy(rows, entry, act),
        Act::Pause { reason, .. } => {
            let row = PauseRow { paused: Some((*reason, entry.at)) };
            rows.put(Key::Pause, Row::Pause(row));
        }
        Act::Resume { .. } => rows.put(Key::Pause, Row::Pause(PauseRow::default())),
        Act::Allocate { from, to, amount } => {
            let Money { amount_minor, .. } = *amount;
            allot(rows, from.as_ref(), *amount, amount_minor.saturating_neg());
            allot(rows, to.as_ref(), *amount, amount_minor);
        }
        Act::ClosePeriod(period) => {
            put_periods(rows, PeriodsRow { closed: Some(*period), reopening: None });
        }
        Act::ReopenPeriod(_) => {
            let reopening = Reopening { asked_by: entry.caller.agent, seconded_by: None };
            let row = PeriodsRow { reopening: Some(reopening), ..rows.periods() };
            put_periods(rows, row);
        }
        Act::SecondReopening(_) => second(rows, entry.caller.agent),
        Act::Note { state, .. } => note(rows, entry, *state),
        Act::RaiseFinding(finding) => {
            let raised_by = entry.caller.agent;
            let row = FindingRow { raised_by, agents: finding.agents.clone(), disposed: None };
            rows.put(Key::Finding(entry.position), Row::Finding(row));
        }
        Act::DisposeFinding { finding, disposition, .. } => {
            if let Some(row) = rows.finding(*finding).cloned() {
                let disposed = Some((*disposition, entry.caller.agent));
                rows.put(Key::Finding(*finding), Row::Finding(FindingRow { disposed, ..row }));
            }
        }
        Act::DigestBalances
        | Act::RotateKey { .. }
        | Act::Export { .. }
        | Act::ExportSubject { .. }
        | Act::AskErasure { .. }
        | Act::EraseSubject { .. }
        | Act::DrawSample(_) => {}
    }
}

/// A policy that was handed in has come into force.
pub(super) fn activated(rows: &mut impl Write, digest: Digest) {
    if let Some(row) = rows.policy(digest).cloned() {
        let row = PolicyRow { state: PolicyState::Activated, ..row };
        rows.put(Key::Policy(digest), Row::Policy(Box::new(row)));
    }
}

fn move_policy(rows: &mut impl Write, entry: &Entry, act: &Act) {
    let caller = entry.caller.agent;
    let (digest, row) = match act {
        Act::DraftPolicy(named) => {
            let row = PolicyRow {
                name: named.name.clone(),
                version: named.version.clone(),
                author: caller,
                state: PolicyState::Drafted,
                scheduled: None,
            };
            (named.digest, Some(row))
        }
        Act::PublishPolicy { digest } => {
            let publish = |row| PolicyRow { state: PolicyState::Published, ..row };
            (*digest, rows.policy(*digest).cloned().map(publish))
        }
        Act::SchedulePolicy { digest, effective_at } => {
            let schedule = |row| PolicyRow {
                state: PolicyState::Scheduled,
                scheduled: Some((caller, *effective_at)),
                ..row
            };
            (*digest, rows.policy(*digest).cloned().map(schedule))
        }
        Act::WithdrawPolicy { digest } => {
            let withdraw =
                |row| PolicyRow { state: PolicyState::Withdrawn, scheduled: None, ..row };
            (*digest, rows.policy(*digest).cloned().map(withdraw))
        }
        _ => return,
    };
    if let Some(row) = row {
        rows.put(Key::Policy(digest), Row::Policy(Box::new(row)));
    }
}

/// Changes what is allotted to a pool; the house itself has no such row.
fn allot(rows: &mut impl Write, pool: Option<&PoolId>, amount: Money, more_minor: i64) {
    let Some(pool) = pool else {
        return;
    };
    if let Some(mut row) = rows.pool(pool, amount.currency).cloned() {
        row.allot(more_minor);
        rows.put(Key::Pool(pool.clone(), amount.currency), Row::Pool(row));
    }
}

fn put_periods(rows: &mut impl Write, row: PeriodsRow) {
    rows.put(Key::Periods, Row::Periods(row));
}

fn second(rows: &mut impl Write, by: AgentPid) {
    let row = rows.periods();
    let reopening = row.reopening.map(|asked| Reopening { seconded_by: Some(by), ..asked });
    put_periods(rows, PeriodsRow { reopening, ..row });
}

fn note(rows: &mut impl Write, entry: &Entry, state: ReviewState) {
    let Some(spend) = entry.body.spend() else {
        return;
    };
    let mut reviewers = rows.review(spend).map_or(Vec::new(), |row| row.reviewers.clone());
    let caller = entry.caller.agent;
    // The agent's answer is part of the review and no review of their own.
    if state != ReviewState::Answered && !reviewers.contains(&caller) {
        reviewers.push(caller);
    }
    let row = ReviewRow { state, reviewers, at: entry.at };
    rows.put(Key::Review(spend), Row::Review(row));
}
