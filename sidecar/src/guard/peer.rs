//! The other end of a connection: its address, where that stands for somebody, and its places.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;

use ipnet::IpNet;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// What each request of a connection knows of it.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    /// The places for calls at work at once.
    pub(super) places: Arc<Semaphore>,
    /// Who is there; `None` where many are.
    pub(super) source: Option<IpAddr>,
}

/// The connections of each address.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    proxies: Arc<[IpNet]>,
    bound: Option<NonZeroU32>,
    open: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

/// A connection that counts for its address until it is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    source: Option<IpAddr>,
    open: Arc<Mutex<HashMap<IpAddr, u32>>>,
}

impl Addresses {
    /// At most `bound` connections for each address that is no proxy's.
    pub(super) fn new(bound: Option<NonZeroU32>, proxies: &[IpNet]) -> Self {
        Self { proxies: proxies.into(), bound, open: Arc::default() }
    }

    /// Who is at an address: one host or, in IPv6, one network, whose hosts choose their addresses
    /// as they like. `None` for loopback and proxies, behind which many are.
    pub(super) fn source(&self, address: IpAddr) -> Option<IpAddr> {
        let address = address.to_canonical();
        if address.is_loopback() || self.proxies.iter().any(|proxy| proxy.contains(&address)) {
            return None;
        }
        Some(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(host) => {
                IpAddr::V6(Ipv6Addr::from_bits(host.to_bits() & !u128::from(u64::MAX)))
            }
        })
    }

    /// Counts a connection; `None` where its source has as many as it may have.
    pub(super) fn enter(&self, source: Option<IpAddr>) -> Option<Counted> {
        let source = self.bound.and(source);
        if let (Some(source), Some(bound)) = (source, self.bound) {
            let mut open = self.open.lock();
            let count = open.entry(source).or_default();
            if *count >= bound.get() {
                return None;
            }
            *count += 1;
        }
        Some(Counted { source, open: Arc::clone(&self.open) })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some(source) = self.source else { return };
        let mut open = self.open.lock();
        if let Some(count) = open.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                open.remove(&source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(bound: u32) -> Addresses {
        Addresses::new(NonZeroU32::new(bound), &["10.0.0.0/8".parse().unwrap()])
    }

    #[test]
    fn takes_an_address_for_somebody_unless_many_are_behind_it() {
        for (address, expected) in [
            ("192.0.2.7", Some("192.0.2.7")),
            ("::ffff:192.0.2.7", Some("192.0.2.7")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::")),
            ("2001:db8:1:3:3:4:5:6", Some("2001:db8:1:3::")),
            ("127.0.0.1", None),
            ("::1", None),
            ("::ffff:127.0.0.1", None),
            ("10.1.2.3", None),
        ] {
            let source = addresses(1).source(address.parse().unwrap());
            assert_eq!(source, expected.map(|it| it.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn counts_the_connections_of_each_address() {
        let addresses = addresses(2);
        let one = addresses.source("192.0.2.7".parse().unwrap());
        let other = addresses.source("192.0.2.8".parse().unwrap());
        let first = addresses.enter(one).unwrap();
        let _second = addresses.enter(one).unwrap();
        assert!(addresses.enter(one).is_none());
        let third = addresses.enter(other).unwrap();
        let loopback: Vec<_> = (0..10).map(|_| addresses.enter(None).unwrap()).collect();
        drop((first, third, loopback));
        assert!(addresses.enter(one).is_some());
        assert_eq!(addresses.open.lock().len(), 1, "addresses without connections are forgotten");
    }

    #[test]
    fn counts_nothing_without_a_bound() {
        let addresses = addresses(0);
        let source = addresses.source("192.0.2.7".parse().unwrap());
        let open: Vec<_> = (0..100).map(|_| addresses.enter(source).unwrap()).collect();
        assert!(addresses.open.lock().is_empty());
        drop(open);
    }
}
