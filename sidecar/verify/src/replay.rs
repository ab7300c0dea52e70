//! Replays the ledger: every entry is decided again from the rows before it, and has to be the very
//! bytes that come out.

use std::collections::VecDeque;
use std::sync::Arc;

use makegood_core::ledger::invariants::{Violation, check_entry};
use makegood_core::ledger::{Entry, Key, RULES_VERSION, Read as _, Row, apply, decide};
use makegood_core::policy::Policy;
use makegood_ledger::codec;

use crate::calendar::{self, Calendar};
use crate::command::{command_of, needs_next};
use crate::duties::Duties;
use crate::policies::Policies;
use crate::problem::Failure;
use crate::rows::ReplayedRows;
use crate::silence::caught;

/// What is wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The entry itself.
    Entry {
        /// Which.
        position: u64,
        /// What about it.
        what: String,
    },
    /// What it depends on.
    Elsewhere {
        /// The entry that needs it.
        position: u64,
        /// What is wrong there.
        failure: Failure,
    },
}

/// The ledger up to some entry.
#[derive(Debug)]
pub struct Replay {
    rows: ReplayedRows,
    /// `None` where there are no texts of policies, so that decisions cannot be made again.
    policies: Option<Policies>,
    calendar: Calendar,
    duties: Duties,
    /// What the last decision wrote besides its first entry.
    expected: VecDeque<Entry>,
    /// An entry that the one after it explains, with its stored bytes.
    held: Option<(Entry, Vec<u8>)>,
    rules_version: u32,
    /// Whether the last entry was written in development mode.
    development: bool,
    /// What the last entry should be stored as; kept for the room that it has.
    encoded: Vec<u8>,
    /// How many entries were the first of their decision, and were decided again.
    decisions: u64,
    made_in_development: Option<InDevelopment>,
}

/// The entries that were written in development mode, where no second person is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InDevelopment {
    /// The first of them.
    pub first: u64,
    /// How many there are.
    pub count: u64,
}

/// Takes a panic of the core over an entry for one more thing that is wrong.
fn guarded(position: u64, judge: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
    caught(judge).unwrap_or_else(|| {
        let what = "cannot follow the entries before it".to_owned();
        Err(Fault::Entry { position, what })
    })
}

impl Replay {
    /// A replay from the first entry on.
    pub fn new(policies: Option<Policies>) -> Self {
        Self {
            rows: ReplayedRows::default(),
            policies,
            calendar: Calendar::default(),
            duties: Duties::default(),
            expected: VecDeque::new(),
            held: None,
            rules_version: 0,
            development: false,
            encoded: Vec::new(),
            decisions: 0,
            made_in_development: None,
        }
    }

    /// How many decisions were made again so far.
    pub fn decisions(&self) -> u64 {
        self.decisions
    }

    /// The entries that were written in development mode; `None` where there are none.
    pub fn made_in_development(&self) -> Option<InDevelopment> {
        self.made_in_development
    }

    /// The rows so far.
    pub fn rows(&self) -> &ReplayedRows {
        &self.rows
    }

    /// Takes the entry of the next position by its stored bytes.
    ///
    /// # Errors
    /// What is wrong with it, or with the one before it that it explains; the replay has ended then.
    pub fn take(&mut self, position: u64, bytes: &[u8]) -> Result<(), Fault> {
        // Whatever an entry says, it must not stop the verifier: the core takes what its own rules
        // would never write for a reason to stop, which here is one more thing that is wrong.
        guarded(position, || self.take_unguarded(position, bytes))
    }

    /// Takes the end of the ledger.
    ///
    /// # Errors
    /// What is wrong with the last entry, or with what all entries add up to.
    pub fn finish(&mut self) -> Result<(), Fault> {
        if let Some((held, bytes)) = self.held.take() {
            guarded(held.position, || self.judge((held, &bytes), None))?;
        }
        let position = self.rows.head().entry_count;
        let wrong = |what: String| Err(Fault::Entry { position, what });
        if let Some(missing) = self.expected.front() {
            return wrong(format!("is missing: {} should follow", missing.body.kind()));
        }
        match self.trial_balance() {
            Ok(()) => Ok(()),
            Err(violation) => wrong(violation.to_string()),
        }
    }

    fn take_unguarded(&mut self, position: u64, bytes: &[u8]) -> Result<(), Fault> {
        let wrong = |what: String| Fault::Entry { position, what };
        // Where it is decided again, what was asked is enough: all else has to come out.
        let reading = if self.policies.is_some() { codec::decode_asked } else { codec::decode };
        let decode = || reading(bytes).map_err(|error| wrong(error.to_string()));
        if let Some((held, stored)) = self.held.take() {
            let next = decode()?;
            self.judge((held, &stored), Some(&next))?;
        }
        // What the decision before has written need not be read: it is known to the byte.
        if let Some(expected) = self.expected.pop_front() {
            if !self.is_stored(&expected, bytes) {
                return Err(wrong(difference(bytes, &expected)));
            }
            return self.add(&expected);
        }
        let entry = decode()?;
        if entry.position != position {
            return Err(wrong(format!("says that it is the entry of position {}", entry.position)));
        }
        if needs_next(&entry) {
            self.held = Some((entry, bytes.to_vec()));
            return Ok(());
        }
        self.judge((entry, bytes), None)
    }

    /// Decides an entry again, and adds it where it is what was decided.
    fn judge(&mut self, (entry, bytes): (Entry, &[u8]), next: Option<&Entry>) -> Result<(), Fault> {
        let position = entry.position;
        let wrong = |what: String| Fault::Entry { position, what };
        if self.policies.is_none() {
            self.development = codec::is_development(bytes);
            return self.add(&entry);
        }
        let expected = self.decide_again(&entry, next)?;
        if !self.is_stored(&expected, bytes) {
            return Err(wrong(difference(bytes, &expected)));
        }
        self.add(&expected)
    }

