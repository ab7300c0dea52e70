//! Rulings on new gestures: reserve, and give at once.

use super::draft::Draft;
use super::operate::{Bench, Ruling, Stop};
use super::settle::giving;
use crate::ledger::headroom::Question;
use crate::ledger::weigh::{LimitState, refusal, weigh};
use crate::ledger::{
    Account, EntryBody, Fault, GestureRequest, LimitTrace, Posting, Read, SpendAbout, Subject,
};
use crate::policy::GestureKind;

pub(super) fn reserve(
    bench: &Bench<'_, impl Read>,
    request: &GestureRequest,
) -> Result<Ruling, Stop> {
    hold(bench, request, false).map(Ruling::from)
}

/// Holds and gives in one: both entries are written together or not at all.
pub(super) fn give(bench: &Bench<'_, impl Read>, request: &GestureRequest) -> Result<Ruling, Stop> {
    let first = hold(bench, request, true)?;
    let EntryBody::Reserved { kind, pool, .. } = &first.body else {
        return Ok(first.into());
    };
    let amount_minor = request.amount.amount_minor;
    let about = SpendAbout {
        spend: request.spend,
        agent: bench.command.caller.agent,
        customer: request.customer,
        interaction: request.interaction,
        case: request.case,
        reason: request.reason.clone(),
        gesture: request.gesture.clone(),
        kind: *kind,
        pool: pool.clone(),
    };
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
    Ok(Ruling {
        first,
        then: Some(then),
    })
}

fn hold(
    bench: &Bench<'_, impl Read>,
    request: &GestureRequest,
    is_give: bool,
) -> Result<Draft, Stop> {
    let kind = existing_kind(bench, request)?;
    let question = question(bench, request);
    let states = weigh(bench.rows, bench.policy, &question)?;
    let amount_minor = request.amount.amount_minor;
    let traces = |states: &[LimitState], is_charged: bool| {
        let trace = |state: &LimitState| state.trace(amount_minor, is_charged);
        states.iter().map(trace).collect()
    };
    if let Some(refusal) = refusal(&states, &question, amount_minor) {
        return Err(Stop::Refusal(refusal, traces(&states, false)));
    }
    // Where a limit gives authority there is a pool: `weigh` answers with no limits otherwise.
    let caller = &bench.command.caller;
    let Some(pool) = bench.policy.pool_of(caller.team.as_ref()) else {
        return Err(Fault::NoPolicy.into());
    };
    let postings = Posting::pair(
        Account::AuthorityPool(pool.id.clone()),
        Account::Encumbered(pool.id.clone()),
        amount_minor,
    );
    Ok(Draft {
        currency: Some(request.amount.currency),
        trace: traces(&states, true),
        postings,
        body: EntryBody::Reserved {
            request: Box::new(request.clone()),
            kind,
            pool: pool.id,
            expire_at: bench.now.saturating_add_ns(bench.policy.hold_ns),
            is_give,
        },
    })
}

fn existing_kind(
    bench: &Bench<'_, impl Read>,
    request: &GestureRequest,
) -> Result<GestureKind, Fault> {
    if bench.policy.reason(&request.reason).is_none() {
        return Err(Fault::UnknownReason {
            code: request.reason.clone(),
        });
    }
    let code = || request.gesture.clone();
    match bench.policy.gesture(&request.gesture) {
        None => Err(Fault::UnknownGesture { code: code() }),
        Some(gesture) if !gesture.kind.moves_money() => Err(Fault::GestureIsFree { code: code() }),
        Some(gesture) => Ok(gesture.kind),
    }
}

fn question(bench: &Bench<'_, impl Read>, request: &GestureRequest) -> Question {
    Question {
        caller: bench.command.caller.clone(),
        subject: Subject {
            customer: request.customer,
            interaction: request.interaction,
            case: request.case,
            reason: Some(request.reason.clone()),
        },
        currency: request.amount.currency,
        at: bench.now,
        windows: bench.command.windows.clone(),
    }
}
