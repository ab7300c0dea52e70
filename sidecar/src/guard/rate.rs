//! Rates: so many calls a second for each agent and for the tenant, and so many failed tokens for
//! each address; above them a call is refused at once and told when to come back.
//!
//! The key is always one that was verified, or an address: nobody can spend the rate of another.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::Body;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter, clock};
use http::{Request, Response};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::Inner;
use super::refuse::{Limit, Refusal};
use super::route::{Pace, Route};
use crate::config::Limits;
use crate::token::{Access, Identity};

/// An agent's panel asks for several things at once when a call rings.
const AGENT_BURST: u32 = 2;
/// All panels of a centre may come back at once, after a break or a restart.
const TENANT_BURST: u32 = 5;
/// A caller who is hard to find is looked for in several ways.
const SEARCH_BURST: u32 = 10;
/// Tokens that fail, a second and address: a page whose token ended asks about once a second.
const FAILURES: NonZeroU32 = NonZeroU32::new(10).unwrap();
const FAILURE_BURST: u32 = 10;
/// Keys that are idle are forgotten once in so many checks.
const FORGET_EVERY: u32 = 4096;

/// The rates of the whole port.
#[derive(Debug)]
pub(super) struct Rates {
    agents: Option<Buckets<String>>,
    searches: Option<Buckets<String>>,
    tenant: Option<Buckets<()>>,
    failures: Failures,
}

impl Rates {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            agents: limits.agent_rate.map(|rate| Buckets::new(rate, AGENT_BURST)),
            searches: limits.search_rate.map(|rate| Buckets::new(rate, SEARCH_BURST)),
            tenant: limits.tenant_rate.map(|rate| Buckets::new(rate, TENANT_BURST)),
            failures: Failures {
                buckets: Buckets::new(FAILURES, FAILURE_BURST),
                held: Mutex::default(),
            },
        }
    }

    /// Takes one call from whatever it counts against.
    ///
    /// The tenant comes last, so that what one agent has too many does not count for the others.
    fn take(&self, pace: Pace, identity: &Identity) -> Result<(), Refusal> {
        let of = |limit| move |retry_after| Refusal::Limited { limit, retry_after };
        if pace == Pace::Free {
            return Ok(());
        }
        if let (Pace::Search, Some(searches)) = (pace, &self.searches) {
            searches.take(&identity.agent).map_err(of(Limit::Search))?;
        }
        // Back ends speak for many people; they share the rate of the tenant alone.
        let is_person = matches!(identity.access, Access::Agent | Access::Supervisor);
        if let (true, Some(agents)) = (is_person, &self.agents) {
            agents.take(&identity.agent).map_err(of(Limit::Agent))?;
        }
        match &self.tenant {
            Some(tenant) => tenant.take(&()).map_err(of(Limit::Tenant)),
            None => Ok(()),
        }
    }

    /// Counts a token that failed.
    pub(super) fn failed(&self, source: IpAddr) {
        self.failures.note(source);
    }

    /// Whether tokens from this address are not looked at for now, and for how long.
    pub(super) fn hold(&self, source: IpAddr) -> Result<(), Refusal> {
        match self.failures.remaining(source) {
            None => Ok(()),
            Some(retry_after) => Err(Refusal::Limited { limit: Limit::FailedTokens, retry_after }),
        }
    }
}

/// Refuses calls above a rate; the caller must be known by now.
pub(super) fn check(inner: &Inner, request: &mut Request<Body>) -> Result<(), Box<Response<Body>>> {
    let extensions = request.extensions();
    let (Some(route), Some(identity)) =
        (extensions.get::<Route>(), extensions.get::<std::sync::Arc<Identity>>())
    else {
        // Health and pages: nobody is known there, and nothing is looked up.
        return Ok(());
    };
    inner.rates.take(route.pace, identity).map_err(|refusal| {
        inner.count(&refusal);
        Box::new(inner.refuse(route.dialect, &refusal))
    })
}

