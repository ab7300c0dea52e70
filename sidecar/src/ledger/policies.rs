//! The policies at hand: the one in force, and those whose time will come.

use std::iter::successors;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use makegood_core::ids::Digest;
use makegood_core::policy::Policy;

/// Policies by digest, one of them in force; it stands for that one wherever a policy is asked for.
///
/// Policies are only ever added, a few in the life of a house, so that whoever looks at one keeps it
/// for as long as it takes.
#[derive(Debug)]
pub struct Policies {
    first: Node,
    /// Which of them is in force, counted from the first.
    in_force: AtomicUsize,
}

#[derive(Debug)]
struct Node {
    policy: Arc<Policy>,
    next: OnceLock<Box<Node>>,
}

impl Policies {
    /// The policy in force, or to be put in force first.
    pub fn new(policy: Arc<Policy>) -> Self {
        Self { first: Node::of(policy), in_force: AtomicUsize::new(0) }
    }

    /// Keeps a policy at hand for its time.
    pub fn keep(&self, policy: Policy) {
        if self.find(policy.digest).is_some() {
            return;
        }
        let mut node = Box::new(Node::of(Arc::new(policy)));
        let mut last = &self.first;
        // Somebody else may have added one meanwhile; then ours goes behind theirs.
        while let Err(back) = last.next.set(node) {
            node = back;
            let Some(next) = last.next.get() else { return };
            last = next;
        }
    }

    /// The policy with this digest, if it is at hand.
    pub fn find(&self, digest: Digest) -> Option<&Policy> {
        self.nodes().map(|node| node.policy.as_ref()).find(|policy| policy.digest == digest)
    }

    /// From now on this policy is in force, if it is at hand.
    pub(super) fn enforce(&self, digest: Digest) {
        if let Some(index) = self.nodes().position(|node| node.policy.digest == digest) {
            self.in_force.store(index, Ordering::Release);
        }
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        successors(Some(&self.first), |node| node.next.get().map(Box::as_ref))
    }
}

impl Node {
    fn of(policy: Arc<Policy>) -> Self {
        Self { policy, next: OnceLock::new() }
    }
}

impl Deref for Policies {
    type Target = Policy;

    fn deref(&self) -> &Policy {
        let index = self.in_force.load(Ordering::Acquire);
        &self.nodes().nth(index).unwrap_or(&self.first).policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(byte: u8) -> Policy {
        Policy::standard(Digest::from_bytes([byte; 32]))
    }

    #[test]
    fn stands_for_the_policy_in_force() {
        let policies = Policies::new(Arc::new(policy(1)));
        policies.keep(policy(2));
        policies.keep(policy(3));
        policies.keep(policy(2));
        assert_eq!(policies.digest, policy(1).digest);
        policies.enforce(policy(3).digest);
        assert_eq!(policies.digest, policy(3).digest);
        policies.enforce(policy(9).digest);
        assert_eq!(policies.digest, policy(3).digest);
        assert_eq!(policies.nodes().count(), 3);
    }

    #[test]
    fn keeps_what_many_add_at_once() {
        let policies = Policies::new(Arc::new(policy(0)));
        std::thread::scope(|scope| {
            for byte in 1..9 {
                let policies = &policies;
                scope.spawn(move || policies.keep(policy(byte)));
            }
        });
        assert!((0..9).all(|byte| policies.find(policy(byte).digest).is_some()));
    }
}
