//! The first reading of the ledger: what rows need to know of earlier and of later entries.

use std::collections::{BTreeSet, HashMap};

use makegood_core::findings::Facts;
use makegood_core::ids::{AgentPid, Digest, RequestId, SpendId};
use makegood_core::ledger::{Act, Entry, EntryBody, PolicyNamed, ReviewState};
use makegood_core::time::Time;
use makegood_ledger::journal::frame::LeafHash;

use super::books::{Balances, book};
use super::error::ExportError;
use super::findings::Findings;
use super::period::Period;
use super::progress::Progress;
use super::rows::users::Users;
use super::source::{Source, Stored};

/// What the first reading finds.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The positions of the period, the end exclusive.
    pub(super) first: u64,
    /// The position after the last of the period.
    pub(super) end: u64,
    /// How many journals there are before the period.
    pub(super) journals_before: u64,
    /// How many journals the period has.
    pub(super) journal_count: u64,
    /// What was posted.
    pub(super) balances: Balances,
    /// Who made the period's entries.
    pub(super) users: Users,
    /// The policies by which the period's entries were decided, and those that came into force.
    pub(super) policies: BTreeSet<Digest>,
    /// The leaf of every entry.
    pub(super) leaves: Vec<LeafHash>,
    /// How many journals there are up to the last entry read.
    journals: u64,
    /// The name and the version of every policy that was ever in force.
    names: HashMap<Digest, PolicyNamed>,
    spends: HashMap<SpendId, Spend>,
    /// Of a reversal, by its position: the commit that it takes back.
    reverses: HashMap<u64, Commit>,
    /// Of a commit, by its journal: the journal of its first reversal.
    reversed_by: HashMap<u64, u64>,
    /// What rules find.
    pub(super) findings: Findings,
}

/// What later entries say of a gesture.
#[derive(Debug, Default)]
struct Spend {
    last_commit: Option<Commit>,
    approvals: Vec<Approval>,
    review: Option<Review>,
}

/// Something given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Commit {
    /// The entry.
    pub(super) position: u64,
    journal: u64,
}

/// A second person's authority.
#[derive(Debug, Clone)]
pub(super) struct Approval {
    /// The entry.
    pub(super) position: u64,
    /// When.
    pub(super) at: Time,
    /// Who.
    pub(super) approver: AgentPid,
    /// The consult.
    pub(super) consult: RequestId,
    /// What was approved in all, in minor units.
    pub(super) approved_minor: i64,
}

/// Where the review of a gesture stands.
#[derive(Debug, Clone)]
pub(super) struct Review {
    /// The state.
    pub(super) state: ReviewState,
    /// Who wrote it.
    pub(super) reviewer: AgentPid,
    /// When.
    pub(super) at: Time,
}

/// An entry with lines, as a journal of the general ledger.
#[derive(Debug, Clone, Default)]
pub(super) struct Journal {
    /// Its number, from 1 and without gaps over the whole ledger.
    pub(super) number: u64,
    /// The journal that it takes back.
    pub(super) reverses: Option<u64>,
    /// The journal that takes it back.
    pub(super) reversed_by: Option<u64>,
    /// The second person's authority as of then.
    pub(super) approval: Option<Approval>,
}

/// Reads the whole ledger up to the size of the export.
pub(super) fn gather(
    source: &Source,
    period: Period,
    progress: &mut dyn Progress,
) -> Result<Gathered, ExportError> {
    let (mut gathered, mut facts) = (Gathered::default(), Facts::default());
    for stored in source.between(0, source.size()) {
        let stored = stored?;
        gathered.take(&stored, period);
        facts.see(&stored.entry);
        progress.advance();
    }
    if gathered.leaves.is_empty() {
        return Err(ExportError::Empty);
    }
    gathered.findings.examine(&facts, &(gathered.first..gathered.end));
    Ok(gathered)
}

impl Gathered {
    /// How many entries the ledger has, as far as the export looks.
    pub(super) fn size(&self) -> u64 {
        self.leaves.len() as u64
    }

    /// The policy with this digest.
    pub(super) fn policy(&self, digest: &Digest) -> Option<&PolicyNamed> {
        self.names.get(digest)
    }

    /// The last commit before a reversal.
    pub(super) fn reverses(&self, position: u64) -> Option<&Commit> {
        self.reverses.get(&position)
    }

    /// The last approval of a gesture up to an entry.
    pub(super) fn approval(&self, spend: Option<SpendId>, position: u64) -> Option<&Approval> {
        let approvals = &self.spends.get(&spend?)?.approvals;
        approvals.iter().rfind(|approval| approval.position <= position)
    }

    /// Where the review of a gesture stands.
    pub(super) fn review(&self, spend: Option<SpendId>) -> Option<&Review> {
        self.spends.get(&spend?)?.review.as_ref()
    }

    /// An entry with lines as a journal of this number.
    pub(super) fn journal(&self, number: u64, position: u64, spend: Option<SpendId>) -> Journal {
        Journal {
            number,
            reverses: self.reverses(position).map(|commit| commit.journal),
            reversed_by: self.reversed_by.get(&number).copied(),
            approval: self.approval(spend, position).cloned(),
        }
    }

    fn take(&mut self, stored: &Stored, period: Period) {
        let Stored { position, leaf, entry, .. } = stored;
        self.leaves.push(*leaf);
        if period.is_before(entry.at) {
            self.first = position + 1;
            self.end = position + 1;
        }
        let is_in_period = period.contains(entry.at);
        if is_in_period {
            self.end = position + 1;
            self.users.see(entry);
            self.policies.insert(entry.policy);
        }
        if is_in_period || period.is_before(entry.at) {
            book(&mut self.balances, entry, is_in_period);
        }
        self.link(entry, period);
    }

    fn link(&mut self, entry: &Entry, period: Period) {
        if !entry.postings.is_empty() {
            self.journals += 1;
            self.journals_before += u64::from(period.is_before(entry.at));
            self.journal_count += u64::from(period.contains(entry.at));
        }
        let journal = self.journals;
        match &entry.body {
            EntryBody::PolicyActivated { name, version, .. } => {
                let (digest, name, version) = (entry.policy, name.clone(), version.clone());
                self.names.insert(digest, PolicyNamed { digest, name, version });
            }
            EntryBody::Committed { about, .. } => {
                let commit = Commit { position: entry.position, journal };
                self.spends.entry(about.spend).or_default().last_commit = Some(commit);
            }
            EntryBody::Reversed { about, .. } => {
                let spend = self.spends.get(&about.spend);
                if let Some(commit) = spend.and_then(|spend| spend.last_commit) {
                    self.reverses.insert(entry.position, commit);
                    self.reversed_by.entry(commit.journal).or_insert(journal);
                }
            }
            EntryBody::ConsultApproved { consult, about, approved_minor, .. } => {
                let approval = Approval {
                    position: entry.position,
                    at: entry.at,
                    approver: entry.caller.agent,
                    consult: *consult,
                    approved_minor: *approved_minor,
                };
                self.spends.entry(about.spend).or_default().approvals.push(approval);
            }
            EntryBody::Act { act: Act::Note { spend, state, .. }, .. } => {
                let review = Review { state: *state, reviewer: entry.caller.agent, at: entry.at };
                self.spends.entry(*spend).or_default().review = Some(review);
            }
            EntryBody::Act { act: Act::RaiseFinding(finding), .. } => {
                self.findings.raise(finding, entry.position);
            }
            _ => {}
        }
    }
}