/// Addresses whose tokens fail too often, and until when none of theirs is looked at: to check a
/// signature costs more than to serve most calls.
#[derive(Debug)]
struct Failures {
    buckets: Buckets<IpAddr>,
    held: Mutex<HashMap<IpAddr, Instant>>,
}

impl Failures {
    fn note(&self, source: IpAddr) {
        if let Err(wait) = self.buckets.take(&source) {
            let now = Instant::now();
            let mut held = self.held.lock();
            held.retain(|_, until| *until > now);
            held.insert(source, now + wait);
        }
    }

    fn remaining(&self, source: IpAddr) -> Option<Duration> {
        let until = *self.held.lock().get(&source)?;
        let remaining = until.saturating_duration_since(Instant::now());
        (!remaining.is_zero()).then_some(remaining)
    }
}

/// A bucket for each key. Memory is bounded by the keys that were used of late.
#[derive(Debug)]
struct Buckets<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, HashMapStateStore<K>, Clock, NoOpMiddleware<Nanos>>,
    clock: Clock,
    check_count: AtomicU32,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    /// Buckets that fill at `rate` a second and hold what comes in `burst` seconds.
    fn new(rate: NonZeroU32, burst: u32) -> Self {
        let burst = rate.saturating_mul(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        let quota = Quota::per_second(rate).allow_burst(burst);
        let clock = Clock(Instant::now());
        Self {
            limiter: RateLimiter::hashmap_with_clock(quota, clock.clone()),
            clock,
            check_count: AtomicU32::new(1),
        }
    }

    /// Takes one; `Err` is the time until there is one again.
    fn take(&self, key: &K) -> Result<(), Duration> {
        if self.check_count.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGET_EVERY) {
            self.limiter.retain_recent();
        }
        let taken = self.limiter.check_key(key);
        taken.map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

/// The runtime's clock, so that tests can wind it.
#[derive(Debug, Clone)]
struct Clock(Instant);

impl clock::Clock for Clock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ConfigFlags};

    fn buckets(rate: u32, burst: u32) -> Buckets<u32> {
        Buckets::new(NonZeroU32::new(rate).unwrap(), burst)
    }

    #[tokio::test(start_paused = true)]
    async fn lets_a_burst_through_and_then_the_rate() {
        let buckets = buckets(20, 2);
        for _ in 0..40 {
            assert_eq!(buckets.take(&1), Ok(()));
        }
        let wait = buckets.take(&1).unwrap_err();
        assert_eq!(wait, Duration::from_millis(50));
        assert_eq!(buckets.take(&2), Ok(()), "each key has a bucket of its own");
        tokio::time::advance(wait).await;
        assert_eq!(buckets.take(&1), Ok(()));
        assert!(buckets.take(&1).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn forgets_keys_that_are_idle() {
        let buckets = buckets(1, 1);
        for key in 0..10 * FORGET_EVERY {
            assert_eq!(buckets.take(&key), Ok(()));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let count = buckets.limiter.len();
        let bound = usize::try_from(FORGET_EVERY).unwrap() + 1_001;
        assert!(count <= bound, "{count} keys are remembered");
    }

    #[tokio::test(start_paused = true)]
    async fn holds_addresses_whose_tokens_fail_too_often() {
        let (config, _) = Config::load(&ConfigFlags::default(), &[]).unwrap();
        let rates = Rates::new(&config.limits);
        let [stranger, other]: [IpAddr; 2] =
            ["192.0.2.1", "192.0.2.2"].map(|it| it.parse().unwrap());
        for _ in 0..100 {
            rates.failed(stranger);
            assert_eq!(rates.hold(stranger), Ok(()));
        }
        rates.failed(stranger);
        let retry_after = Duration::from_millis(100);
        let held = Refusal::Limited { limit: Limit::FailedTokens, retry_after };
        assert_eq!(rates.hold(stranger), Err(held));
        assert_eq!(rates.hold(other), Ok(()));
        tokio::time::advance(retry_after).await;
        assert_eq!(rates.hold(stranger), Ok(()));
    }
}
