//! Rulings on new gestures: reserve, and give at once.

use super::draft::Draft;
use super::operate::{Bench, Ruling, Stop};
use super::settle::giving;
use crate::ledger::headroom::{Question, check_gesture, check_reason};
use crate::ledger::weigh::{LimitState, refusal, weigh};
use crate::ledger::{
    Account, EntryBody, GestureRequest, LimitTrace, Posting, Read, Refusal, SpendAbout,
};

pub(super) fn reserve(
    bench: &Bench<'_, impl Read>,
    request: &GestureRequest,
) -> Result<Ruling, Stop> {
    let (draft, _) = hold(bench, request, false)?;
    Ok(draft.into())
}

/// Holds and gives in one: both entries are written together or not at all.
pub(super) fn give(bench: &Bench<'_, impl Read>, request: &GestureRequest) -> Result<Ruling, Stop> {
    let (first, about) = hold(bench, request, true)?;
    let amount_minor = request.amount.amount_minor;
    let unchanged = |trace: &LimitTrace| LimitTrace {
        before_minor: trace.after_minor,
        amount_minor: 0,
        ..trace.clone()
    };
    let then = Draft {
        currency: first.currency,
        trace: first.trace.iter().map(unchanged).collect(),
        postings: giving(&about, amount_minor),
        body: EntryBody::Committed {
            request: None,
            about: Box::new(about),
            amount_minor,
            is_final: true,
            released_minor: 0,
        },
    };
    Ok(Ruling { first, then: Some(then) })
}

fn hold(
    bench: &Bench<'_, impl Read>,
    request: &GestureRequest,
    is_give: bool,
) -> Result<(Draft, SpendAbout), Stop> {
    check_reason(bench.policy, &request.reason)?;
    let kind = check_gesture(bench.policy, &request.gesture)?;
    let question = Question::of(bench.command, request, bench.now);
    let states = weigh(bench.rows, bench.policy, &question)?;
    let amount_minor = request.amount.amount_minor;
    let traces = |states: &[LimitState], is_charged: bool| {
        let trace = |state: &LimitState| state.trace(amount_minor, is_charged);
        states.iter().map(trace).collect()
    };
    if let Some(refusal) = refusal(&states, &question, amount_minor) {
        return Err(Stop::Refusal(refusal, traces(&states, false)));
    }
    let caller = &bench.command.caller;
    let Some(pool) = bench.policy.pool_of(caller.team.as_ref()) else {
        let role = caller.role.clone();
        return Err(Refusal::NoAuthority { role }.into());
    };
    let about = SpendAbout::of(request, caller.agent, kind, pool.id);
    let draft = Draft {
        currency: Some(request.amount.currency),
        trace: traces(&states, true),
        postings: Posting::pair(
            Account::AuthorityPool(about.pool.clone()),
            Account::Encumbered(about.pool.clone()),
            amount_minor,
        ),
        body: EntryBody::Reserved {
            request: Box::new(request.clone()),
            kind,
            pool: about.pool.clone(),
            expire_at: bench.now.saturating_add_ns(bench.policy.hold_ns),
            is_give,
            consult: None,
        },
    };
    Ok((draft, about))
}
