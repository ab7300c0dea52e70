//! Raising a hold: the agent's own increments, and the room that every raise needs.

use super::gesture::{check_current, check_going_on, check_open, open_consult};
use super::movement::{holding, movement, traces};
use super::operate::{Bench, Ruling, Stop};
use crate::ids::RequestId;
use crate::ledger::weigh::{LimitState, limit_state, pool_state, refusal};
use crate::ledger::{Charged, EntryBody, LimitTrace, Part, Read, Refusal, SpendRow};
use crate::mutants::{Mutant, is_on};
use crate::policy::Counts;

pub(super) fn increment(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    request: RequestId,
    amount_minor: i64,
) -> Result<Ruling, Stop> {
    check_open(row, bench.now)?;
    if let Some(consult) = open_consult(bench.rows, row) {
        return Err(Refusal::ConsultOpen { consult: consult.consult }.into());
    }
    check_going_on(bench.rows)?;
    check_current(bench, row)?;
    let states = states(bench, row);
    let asker = (&bench.command.caller.role, row.currency);
    if let Some(refusal) = refusal(&states, asker, amount_minor)
        && !is_on(Mutant::RaiseUnchecked)
    {
        return Err(Stop::Refusal(refusal, asked(bench, row, amount_minor)));
    }
    let body = EntryBody::Increased { request, about: Box::new(row.about.clone()), amount_minor };
    let postings = holding(&row.about, amount_minor);
    Ok(movement(bench.rows, row, bench.now, postings, body).into())
}

/// Every limit of the agent's own that a raise needs room in, as it stands now; the pool's last.
///
/// A gesture that is counted already needs no more room where gestures are counted.
pub(super) fn states(bench: &Bench<'_, impl Read>, row: &SpendRow) -> Vec<LimitState> {
    let is_counted = row.total_minor() > 0;
    let limits = row.charged.iter().filter(|charged| match charged.counts {
        Counts::Amounts => true,
        Counts::Times => !is_counted,
        Counts::Grants => false,
    });
    let state = |charged: &Charged| {
        let limit = bench.policy.limit(&charged.counter.limit);
        let label = limit.map_or("", |limit| limit.label.as_str());
        let rule = (label, charged.counts, charged.cap_minor);
        limit_state(bench.rows, charged.counter.clone(), rule, bench.now)
    };
    limits.map(state).chain(pool(bench, row)).collect()
}

/// The cap of the gesture's pool; `None` where it has none.
pub(super) fn pool(bench: &Bench<'_, impl Read>, row: &SpendRow) -> Option<LimitState> {
    let pools = bench.policy.pools_in_force();
    let pool = pools.iter().find(|pool| pool.id == row.about.pool);
    let label = pool.map_or("", |pool| pool.label.as_str());
    pool_state(bench.rows, (&row.about.pool, label), row.currency)
}

/// The traces of a raise that is refused.
pub(super) fn asked(
    bench: &Bench<'_, impl Read>,
    row: &SpendRow,
    amount_minor: i64,
) -> Vec<LimitTrace> {
    let mut raised = row.clone();
    raised.held_minor = raised.held_minor.saturating_add(amount_minor);
    raised.raises.push(Part { at: bench.now, amount_minor });
    let traces = traces(bench.rows, (row, &raised), bench.now);
    traces
        .into_iter()
        .map(|trace| LimitTrace { after_minor: trace.before_minor, ..trace })
        .collect()
}
