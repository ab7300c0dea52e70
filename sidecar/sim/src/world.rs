//! One simulation: the real writer on a disk that fails, and the oracle beside it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use makegood_core::ids::RequestId;
use makegood_core::ledger::invariants::{check_entry, check_lives, check_rows, replay};
use makegood_core::ledger::{Act, Action, Caller, Entry, EntryBody, OperationId, Read as _, Side};
use makegood_core::time::{NS_PER_S, Time};
use makegood_ledger::codec;
use makegood_ledger::journal::frame::LeafHash;
use makegood_ledger::journal::sim::{Fault, SimDisk};
use makegood_sidecar::ledger::writer::sim::{Backstage, SimWriter};
use makegood_sidecar::ledger::writer::{Answer, Work, WriteError, system};
use sha2::{Digest as _, Sha256};

use crate::cast;
use crate::oracle::{Expected, Oracle};
use crate::plan::{Asked, Plan};

/// When a simulation begins: 1 March 2026, an hour before midnight UTC.
const BEGIN_NS: i64 = 1_772_406_000_000_000_000;

/// Small, so that a simulation fills several.
const SEGMENT_BYTES: u64 = 64 << 10;

/// The most that is asked at once.
const AT_ONCE: usize = 6;

/// What a simulation came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) commands: u64,
    pub(crate) entries: u64,
    pub(crate) refusals: u64,
    pub(crate) crashes: u64,
    /// The leaf hash of each entry, folded: two runs of a seed have the same.
    pub(crate) digest: u64,
}

/// A simulation under way.
pub(crate) struct World {
    plan: Plan,
    oracle: Oracle,
    backstage: Backstage,
    disk: SimDisk,
    writer: SimWriter,
    now: Time,
    /// The leaf hashes of everything that is known to be stored.
    stored: Vec<LeafHash>,
    entries: Vec<Entry>,
    report: Report,
}

impl Report {
    /// Adds what another seed came to; the order does not matter.
    pub(crate) fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.entries += other.entries;
        self.refusals += other.refusals;
        self.crashes += other.crashes;
        self.digest ^= other.digest;
    }
}

/// Runs a seed until so many commands have been asked.
///
/// # Errors
/// What was violated, with the command at which it was seen.
pub(crate) fn run(seed: u64, commands: u64) -> Result<Report> {
    let mut world = World::new(seed)?;
    while world.report.commands < commands {
        world.step().with_context(|| format!("after {} commands", world.report.commands))?;
    }
    world.check_all()?;
    world.report.entries = world.entries.len() as u64;
    world.report.digest = world.stored.iter().flatten().fold(0, |digest: u64, byte| {
        digest.wrapping_mul(0x0100_0000_01b3).wrapping_add(u64::from(*byte))
    });
    Ok(world.report)
}

impl World {
    fn new(seed: u64) -> Result<Self> {
        let policy = cast::policy();
        let digest = policy.digest;
        let backstage = Backstage::new(policy.clone(), SEGMENT_BYTES, 0);
        let disk = SimDisk::new(seed);
        let now = Time::from_nanos(BEGIN_NS);
        backstage.set_now(now);
        let mut writer = backstage.start(&disk).context("the first start")?;
        let activation = work(system(), Action::ActivatePolicy { digest });
        let answers = writer.submit(vec![activation]);
        ensure!(answers.iter().all(Result::is_ok), "the policy is activated: {answers:?}");
        let mut world = Self {
            plan: Plan::new(seed),
            oracle: Oracle::new(policy),
            backstage,
            disk,
            writer,
            now,
            stored: Vec::new(),
            entries: Vec::new(),
            report: Report::default(),
        };
        world.learn()?;
        Ok(world)
    }

