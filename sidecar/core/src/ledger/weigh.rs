//! The one function that holds an amount against every limit; headroom, preview and the real
//! thing all use it.

use crate::ids::{LimitId, PoolId, RoleCode};
use crate::money::Currency;
use crate::mutants::{Mutant, is_on};
use crate::policy::{Counts, Dimension, Limit, POOL_LIMIT_PREFIX, Policy, Window, pool_limit_id};
use crate::time::Time;

use super::headroom::Question;
use super::{
    Charge, CounterKey, CounterRow, Fault, LimitTrace, Read, Refusal, ScopeKey, WindowKey,
};

/// One limit that applies, and what it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitState {
    /// The limit; a pool's cap appears as a limit of its own.
    pub limit: LimitId,
    /// The name of its window, for people.
    pub label: String,
    /// Whom and what it counts together here.
    pub scope: ScopeKey,
    /// Over which time it counts here.
    pub window: WindowKey,
    /// The cap, in minor units.
    pub cap_minor: i64,
    /// What is held in the window, in minor units.
    pub held_minor: i64,
    /// What was given in the window, reversals deducted, in minor units.
    pub given_minor: i64,
    /// What second persons granted above the cap and still stands, in minor units.
    pub granted_minor: i64,
    /// What it counts; for [`Counts::Times`] the numbers are gestures and not minor units.
    pub counts: Counts,
    /// When something comes free by itself; `None` where nothing will.
    pub resets_at: Option<Time>,
}

impl LimitState {
    /// Held and given, in minor units.
    pub fn used_minor(&self) -> i64 {
        self.held_minor.saturating_add(self.given_minor)
    }

    /// What the limit leaves, in minor units or in gestures, as it counts; zero where a lowered cap is already passed.
    pub fn available_minor(&self) -> i64 {
        self.cap_minor.saturating_add(self.granted_minor).saturating_sub(self.used_minor()).max(0)
    }

    /// The largest amount that the limit leaves, in minor units: any, where gestures are counted
    /// and one more is left.
    pub fn room_minor(&self) -> i64 {
        match self.counts {
            Counts::Amounts | Counts::Grants => self.available_minor(),
            Counts::Times if self.available_minor() > 0 => i64::MAX,
            Counts::Times => 0,
        }
    }

    /// Whether this is the cap of a pool.
    pub fn is_pool(&self) -> bool {
        self.limit.as_str().starts_with(POOL_LIMIT_PREFIX)
    }

    /// The trace of an amount that is charged, or of one that is refused.
    pub(crate) fn trace(&self, amount_minor: i64, is_charged: bool) -> LimitTrace {
        let before_minor = self.used_minor();
        let amount_minor = self.counts.share_of(amount_minor);
        let added = if is_charged { amount_minor } else { 0 };
        LimitTrace {
            limit: self.limit.clone(),
            scope: self.scope.clone(),
            window: self.window,
            before_minor,
            amount_minor,
            after_minor: before_minor.saturating_add(added),
            cap_minor: self.cap_minor,
            counts: self.counts,
            granted_minor: self.granted_minor,
        }
    }
}

/// What is held and given in a count's window at `now`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) held_minor: i64,
    pub(crate) given_minor: i64,
    pub(crate) granted_minor: i64,
    /// The time of the oldest amount that still counts, for windows that move.
    pub(crate) oldest_at: Option<Time>,
}

impl Use {
    pub(crate) fn of(row: Option<&CounterRow>, window: WindowKey, now: Time) -> Self {
        match row {
            None => Self::default(),
            Some(CounterRow::Total { held_minor, given_minor, granted_minor }) => Self {
                held_minor: *held_minor,
                given_minor: *given_minor,
                granted_minor: *granted_minor,
                oldest_at: None,
            },
            Some(CounterRow::Rolling { charges }) => charges
                .iter()
                .filter(|charge| window.counts(charge.at, now))
                .fold(Self::default(), Self::plus),
        }
    }

    fn plus(self, charge: &Charge) -> Self {
        Self {
            held_minor: if is_on(Mutant::RollingForgetsHolds) {
                self.held_minor
            } else {
                self.held_minor.saturating_add(charge.held_minor)
            },
            given_minor: self.given_minor.saturating_add(charge.given_minor),
            granted_minor: self.granted_minor.saturating_add(charge.granted_minor),
            oldest_at: self.oldest_at.or(Some(charge.at)),
        }
    }