    fn add(&mut self, entry: &Entry) -> Result<(), Fault> {
        let position = entry.position;
        let wrong = |what: String| Fault::Entry { position, what };
        self.check_alone(entry).map_err(wrong)?;
        if self.development {
            let so_far =
                self.made_in_development.unwrap_or(InDevelopment { first: position, count: 0 });
            self.made_in_development = Some(InDevelopment { count: so_far.count + 1, ..so_far });
        } else if entry.caller.is_in_development() {
            return Err(wrong("was asked for in development mode and does not say so".to_owned()));
        }
        self.duties.check(entry, &self.rows).map_err(|what| wrong(what.to_owned()))?;
        apply(&mut self.rows, entry);
        Ok(())
    }

    /// What can be told without any decision.
    fn check_alone(&mut self, entry: &Entry) -> Result<(), String> {
        let head = self.rows.head();
        if entry.at <= head.last_at && entry.position > 0 {
            return Err("is not later than the entry before it".to_owned());
        }
        let versions = self.rules_version.max(1)..=RULES_VERSION;
        if !versions.contains(&entry.rules_version) {
            let (found, first, last) = (entry.rules_version, versions.start(), versions.end());
            return Err(format!("was decided by rules {found}, which is not {first} to {last}"));
        }
        self.rules_version = entry.rules_version;
        check_entry(entry).map_err(|violation| violation.to_string())
    }

    /// The first entry of the decision that is to have written this one.
    fn decide_again(&mut self, entry: &Entry, next: Option<&Entry>) -> Result<Entry, Fault> {
        let position = entry.position;
        let wrong = |what: String| Fault::Entry { position, what };
        // Decisions at a time that is past are made later than asked for.
        if position > 0 && entry.at <= self.rows.head().last_at {
            return Err(wrong("is not later than the entry before it".to_owned()));
        }
        let policy = self.policy_of(entry)?;
        let windows = self.calendar.windows(&policy, entry.at);
        let command =
            command_of(&self.rows, entry, next, windows).map_err(|what| wrong(what.to_owned()))?;
        let decision = decide(&self.rows, &policy, &command)
            .map_err(|fault| wrong(format!("cannot have been decided: {fault}")))?;
        self.decisions += 1;
        let mut entries = decision.entries;
        if entries.is_empty() {
            return Err(wrong("repeats what was answered before".to_owned()));
        }
        // Rules of version 1 decide what they decided as those of version 2 do; see `golden`.
        for expected in &mut entries {
            expected.rules_version = entry.rules_version;
        }
        let mut entries = VecDeque::from(entries);
        let first = entries.pop_front();
        self.expected = entries;
        first.ok_or_else(|| wrong("has no decision".to_owned()))
    }

    fn policy_of(&mut self, entry: &Entry) -> Result<Arc<Policy>, Fault> {
        let position = entry.position;
        let policies = self.policies.as_mut().map(|policies| policies.get(entry.policy));
        let missing = || Fault::Entry { position, what: "has no policy at hand".to_owned() };
        policies.ok_or_else(missing)?.map_err(|failure| Fault::Elsewhere { position, failure })
    }

    /// Whether an entry is stored in these very bytes.
    fn is_stored(&mut self, entry: &Entry, bytes: &[u8]) -> bool {
        codec::encode_into(&mut self.encoded, entry, self.development);
        if self.encoded == bytes {
            return true;
        }
        codec::encode_into(&mut self.encoded, entry, !self.development);
        let is_other = self.encoded == bytes;
        self.development ^= is_other;
        is_other
    }

    /// All debits and all credits of each book are equal, in each currency.
    fn trial_balance(&self) -> Result<(), Violation> {
        let mut sums = std::collections::BTreeMap::new();
        for (key, row) in self.rows.books() {
            if let (Key::Balance(account, currency), Row::Balance(row)) = (key, row) {
                let sum: &mut i128 = sums.entry((account.book(), *currency)).or_default();
                *sum += row.debit_minor - row.credit_minor;
            }
        }
        match sums.into_iter().find(|(_, sum)| *sum != 0) {
            None => Ok(()),
            Some(((book, currency), difference_minor)) => {
                Err(Violation::TrialBalance { book, currency, difference_minor })
            }
        }
    }
}

/// The first thing in which a stored entry is not what was decided.
fn difference(bytes: &[u8], expected: &Entry) -> String {
    let found = match codec::decode(bytes) {
        Ok(found) => found,
        Err(error) => return error.to_string(),
    };
    if let Some(differing) = calendar::differing(&found, expected) {
        return differing;
    }
    let Entry {
        position,
        at,
        caller,
        policy,
        rules_version: _,
        currency,
        trace,
        postings,
        effective_at,
        is_post_close,
        body,
    } = expected;
    if found.body.kind() != body.kind() {
        return format!("is {}, but the rules decide {}", found.body.kind(), body.kind());
    }
    let parts = [
        ("position", found.position == *position),
        ("time", found.at == *at),
        ("caller", found.caller == *caller),
        ("policy", found.policy == *policy),
        ("currency", found.currency == *currency),
        ("content", found.body == *body),
        ("trace of limits", found.trace == *trace),
        ("lines in the books", found.postings == *postings),
        ("effective time", found.effective_at == *effective_at),
        ("mark of a closed period", found.is_post_close == *is_post_close),
    ];
    match parts.iter().find(|(_, is_same)| !is_same) {
        Some((part, _)) => {
            format!(
                "has another {part} than the rules decide under its policy: {}",
                found.body.kind()
            )
        }
        None => "is not stored in the bytes that a writer makes of it".to_owned(),
    }
}