    /// One batch: time passes, something may fail, and what was asked is compared.
    fn step(&mut self) -> Result<()> {
        self.pass_time();
        let mut asked: Vec<Asked> = self.overdue();
        for _ in 0..self.plan.random.below(AT_ONCE) {
            let next = self.plan.next(&self.oracle, self.now);
            asked.push(next);
        }
        // The same id twice in one batch is one deed.
        if self.plan.once_in(20)
            && let Some(first) = asked.first().cloned()
        {
            asked.push(first);
        }
        self.report.commands += asked.len() as u64;
        let fault = self.plan_fault();
        let work = asked.iter().map(|asked| work(asked.caller.clone(), asked.action.clone()));
        let answers = self.writer.submit(work.collect());
        if self.plan.once_in(10) {
            self.writer.confirm();
        }
        let has_struck = fault.is_some() && self.disk.unplan();
        if has_struck || self.writer.is_poisoned() {
            self.recover(fault)?;
        }
        let answers = if has_struck { None } else { Some(answers) };
        self.follow(&asked, answers.as_deref())?;
        if self.plan.once_in(50) {
            self.check_all()?;
        }
        Ok(())
    }

    /// Mostly seconds pass; sometimes hours, and sometimes the clock goes back.
    fn pass_time(&mut self) {
        let seconds = match self.plan.random.below(100) {
            0 => -120,
            1..4 => 3_600 * 5,
            4..12 => 700,
            _ => i64::try_from(self.plan.random.below(40)).unwrap_or(0),
        };
        self.now = Time::from_nanos(self.now.as_nanos() + seconds * NS_PER_S);
        self.backstage.set_now(self.now);
    }

    /// What the sidecar asks by itself when the time to answer a consult is over.
    fn overdue(&mut self) -> Vec<Asked> {
        let mut asked = Vec::new();
        for consult in self.oracle.overdue(self.now) {
            let row = &self.oracle.consults[&consult];
            let next = (0..cast::LEADS).map(|nth| cast::lead(nth).agent).find(|lead| {
                !row.to.contains(lead) && self.oracle.gifts[&row.spend].asking.caller.agent != *lead
            });
            let action = Action::PassConsult { consult, to: next };
            asked.push(Asked { caller: system(), action });
        }
        asked
    }

    fn plan_fault(&mut self) -> Option<Fault> {
        if !self.plan.once_in(40) {
            return None;
        }
        let fault = match self.plan.random.below(3) {
            0 => Fault::Error,
            1 => Fault::NoRoom,
            _ => Fault::PowerCut,
        };
        let nth = self.plan.random.below(6);
        self.disk.plan(nth as u64, fault);
        Some(fault)
    }

    /// A crash and a start: everything that was acknowledged is there.
    fn recover(&mut self, fault: Option<Fault>) -> Result<()> {
        self.report.crashes += 1;
        if fault == Some(Fault::PowerCut) {
            self.disk.restore_power();
        }
        self.writer = self.backstage.start(&self.disk).context("a start after a crash")?;
        let found = self.writer.payloads(0)?;
        for (nth, known) in self.stored.iter().enumerate() {
            let hashed = |payload| Sha256::new_with_prefix([0]).chain_update(payload).finalize();
            let leaf = found.get(nth).map(|payload| LeafHash::from(hashed(payload)));
            ensure!(leaf == Some(*known), "entry {nth} was acknowledged, and is {leaf:?} now");
        }
        Ok(())
    }

    /// Reads what was written, lets the oracle follow, and compares.
    fn follow(&mut self, asked: &[Asked], answers: Option<&[Answer]>) -> Result<()> {
        let first_new = self.entries.len();
        self.learn()?;
        let new = &self.entries[first_new..];
        if new.is_empty() && answers.is_none() {
            // Nothing of the batch was stored, so nothing has happened.
            return Ok(());
        }
        // The first entry of several has the time of the decision.
        let mut times = BTreeMap::new();
        for entry in new {
            if let Some(id) = answered_id(&entry.body) {
                times.entry(id).or_insert(entry.at);
            }
        }
        self.oracle.expire(self.now);
        for (nth, asked) in asked.iter().enumerate() {
            let answer = answers.map(|answers| &answers[nth]);
            if matches!(answer, Some(Err(WriteError::DiskFull | WriteError::Poisoned))) {
                continue;
            }
            let expected = self.expect(asked, &times, first_new);
            if let (Some(answer), Some(expected)) = (answer, expected) {
                self.compare(asked, answer, &expected)?;
            }
        }
        Ok(())
    }