    pub(crate) fn used_minor(self) -> i64 {
        self.held_minor.saturating_add(self.given_minor)
    }
}

impl WindowKey {
    /// Whether an amount charged at `at` counts in the window at `now`.
    pub fn counts(&self, at: Time, now: Time) -> bool {
        match self {
            Self::Rolling { duration_ns } => {
                at.saturating_add_ns(*duration_ns) > now || is_on(Mutant::RollingForever)
            }
            // The other windows are part of a count's name: what is charged there stays there.
            _ => true,
        }
    }
}

/// Every limit that applies to a question, in the policy's order, the pool's cap last.
///
/// None at all means no authority, even where a pool has room or gestures are counted: only a limit
/// on amounts gives any.
pub(crate) fn weigh(
    rows: &impl Read,
    policy: &Policy,
    question: &Question,
) -> Result<Vec<LimitState>, Fault> {
    if !policy.currencies.contains(&question.currency) {
        return Err(Fault::CurrencyNotInPolicy {
            code: question.currency.code(),
            allowed: policy.currency_codes(),
        });
    }
    let Some(pool) = policy.pool_of(question.caller.team.as_ref()) else {
        return Ok(Vec::new());
    };
    let mut states = states(rows, applying(policy, question, &pool.id, Authority::Own))?;
    if !states.iter().any(|state| state.counts == Counts::Amounts) {
        return Ok(Vec::new());
    }
    states.extend(pool_state(rows, (&pool.id, &pool.label), question.currency));
    Ok(states)
}

/// Every limit of a second person's own authority, in the policy's order; none at all means no
/// authority.
pub(crate) fn weigh_grants(
    rows: &impl Read,
    policy: &Policy,
    question: &Question,
) -> Result<Vec<LimitState>, Fault> {
    match policy.pool_of(question.caller.team.as_ref()) {
        Some(pool) => states(rows, applying(policy, question, &pool.id, Authority::Second)),
        None => Ok(Vec::new()),
    }
}

fn states<'p>(
    rows: &impl Read,
    applying: impl Iterator<Item = Result<Applying<'p>, Fault>>,
) -> Result<Vec<LimitState>, Fault> {
    // Room for the usual few, and for a pool's.
    let mut states = Vec::with_capacity(8);
    for applying in applying {
        let Applying { limit, cap_minor, counter, at } = applying?;
        states.push(limit_state(rows, counter, (&limit.label, limit.counts, cap_minor), at));
    }
    Ok(states)
}

/// Whose authority limits are weighed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authority {
    /// An agent's, for their own gestures.
    Own,
    /// A second person's, for what others give above their limits.
    Second,
}

impl Authority {
    fn weighs(self, counts: Counts) -> bool {
        match counts {
            Counts::Amounts | Counts::Times => self == Self::Own,
            Counts::Grants => self == Self::Second,
        }
    }
}

/// A limit that applies to a question.
pub(crate) struct Applying<'p> {
    pub(crate) limit: &'p Limit,
    /// The cap in the question's currency, in minor units, or in gestures where those are counted.
    pub(crate) cap_minor: i64,
    /// The count that the limit is held against.
    pub(crate) counter: CounterKey,
    at: Time,
}

/// The limits that apply to a question, in the policy's order; a fault for each calendar limit
/// whose window did not come with it.
pub(crate) fn applying<'p>(
    policy: &'p Policy,
    question: &'p Question,
    pool: &'p PoolId,
    authority: Authority,
) -> impl Iterator<Item = Result<Applying<'p>, Fault>> {
    let (caller, reason) = (&question.caller, question.subject.reason.as_ref());
    policy.limits.iter().filter_map(move |limit| {
        let applies = limit.applies(&caller.role, caller.tenure_days, reason);
        if !applies || !authority.weighs(limit.counts) {
            return None;
        }
        let cap_minor = match limit.counts {
            Counts::Times => limit.cap_times?.into(),
            Counts::Amounts | Counts::Grants => *limit.caps.get(&question.currency)?,
        };
        Some(window_key(limit, question).map(|window| {
            Applying {
                limit,
                cap_minor,
                counter: CounterKey {
                    limit: limit.id.clone(),
                    scope: scope_key(limit, question, pool),
                    window,
                    currency: (limit.counts != Counts::Times && !is_on(Mutant::CurrenciesMixed))
                        .then_some(question.currency),
                },
                at: question.at,
            }
        }))
    })
}

