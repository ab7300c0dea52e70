//! Drafts become entries: numbered, timed, and signed with caller, policy and rules.

use crate::ids::Digest;
use crate::money::Currency;
use crate::time::Time;

use crate::ledger::{Caller, Entry, EntryBody, LimitTrace, Posting, RULES_VERSION};

/// What is to be written, before it has a number.
pub(super) struct Draft {
    pub(super) currency: Option<Currency>,
    pub(super) trace: Vec<LimitTrace>,
    pub(super) postings: Vec<Posting>,
    pub(super) effective_at: Option<Time>,
    pub(super) is_post_close: bool,
    pub(super) body: EntryBody,
}

impl Draft {
    /// A draft without traces and lines, which counts for the time of record.
    pub(super) fn of(currency: Option<Currency>, body: EntryBody) -> Self {
        Self {
            currency,
            trace: Vec::new(),
            postings: Vec::new(),
            effective_at: None,
            is_post_close: false,
            body,
        }
    }

    /// The same, counting for another instant.
    pub(super) fn counting_for(self, effective_at: Option<Time>, is_post_close: bool) -> Self {
        Self { effective_at, is_post_close, ..self }
    }
}

/// Numbers and times the entries of one decision.
pub(super) struct Scribe<'a> {
    position: u64,
    now: Time,
    caller: &'a Caller,
    policy: Digest,
}

impl<'a> Scribe<'a> {
    pub(super) fn new(position: u64, now: Time, caller: &'a Caller, policy: Digest) -> Self {
        Self { position, now, caller, policy }
    }

    /// The time of the next entry, which is the time of the decision.
    pub(super) fn now(&self) -> Time {
        self.now
    }

    pub(super) fn write(&mut self, draft: Draft) -> Entry {
        let entry = Entry {
            position: self.position,
            at: self.now,
            caller: self.caller.clone(),
            policy: self.policy,
            rules_version: RULES_VERSION,
            currency: draft.currency,
            trace: draft.trace,
            postings: draft.postings,
            effective_at: draft.effective_at,
            is_post_close: draft.is_post_close,
            body: draft.body,
        };
        self.position = self.position.saturating_add(1);
        self.now = self.now.saturating_add_ns(1);
        entry
    }
}