    /// What must come of a question; `None` for the sidecar's own.
    fn expect(
        &mut self,
        Asked { caller, action }: &Asked,
        times: &BTreeMap<OperationId, Time>,
        first_new: usize,
    ) -> Option<Expected> {
        match action {
            Action::Spend(operation) => {
                let now = times.get(&operation.id()).copied().unwrap_or(self.now);
                Some(self.oracle.operate(now, caller, operation))
            }
            Action::PassConsult { consult, to } => {
                if let Some(now) = self.passed_at(*consult) {
                    self.oracle.pass(now, *consult, *to);
                }
                None
            }
            Action::Act { request, act } => {
                self.act(*request, act, first_new);
                None
            }
            _ => None,
        }
    }

    /// When the question went on or ended; `None` where its hold had ended first, or it went on in
    /// this very batch.
    fn passed_at(&self, consult: RequestId) -> Option<Time> {
        if !self.oracle.overdue(self.now).contains(&consult) {
            return None;
        }
        let last = self.entries.iter().rev().take(64).find(|entry| match &entry.body {
            EntryBody::ConsultPassed { consult: passed, .. }
            | EntryBody::ConsultClosed { consult: passed, request: None, .. } => *passed == consult,
            _ => false,
        });
        last.map(|entry| entry.at)
    }

    /// Acts are followed where they were done; who may do what is the core's own tests' business.
    fn act(&mut self, asked: Option<RequestId>, act: &Act, first_new: usize) {
        let is_done = self.entries[first_new..].iter().any(
            |entry| matches!(&entry.body, EntryBody::Act { request, .. } if *request == asked),
        );
        // The same act twice in one batch is done once.
        let is_done = is_done && asked.is_some_and(|asked| self.oracle.acts.insert(asked));
        match act {
            Act::Pause { reason, .. } if is_done => self.oracle.paused = Some(*reason),
            Act::Resume { .. } if is_done => self.oracle.paused = None,
            Act::Allocate { from, to, amount } if is_done => {
                let minor = amount.amount_minor;
                let sides = [(from, -minor), (to, minor)].into_iter();
                for (pool, more) in sides.filter_map(|(pool, more)| Some((pool.clone()?, more))) {
                    *self.oracle.moved.entry((pool, amount.currency)).or_default() += more;
                }
            }
            _ => {}
        }
    }

    fn compare(&mut self, asked: &Asked, answer: &Answer, expected: &Expected) -> Result<()> {
        let found = match answer {
            Ok(done) => {
                let outcome = done.outcome.as_ref().context("an operation has an outcome")?;
                match &outcome.refusal {
                    Some(refusal) => Expected::Refused(refusal.reason()),
                    None => Expected::Done(outcome.spend.as_ref().map(|spend| {
                        (
                            spend.held_minor,
                            spend.committed_minor,
                            spend.reversed_minor,
                            spend.state.code(),
                        )
                    })),
                }
            }
            Err(WriteError::Fault(fault)) => Expected::Fault(fault.reason()),
            Err(error) => bail!("{asked:?} was not carried out: {error}"),
        };
        self.report.refusals += u64::from(matches!(found, Expected::Refused(_)));
        ensure!(
            found == *expected,
            "{}{asked:#?}\nanswered {found:?}, but by the rules it is {expected:?}",
            self.story(asked)
        );
        Ok(())
    }

    /// What the ledger says of the gesture so far, for whoever has to find out what is wrong.
    fn story(&self, asked: &Asked) -> String {
        let Action::Spend(operation) = &asked.action else {
            return String::new();
        };
        let spend = operation.spend();
        let lines = self.entries.iter().filter(|entry| entry.body.spend() == Some(spend));
        let lines = lines.map(|entry| format!("{} {:?}\n", entry.at, entry.body));
        let known = self.oracle.gifts.get(&spend);
        format!("{}{known:#?}\n", lines.collect::<String>())
    }

