//! Rulings on new gestures: reserve, and give at once.

use super::draft::Draft;
use super::gesture::check_going_on;
use super::movement::{giving, holding};
use super::operate::{Bench, Ruling, Stop};
use crate::ids::{PoolId, RequestId};
use crate::ledger::headroom::{Question, check_gesture, check_reason};
use crate::ledger::weigh::{LimitState, refusal, weigh};
use crate::ledger::{EntryBody, GestureRequest, LimitTrace, Read, Refusal, SpendAbout};
use crate::policy::GestureKind;

pub(super) fn reserve(
    bench: &Bench<'_, impl Read>,
    request: &GestureRequest,
) -> Result<Ruling, Stop> {
    let weighed = Weighed::of(bench, request)?;
    weighed.check_room(bench, request)?;
    let (draft, _) = weighed.hold(bench, request, Way::Reserve)?;
    Ok(draft.into())
}

/// Holds and gives in one: both entries are written together or not at all.
pub(super) fn give(bench: &Bench<'_, impl Read>, request: &GestureRequest) -> Result<Ruling, Stop> {
    let weighed = Weighed::of(bench, request)?;
    weighed.check_room(bench, request)?;
    let (first, about) = weighed.hold(bench, request, Way::Give)?;
    let amount_minor = request.amount.amount_minor;
    let unchanged = |trace: &LimitTrace| LimitTrace {
        before_minor: trace.after_minor,
        amount_minor: 0,
        ..trace.clone()
    };
    let trace = first.trace.iter().map(unchanged).collect();
    let postings = giving(&about, amount_minor);
    let given = EntryBody::Committed {
        request: None,
        about: Box::new(about),
        amount_minor,
        is_final: true,
        released_minor: 0,
    };
    let then = Draft { trace, postings, ..Draft::of(first.currency, given) };
    Ok(Ruling { first, then: Some(then) })
}

/// How a new gesture is held.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    /// For later.
    Reserve,
    /// To be given at once.
    Give,
    /// For a consult.
    Consult(RequestId),
}

/// A new gesture with every limit that it is held against.
pub(super) struct Weighed {
    kind: GestureKind,
    pub(super) states: Vec<LimitState>,
}

impl Weighed {
    /// Weighs a gesture while giving goes on.
    pub(super) fn of(bench: &Bench<'_, impl Read>, request: &GestureRequest) -> Result<Self, Stop> {
        check_reason(bench.policy, &request.reason)?;
        let kind = check_gesture(bench.policy, &request.gesture)?;
        let question = Question::of(bench.command, request, bench.now);
        let states = weigh(bench.rows, bench.policy, &question)?;
        check_going_on(bench.rows)?;
        Ok(Self { kind, states })
    }

    /// Whether every limit has room for the whole amount.
    pub(super) fn check_room(
        &self,
        bench: &Bench<'_, impl Read>,
        request: &GestureRequest,
    ) -> Result<(), Stop> {
        let asker = (&bench.command.caller.role, request.amount.currency);
        match refusal(&self.states, asker, request.amount.amount_minor) {
            None => Ok(()),
            Some(refusal) => {
                let amount_minor = request.amount.amount_minor;
                Err(Stop::Refusal(refusal, self.traces(amount_minor, false)))
            }
        }
    }

    pub(super) fn traces(&self, amount_minor: i64, is_charged: bool) -> Vec<LimitTrace> {
        self.states.iter().map(|state| state.trace(amount_minor, is_charged)).collect()
    }

    /// The draft of holding the amount of a request.
    pub(super) fn hold(
        &self,
        bench: &Bench<'_, impl Read>,
        request: &GestureRequest,
        way: Way,
    ) -> Result<(Draft, SpendAbout), Stop> {
        let amount_minor = request.amount.amount_minor;
        let pool = pool_of(bench)?;
        let about = SpendAbout::of(request, bench.command.caller.agent, self.kind, pool.clone());
        let held = EntryBody::Reserved {
            request: Box::new(request.clone()),
            kind: self.kind,
            pool,
            expire_at: bench.now.saturating_add_ns(bench.policy.hold_ns),
            is_give: matches!(way, Way::Give),
            consult: match way {
                Way::Consult(consult) => Some(consult),
                Way::Reserve | Way::Give => None,
            },
        };
        let draft = Draft {
            trace: self.traces(amount_minor, true),
            postings: holding(&about, amount_minor),
            ..Draft::of(Some(request.amount.currency), held)
        };
        Ok((draft, about))
    }
}

fn pool_of(bench: &Bench<'_, impl Read>) -> Result<PoolId, Refusal> {
    let caller = &bench.command.caller;
    match bench.policy.pool_of(caller.team.as_ref()) {
        Some(pool) => Ok(pool.id.clone()),
        None => Err(Refusal::NoAuthority { role: caller.role.clone() }),
    }
}
