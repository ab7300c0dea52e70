//! The writer's thread: takes all that waits, decides each command in turn, writes once, syncs
//! once, then publishes and replies.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use makegood_core::ledger::{Act, Action, Changes, Entry, EntryBody, Overlay, Read as _};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::lanes::{Exit, Taken};
use super::room::Turn;
use super::{Flags, Job, Parts, Work, WriteError, system};
use crate::hub::Topic;
use crate::ledger::batch::Batch;
use crate::ledger::erasure::erased_by;
use crate::ledger::policies::Policies;
use crate::records;
use crate::vault::VaultError;
use makegood_ledger::journal::error::JournalError;

/// Jobs of one batch, so that the first of many does not wait for all of them.
const BATCH_LENGTH: usize = 256;

/// How long nothing must wait before the last batch is confirmed by a sync of its own.
const IDLE_AFTER: Duration = Duration::from_millis(20);

/// How often due holds are looked for while nothing else happens.
const EXPIRE_EVERY: Duration = Duration::from_millis(500);

/// Poisons the writer if its thread panics: what it held is lost, so nobody may go on.
struct PoisonOnPanic(Arc<Flags>);

impl Drop for PoisonOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.is_poisoned.store(true, Ordering::Release);
            tracing::error!("the writer panicked; no more writes until the next start");
        }
    }
}

/// The writer's own side.
pub(super) struct WriterLoop {
    pub(super) parts: Parts,
    pub(super) flags: Arc<Flags>,
    /// Where those who ask wait, if they wait on a runtime.
    pub(super) runtime: Option<Handle>,
}

impl WriterLoop {
    /// Works until every handle is gone and nothing waits any more.
    pub(super) fn run(mut self, exit: &Exit) {
        let _guard = PoisonOnPanic(Arc::clone(&self.flags));
        let mut is_idle = false;
        loop {
            let wait = if is_idle { EXPIRE_EVERY } else { IDLE_AFTER };
            match exit.take(BATCH_LENGTH, wait) {
                Taken::Jobs(jobs) => {
                    self.process_all(jobs);
                    is_idle = false;
                }
                Taken::Nothing => {
                    self.process_all(VecDeque::new());
                    self.confirm();
                    is_idle = true;
                }
                Taken::End => break,
            }
        }
        self.confirm();
    }

    /// Holds are looked after even where nothing waits.
    fn process_all(&mut self, mut jobs: VecDeque<Job>) {
        self.put_due_policy_in_force();
        self.process(&mut jobs);
        while !jobs.is_empty() {
            self.process(&mut jobs);
        }
    }

    /// The policies at hand: it begins with the one of its parts.
    pub(super) fn policies(&self) -> &Policies {
        let begin = || Arc::new(Policies::new(Arc::clone(&self.parts.policy)));
        self.flags.policies.get_or_init(begin)
    }

    /// A policy comes into force by itself once its time has come.
    fn put_due_policy_in_force(&mut self) {
        if !self.flags.ends_holds.load(Ordering::Acquire) {
            return;
        }
        let Ok(now) = self.parts.clock.now() else { return };
        let due = self.parts.state.read(|rows| rows.resident().due_policies(now));
        let mut due = due.unwrap_or_default().into_iter();
        let Some(digest) = due.find(|digest| self.policies().find(*digest).is_some()) else {
            return;
        };
        let ask = Some((system(), Action::ActivatePolicy { digest }));
        // Nobody waits for the answer; the ledger has it.
        let (reply, _) = oneshot::channel();
        self.process(&mut VecDeque::from([Job { work: Work { ask, ..Work::default() }, reply }]));
    }

    /// Carries out what waits, as far as it fits one batch; the rest stays.
    pub(super) fn process(&mut self, jobs: &mut VecDeque<Job>) {
        if let Some(refusal) = self.flags.refusal() {
            return refuse(jobs, &refusal);
        }
        let now = match self.parts.clock.now() {
            Ok(now) => now,
            Err(jump) => return refuse(jobs, &WriteError::Clock(jump)),
        };
        let lacks_room = self.lacks_room();
        let state = Arc::clone(&self.parts.state);
        // Only this thread ever writes the rows, so what is read here stays true.
        let reading = match state.reading(|rows| self.touch(rows, jobs, now)) {
            Ok(reading) => reading,
            Err(error) => {
                self.poison(&error);
                return refuse(jobs, &WriteError::Poisoned);
            }
        };
        let rows = reading.view();
        let turn = Turn { now, decided_at: rows.head().next_at(now), lacks_room };
        let mut overlay = Overlay::new(&rows);
        let mut batch = Batch::default();
        self.expire(&mut overlay, now, &mut batch);
        while let Some(job) = jobs.pop_front_if(|job| batch.has_room(job.work.bytes())) {
            let answer = self.carry_out(job.work, &mut overlay, turn, &mut batch);
            batch.replies.push((job.reply, answer));
            if batch.changes_policy() {
                // What comes next is decided by the new policy, which needs other rows.
                break;
            }
        }
        let changes = overlay.into_changes();
        // A row that looks absent because nobody loaded it must never decide anything.
        assert!(rows.had_all(), "every row is named before it is needed");
        drop(reading);
        if batch.payloads.is_empty() && batch.envelopes.is_empty() {
            return batch.answer(self.runtime.as_ref());
        }
        match self.store(&batch, turn) {
            Ok(first_record) => {
                self.publish(batch, changes, first_record);
                self.prepare(turn);
            }
            Err(StoreError::Journal(JournalError::DiskFull { .. })) => {
                batch.answer_all(&WriteError::DiskFull);
            }
            Err(error) => {
                self.poison(&error);
                batch.answer_all(&WriteError::Poisoned);
            }
        }
    }