    /// Reads the journal on: what was stored stays, and each new entry is sound by itself.
    fn learn(&mut self) -> Result<()> {
        for payload in self.writer.payloads(self.stored.len() as u64)? {
            // RFC 6962: a zero byte and the stored bytes, worked out anew.
            let leaf = Sha256::new_with_prefix([0]).chain_update(&payload).finalize().into();
            let place = self.stored.len() as u64;
            ensure!(self.writer.leaf(place) == Some(leaf), "entry {place} has another leaf hash");
            let entry = codec::decode(&payload)?;
            check_sound(&entry, self.entries.last())?;
            check_entry(&entry)?;
            self.stored.push(leaf);
            self.entries.push(entry);
        }
        ensure!(
            self.writer.entry_count() == self.stored.len() as u64,
            "{} entries were acknowledged, and {} are stored",
            self.stored.len(),
            self.writer.entry_count()
        );
        Ok(())
    }

    /// The rows that are served are those that the entries add up to, and the gestures are those
    /// of the oracle.
    fn check_all(&mut self) -> Result<()> {
        let rows = replay(&self.entries);
        check_rows(&rows)?;
        check_lives(&self.entries)?;
        ensure!(self.writer.serves(&rows), "the rows served are not those of a replay");
        for (id, gift) in &self.oracle.gifts {
            let row = rows.spend(*id).with_context(|| format!("{id} has no row"))?;
            let found = (row.held_minor, row.committed_minor, row.reversed_minor);
            let expected = (gift.held, gift.given, gift.taken_back);
            ensure!(found == expected, "{id} has {found:?}, but by the rules {expected:?}");
        }
        Ok(())
    }
}

fn work(caller: Caller, action: Action) -> Work {
    Work { ask: Some((caller, action)), ..Work::default() }
}

/// The id that an entry answers.
fn answered_id(body: &EntryBody) -> Option<OperationId> {
    Some(match body {
        EntryBody::Reserved { request, consult: None, .. } => OperationId::Spend(request.spend),
        EntryBody::Refused { operation, .. } => operation.id(),
        EntryBody::Reserved { consult: Some(request), .. }
        | EntryBody::ConsultAsked { consult: request, .. }
        | EntryBody::Committed { request: Some(request), .. }
        | EntryBody::ConsultClosed { request: Some(request), .. }
        | EntryBody::Extended { request, .. }
        | EntryBody::Voided { request, .. }
        | EntryBody::Reversed { request, .. }
        | EntryBody::Increased { request, .. }
        | EntryBody::Corrected { request, .. }
        | EntryBody::ConsultApproved { request, .. } => OperationId::Request(*request),
        _ => return None,
    })
}

/// What must hold of any entry, worked out anew: its place, its time, its books and its limits.
fn check_sound(entry: &Entry, before: Option<&Entry>) -> Result<()> {
    let place = before.map_or(0, |before| before.position + 1);
    ensure!(entry.position == place, "entry {place} says it is entry {}", entry.position);
    ensure!(before.is_none_or(|before| before.at < entry.at), "entry {place} goes back in time");
    for is_authority in [true, false] {
        let of_book = entry
            .postings
            .iter()
            .filter(|posting| posting.account.to_string().starts_with('A') == is_authority);
        let sum: i128 = of_book
            .map(|posting| match posting.side {
                Side::Debit => i128::from(posting.amount_minor),
                Side::Credit => -i128::from(posting.amount_minor),
            })
            .sum();
        ensure!(sum == 0, "entry {place} does not balance: {sum}");
    }
    let is_refused = matches!(entry.body, EntryBody::Refused { .. });
    for trace in &entry.trace {
        let after = trace.before_minor + if is_refused { 0 } else { trace.amount_minor };
        ensure!(trace.after_minor == after, "entry {place}: {} adds up wrongly", trace.limit);
        let grows = trace.amount_minor > 0 && !is_refused;
        ensure!(
            !grows || trace.after_minor <= trace.cap_minor + trace.granted_minor,
            "entry {place}: {} passes its cap",
            trace.limit
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn a_seed_plays_the_same_bit_for_bit() {
        let first = run(7, 600).unwrap();
        assert_eq!(run(7, 600).unwrap(), first);
        assert_ne!(run(8, 600).unwrap().digest, first.digest);
        assert!(first.entries > 300 && first.refusals > 0, "{first:?}");
    }
}