/// The limit with the least room; the first in order where several leave the same.
pub(crate) fn binding(states: &[LimitState]) -> Option<&LimitState> {
    // `min_by_key` takes the first of equals.
    states.iter().min_by_key(|state| state.room_minor())
}

/// Why an amount above zero may not be held; `None` where every limit has room.
pub(crate) fn refusal(
    states: &[LimitState],
    (role, currency): (&RoleCode, Currency),
    amount_minor: i64,
) -> Option<Refusal> {
    let Some(tightest) = binding(states) else {
        return Some(Refusal::NoAuthority { role: role.clone() });
    };
    let available_minor =
        if is_on(Mutant::CapacityIgnored) { i64::MAX } else { tightest.room_minor() };
    (amount_minor > available_minor).then(|| Refusal::LimitExceeded {
        limit: tightest.limit.clone(),
        label: tightest.label.clone(),
        available_minor,
        requested_minor: amount_minor,
        currency,
    })
}

/// A limit as it stands now at a count.
pub(crate) fn limit_state(
    rows: &impl Read,
    key: CounterKey,
    (label, counts, cap_minor): (&str, Counts, i64),
    now: Time,
) -> LimitState {
    let used = Use::of(rows.counter(&key), key.window, now);
    let resets_at = match key.window {
        WindowKey::Calendar { end, .. } => Some(end),
        WindowKey::Rolling { duration_ns } => {
            used.oldest_at.map(|at| at.saturating_add_ns(duration_ns))
        }
        WindowKey::Interaction(_) | WindowKey::Case(_) | WindowKey::Lifetime => None,
    };
    LimitState {
        limit: key.limit,
        label: label.to_owned(),
        scope: key.scope,
        window: key.window,
        cap_minor,
        held_minor: used.held_minor,
        given_minor: used.given_minor,
        granted_minor: used.granted_minor,
        counts,
        resets_at,
    }
}

/// The pool's cap as a limit; `None` where the pool has none.
pub(crate) fn pool_state(
    rows: &impl Read,
    (pool, label): (&PoolId, &str),
    currency: Currency,
) -> Option<LimitState> {
    let row = rows.pool(pool, currency)?;
    Some(LimitState {
        limit: pool_limit_id(pool),
        label: label.to_owned(),
        scope: ScopeKey { pool: Some(pool.clone()), ..ScopeKey::default() },
        window: WindowKey::Lifetime,
        cap_minor: row.allotted_minor?,
        held_minor: row.held_minor,
        given_minor: row.given_minor,
        granted_minor: 0,
        counts: Counts::Amounts,
        resets_at: None,
    })
}

fn scope_key(limit: &Limit, question: &Question, pool: &PoolId) -> ScopeKey {
    let subject = &question.subject;
    let mut key = ScopeKey::default();
    for dimension in &limit.scope {
        match dimension {
            Dimension::Tenant => {}
            Dimension::Pool => key.pool = Some(pool.clone()),
            Dimension::Agent if is_on(Mutant::ScopeForgetsAgent) => {}
            Dimension::Agent => key.agent = Some(question.caller.agent),
            Dimension::Customer => key.customer = Some(subject.customer),
            Dimension::Case => key.case = subject.case,
            Dimension::Interaction => key.interaction = Some(subject.interaction),
            Dimension::Reason => key.reason.clone_from(&subject.reason),
        }
    }
    key
}

fn window_key(limit: &Limit, question: &Question) -> Result<WindowKey, Fault> {
    let subject = &question.subject;
    match &limit.window {
        Window::Interaction => Ok(WindowKey::Interaction(subject.interaction)),
        Window::Case { otherwise_ns } => Ok(match subject.case {
            Some(case) => WindowKey::Case(case),
            None => WindowKey::Rolling { duration_ns: *otherwise_ns },
        }),
        Window::Calendar { .. } => calendar_key(limit, question),
        Window::Rolling { duration_ns } => Ok(WindowKey::Rolling { duration_ns: *duration_ns }),
        Window::Lifetime => Ok(WindowKey::Lifetime),
    }
}

fn calendar_key(limit: &Limit, question: &Question) -> Result<WindowKey, Fault> {
    let at = question.at;
    question
        .windows
        .iter()
        .find(|window| window.limit == limit.id && window.start <= at && at < window.end)
        .map(|window| WindowKey::Calendar { start: window.start, end: window.end })
        .ok_or_else(|| Fault::WindowNotCurrent { limit: limit.id.clone(), at })
}
