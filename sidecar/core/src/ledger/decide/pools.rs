//! Authority moves to, from and between pools; what is held and given stays covered.

use super::acts::{Booking, Office};
use crate::ids::PoolId;
use crate::ledger::headroom::check_amount;
use crate::ledger::{Account, ActFault, Fault, LimitTrace, Posting, Read, ScopeKey, WindowKey};
use crate::money::{Currency, MAX_AMOUNT_MINOR, Money};
use crate::policy::{Counts, pool_limit_id};

pub(super) fn check_shape(
    from: Option<&PoolId>,
    to: Option<&PoolId>,
    amount: Money,
) -> Result<(), Fault> {
    if from == to {
        let fix = "is where it comes from; name two pools, or one pool and the house";
        return Err(ActFault::FieldInvalid { field: "to_pool_id", fix }.into());
    }
    check_amount(amount.amount_minor)
}

pub(super) fn allocate(
    office: &Office<'_, impl Read>,
    from: Option<&PoolId>,
    to: Option<&PoolId>,
    Money { amount_minor, currency }: Money,
) -> Result<Booking, Fault> {
    let mut trace = Vec::new();
    if let Some(pool) = from {
        trace.push(take(&Capped::of(office, pool, currency)?, pool, amount_minor)?);
    }
    if let Some(pool) = to {
        let Capped { allotted_minor, .. } = Capped::of(office, pool, currency)?;
        if allotted_minor.saturating_add(amount_minor) > MAX_AMOUNT_MINOR {
            return Err(Fault::AmountOverflow { amount_minor });
        }
    }
    let account = |pool: Option<&PoolId>| {
        pool.cloned().map_or(Account::AuthorityTenant, Account::AuthorityPool)
    };
    let postings = Posting::pair(account(from), account(to), amount_minor);
    Ok(Booking { currency: Some(currency), trace, postings })
}

/// A pool with a cap.
struct Capped {
    currency: Currency,
    allotted_minor: i64,
    /// Held and given.
    used_minor: i64,
}

impl Capped {
    fn of(
        office: &Office<'_, impl Read>,
        pool: &PoolId,
        currency: Currency,
    ) -> Result<Self, ActFault> {
        let row = office.rows.pool(pool, currency);
        let row = row.ok_or_else(|| ActFault::PoolNotFound { pool: pool.clone(), currency })?;
        let used_minor = row.held_minor.saturating_add(row.given_minor);
        match row.allotted_minor {
            Some(allotted_minor) => Ok(Self { currency, allotted_minor, used_minor }),
            None => Err(ActFault::PoolUncapped { pool: pool.clone(), currency }),
        }
    }
}

/// The trace of a pool that keeps what covers its holds and gifts, so that the entry shows it.
fn take(capped: &Capped, pool: &PoolId, amount_minor: i64) -> Result<LimitTrace, ActFault> {
    let Capped { currency, allotted_minor, used_minor } = *capped;
    let free_minor = allotted_minor.saturating_sub(used_minor).max(0);
    if amount_minor > free_minor {
        let (pool, requested_minor) = (pool.clone(), amount_minor);
        return Err(ActFault::PoolHoldsLess { pool, free_minor, requested_minor, currency });
    }
    Ok(LimitTrace {
        limit: pool_limit_id(pool),
        scope: ScopeKey { pool: Some(pool.clone()), ..ScopeKey::default() },
        window: WindowKey::Lifetime,
        before_minor: used_minor,
        amount_minor: 0,
        after_minor: used_minor,
        cap_minor: allotted_minor.saturating_sub(amount_minor),
        counts: Counts::Amounts,
        granted_minor: 0,
    })
}