    /// Room first, so that a full disk refuses the batch before anything of it is written. Then
    /// keys, then records, then entries: a record may lack its entry after a crash and is dropped
    /// then, but an entry never lacks its record, nor a record its key.
    fn store(&mut self, batch: &Batch, turn: Turn) -> Result<u64, StoreError> {
        let envelopes: Vec<_> = batch.envelopes.iter().map(records::encode).collect();
        self.parts.records.make_room(&envelopes)?;
        self.parts.ledger.make_room(&batch.payloads)?;
        // Settling uses no new key: on a full disk it does not wait for room for them.
        if !(turn.lacks_room && envelopes.is_empty()) {
            self.parts.vault.write().sync()?;
        }
        let stored = self.parts.records.append(&envelopes)?;
        self.parts.ledger.append(&batch.payloads)?;
        Ok(stored.start)
    }

    fn publish(&self, mut batch: Batch, changes: Changes, first_record: u64) {
        let Parts { state, read_model, hub, vault, .. } = &self.parts;
        let erased: Vec<_> = batch
            .entries
            .iter()
            .filter_map(|entry| Some((erased_by(&entry.body)?, entry.position)))
            .collect();
        batch.add_queues(&changes);
        // Nobody who reads the entry may still find the person.
        vault.read().forget(erased.iter().copied());
        if let Err(error) = vault.read().note_ledger(self.parts.ledger.next_position()) {
            tracing::debug!(%error, "it is not noted how far the ledger was read for erasures");
        }
        state.publish(changes, &batch.leaves, self.parts.records.next_position());
        for entry in &batch.entries {
            if let EntryBody::Reserved { request, .. } = &entry.body {
                let (customer, spend) = (request.customer.as_bytes(), request.spend.as_bytes());
                read_model.accept_gesture(customer, entry.at.as_nanos(), spend, entry.position);
            }
        }
        let envelopes = std::mem::take(&mut batch.envelopes);
        read_model.accept((first_record..).zip(envelopes).collect());
        for (pid, _) in &erased {
            read_model.forget(pid);
        }
        for topic in &batch.topics {
            if let Topic::Customer(pid) | Topic::Agent(pid) = topic {
                state.touch(pid);
            }
        }
        hub.publish(batch.topics.iter().copied());
        for entry in &batch.entries {
            self.tell_everyone(entry);
        }
        batch.answer(self.runtime.as_ref());
    }

    /// What changes everybody's authority is seen on every desk at once.
    fn tell_everyone(&self, entry: &Entry) {
        match &entry.body {
            EntryBody::PolicyActivated { version, .. } => {
                self.policies().enforce(entry.policy);
                tracing::info!(policy = %entry.policy, version, "a policy is in force");
            }
            EntryBody::Act {
                act: Act::Pause { .. } | Act::Resume { .. } | Act::Allocate { .. },
                ..
            } => {}
            _ => return,
        }
        self.parts.hub.publish_all();
    }

    /// Confirms the last batch of both journals; where one has failed, the other is left alone, too.
    pub(super) fn confirm(&mut self) {
        if self.flags.is_poisoned() {
            return;
        }
        let confirmed = self.parts.records.confirm().and_then(|()| self.parts.ledger.confirm());
        if let Err(error) = confirmed {
            self.poison(&error);
        }
    }

    pub(super) fn poison(&self, error: &dyn std::fmt::Display) {
        self.flags.poison(error);
    }
}

/// Why a batch could not be stored.
#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

fn refuse(jobs: &mut VecDeque<Job>, error: &WriteError) {
    for job in jobs.drain(..) {
        drop(job.reply.send(Err(error.clone())));
    }
}
