//! The one writer: takes all that waits, decides each command in turn, writes once, syncs once,
//! then publishes and replies.
//!
//! Nothing is answered before `fdatasync` has returned, and nothing is read by others before that
//! either. A failed write poisons the writer: what waited is answered as unknown, reads go on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use makegood_core::ids::AgentPid;
use makegood_core::ledger::{
    Access, Action, Caller, Command, Entry, EntryBody, Fault, Outcome, Overlay, apply, decide,
    expire_due,
};
use makegood_core::policy::Policy;
use makegood_core::time::Time;
use makegood_proto::records::v1::Envelope;
use parking_lot::RwLock;
use tokio::sync::oneshot;

use super::batch::Batch;
pub use super::batch::{BATCH_BYTES, record_bytes};
use super::codec;
use super::state::LedgerState;
use crate::clock::{Clock, ClockJumped};
use crate::hub::{Hub, Topic};
use crate::journal::frame::MAX_PAYLOAD_BYTES;
use crate::journal::{Journal, error::JournalError};
use crate::read_model::ReadModel;
use crate::records::{self, Draft};
use crate::vault::{Pid, Vault, VaultError};
use crate::zones;

/// Jobs that may wait; more are refused, so that memory and waiting time stay bounded.
const QUEUE_LENGTH: usize = 1_024;

/// Jobs of one batch. Larger batches no longer gain and make the first one wait.
const BATCH_LENGTH: usize = 256;

/// How long the queue must be empty before the last batch is confirmed by a sync of its own.
const IDLE_AFTER: Duration = Duration::from_millis(20);

/// How often due holds are looked for while nothing else happens.
const EXPIRE_EVERY: Duration = Duration::from_millis(500);

/// Something to be made durable as one.
#[derive(Debug, Default)]
pub struct Work {
    /// What is asked of the ledger, and by whom.
    pub ask: Option<(Caller, Action)>,
    /// Records that belong to it. With an ask they are written only if it is carried out now, and
    /// count only with its entry.
    pub records: Vec<Draft>,
    /// What changes besides the customers and agents in entries and records.
    pub topics: Vec<Topic>,
}

impl Work {
    /// How many bytes its records will take, at most.
    fn bytes(&self) -> usize {
        self.records.iter().map(record_bytes).sum()
    }
}

/// What became of the work.
#[derive(Debug, Clone)]
pub struct Done {
    /// The ledger's answer, where something was asked.
    pub outcome: Option<Outcome>,
    /// When it was written.
    pub at: Time,
}

/// Why work was not done.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Too much is waiting.
    #[error("too many writes are waiting; try again shortly")]
    Busy,
    /// The command is at fault.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The person it is about was erased.
    #[error("the person this is about was erased")]
    Erased,
    /// It cannot be stored as one; nothing of it was.
    #[error("this takes {bytes} bytes, and at most {limit} can be stored as one; shorten it")]
    TooLarge {
        /// What it takes, at most.
        bytes: usize,
        /// What can be stored.
        limit: usize,
    },
    /// The journal cannot be written any more. Whether this work was stored is not known.
    #[error("the journal cannot be written; giving is off until the sidecar is started again")]
    Poisoned,
    /// The clock cannot be trusted.
    #[error(transparent)]
    Clock(#[from] ClockJumped),
    /// The sidecar is going away.
    #[error("the sidecar is stopping")]
    Stopping,
}

/// What the writer works with; it owns the journals.
pub struct Parts {
    /// The ledger's journal.
    pub ledger: Journal,
    /// The records' journal.
    pub records: Journal,
    /// The state that it publishes to.
    pub state: Arc<LedgerState>,
    /// The keys.
    pub vault: Arc<RwLock<Vault>>,
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// The read model, which gets what was written.
    pub read_model: Arc<ReadModel>,
    /// The desks.
    pub hub: Arc<Hub>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Whether entries are marked as written in development mode.
    pub development: bool,
}

/// A handle to the writer.
#[derive(Clone)]
pub struct Writer {
    sender: SyncSender<Job>,
    flags: Arc<Flags>,
}

/// What the writer and its handles tell each other besides jobs.
#[derive(Debug, Default)]
struct Flags {
    is_poisoned: AtomicBool,
    ends_holds: AtomicBool,
}

struct Job {
    work: Work,
    reply: Reply,
}

pub(super) type Answer = Result<Done, WriteError>;
pub(super) type Reply = oneshot::Sender<Answer>;

/// Waits for the writer's thread to end.
pub struct WriterThread {
    thread: JoinHandle<()>,
    flags: Arc<Flags>,
}

impl WriterThread {
    /// Returns once every handle is gone, all work is done and the journals are closed.
    ///
    /// # Errors
    /// [`WriteError::Poisoned`] when the journal has failed, at the end or before.
    pub fn join(self) -> Result<(), WriteError> {
        // A panic has been logged, and has poisoned the writer.
        drop(self.thread.join());
        if self.flags.is_poisoned() {
            return Err(WriteError::Poisoned);
        }
        Ok(())
    }
}

impl Flags {
    fn is_poisoned(&self) -> bool {
        self.is_poisoned.load(Ordering::Acquire)
    }
}

impl Writer {
    /// Starts the writer on a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(parts: Parts) -> std::io::Result<(Self, WriterThread)> {
        let (sender, receiver) = sync_channel(QUEUE_LENGTH);
        let flags = Arc::new(Flags::default());
        let desk = WriterDesk { parts, flags: Arc::clone(&flags) };
        let thread = std::thread::Builder::new().name("writer".into());
        let thread = thread.spawn(move || desk.run(&receiver))?;
        let thread = WriterThread { thread, flags: Arc::clone(&flags) };
        Ok((Self { sender, flags }, thread))
    }

    /// Whether the journal has failed, so that nothing is written any more.
    pub fn is_poisoned(&self) -> bool {
        self.flags.is_poisoned()
    }

    /// From now on, ends holds whose time has come; until then the ledger has what was asked alone.
    pub fn end_due_holds(&self) {
        self.flags.ends_holds.store(true, Ordering::Release);
    }

    /// Makes work durable.
    ///
    /// Dropping the future does not take the work back: its outcome is then learnt by asking again
    /// with the same id.
    ///
    /// # Errors
    /// Why the work was not done; see [`WriteError`].
    pub async fn submit(&self, work: Work) -> Result<Done, WriteError> {
        let (reply, answer) = oneshot::channel();
        self.sender.try_send(Job { work, reply }).map_err(|error| match error {
            TrySendError::Full(_) => WriteError::Busy,
            TrySendError::Disconnected(_) => self.gone(),
        })?;
        answer.await.unwrap_or(Err(WriteError::Poisoned))
    }

    /// As [`Writer::submit`], from a thread that may wait.
    ///
    /// # Errors
    /// As [`Writer::submit`].
    pub fn submit_blocking(&self, work: Work) -> Result<Done, WriteError> {
        let (reply, answer) = oneshot::channel();
        self.sender.send(Job { work, reply }).map_err(|_| self.gone())?;
        answer.blocking_recv().unwrap_or(Err(WriteError::Poisoned))
    }

    /// Why the writer takes nothing any more.
    fn gone(&self) -> WriteError {
        if self.is_poisoned() { WriteError::Poisoned } else { WriteError::Stopping }
    }
}

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
struct WriterDesk {
    parts: Parts,
    flags: Arc<Flags>,
}

impl WriterDesk {
    fn run(mut self, receiver: &Receiver<Job>) {
        let _guard = PoisonOnPanic(Arc::clone(&self.flags));
        let mut is_idle = false;
        loop {
            let wait = if is_idle { EXPIRE_EVERY } else { IDLE_AFTER };
            match receiver.recv_timeout(wait) {
                Ok(first) => {
                    let waiting = receiver.try_iter().take(BATCH_LENGTH - 1);
                    self.process_all(std::iter::once(first).chain(waiting).collect());
                    is_idle = false;
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.process_all(VecDeque::new());
                    self.confirm();
                    is_idle = true;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.confirm();
    }

    /// Holds are looked after even where nothing waits.
    fn process_all(&mut self, mut jobs: VecDeque<Job>) {
        self.process(&mut jobs);
        while !jobs.is_empty() {
            self.process(&mut jobs);
        }
    }

    /// Carries out what waits, as far as it fits one batch; the rest stays.
    fn process(&mut self, jobs: &mut VecDeque<Job>) {
        if self.flags.is_poisoned() {
            return refuse(jobs, &WriteError::Poisoned);
        }
        let now = match self.parts.clock.now() {
            Ok(now) => now,
            Err(jump) => return refuse(jobs, &WriteError::Clock(jump)),
        };
        let state = Arc::clone(&self.parts.state);
        // Only this thread ever writes the rows, so what is read here stays true.
        let rows = state.rows();
        let mut overlay = Overlay::new(&rows);
        let mut batch = Batch::default();
        self.expire(&mut overlay, now, &mut batch);
        while let Some(job) = jobs.pop_front_if(|job| batch.has_room(job.work.bytes())) {
            let answer = self.carry_out(job.work, &mut overlay, now, &mut batch);
            batch.replies.push((job.reply, answer));
        }
        let changes = overlay.into_changes();
        drop(rows);
        if batch.payloads.is_empty() && batch.envelopes.is_empty() {
            return batch.answer();
        }
        match self.store(&batch) {
            Ok(first_record) => self.publish(batch, changes, first_record),
            Err(error) => {
                self.poison(&error);
                for (reply, _) in batch.replies {
                    drop(reply.send(Err(WriteError::Poisoned)));
                }
            }
        }
    }

    /// Ends holds whose time has come, before anything else is decided.
    fn expire(&self, overlay: &mut Overlay<'_>, now: Time, batch: &mut Batch) {
        if !self.flags.ends_holds.load(Ordering::Acquire) {
            return;
        }
        match expire_due(overlay, &self.parts.policy, &system(), now) {
            Ok(entries) => entries.into_iter().for_each(|entry| {
                let payload = self.encode(&entry);
                batch.add_entry(entry, payload);
            }),
            // The policy at hand differs only while another is being activated.
            Err(fault) => tracing::debug!(%fault, "no holds ended"),
        }
    }

    fn carry_out(
        &self,
        work: Work,
        overlay: &mut Overlay<'_>,
        now: Time,
        batch: &mut Batch,
    ) -> Result<Done, WriteError> {
        let Work { ask, records, topics } = work;
        let mut outcome = None;
        let mut leaf = None;
        let mut is_carried_out = true;
        // Once an entry is applied nothing may fail any more.
        let envelopes = self.seal(&records, now)?;
        if let Some((caller, action)) = ask {
            let windows = zones::windows(&self.parts.policy, now);
            let command = Command { at: now, caller, windows, action };
            let decision = decide(&*overlay, &self.parts.policy, &command)?;
            is_carried_out = !decision.entries.is_empty() && decision.outcome.refusal.is_none();
            for (entry, payload) in self.encode_all(decision.entries)? {
                apply(overlay, &entry);
                let own = batch.add_entry(entry, payload);
                leaf.get_or_insert(own);
            }
            outcome = Some(decision.outcome);
        }
        if is_carried_out {
            for envelope in envelopes {
                batch.add_record(envelope, leaf);
            }
        }
        batch.topics.extend(topics);
        let at = outcome.as_ref().map_or(now, |outcome| outcome.at);
        Ok(Done { outcome, at })
    }

    /// Seals records that fit the journal, one by one and together.
    fn seal(&self, records: &[Draft], now: Time) -> Result<Vec<Envelope>, WriteError> {
        check_size(records.iter().map(record_bytes).sum(), BATCH_BYTES)?;
        let vault = self.parts.vault.read();
        let seal = |draft: &Draft| {
            check_size(record_bytes(draft), MAX_PAYLOAD_BYTES)?;
            draft.seal(&vault, now.as_nanos(), None).map_err(|_| WriteError::Erased)
        };
        records.iter().map(seal).collect()
    }

    fn encode(&self, entry: &Entry) -> Vec<u8> {
        codec::encode(entry, self.parts.development)
    }

    fn encode_all(&self, entries: Vec<Entry>) -> Result<Vec<(Entry, Vec<u8>)>, WriteError> {
        let encode = |entry: Entry| {
            let payload = self.encode(&entry);
            check_size(payload.len(), MAX_PAYLOAD_BYTES)?;
            Ok((entry, payload))
        };
        entries.into_iter().map(encode).collect()
    }

    /// Keys first, then records, then entries: a record may lack its entry after a crash and is
    /// dropped then, but an entry never lacks its record, nor a record its key.
    fn store(&mut self, batch: &Batch) -> Result<u64, StoreError> {
        self.parts.vault.write().sync()?;
        let envelopes: Vec<_> = batch.envelopes.iter().map(records::encode).collect();
        let stored = self.parts.records.append(&envelopes)?;
        self.parts.ledger.append(&batch.payloads)?;
        Ok(stored.start)
    }

    fn publish(
        &self,
        mut batch: Batch,
        changes: makegood_core::ledger::Changes,
        first_record: u64,
    ) {
        let Parts { state, read_model, hub, .. } = &self.parts;
        state.publish(changes, &batch.leaves, self.parts.records.next_position());
        for entry in &batch.entries {
            if let EntryBody::Reserved { request, .. } = &entry.body {
                let (customer, spend) = (request.customer.as_bytes(), request.spend.as_bytes());
                read_model.accept_gesture(customer, entry.at.as_nanos(), spend, entry.position);
            }
        }
        let envelopes = std::mem::take(&mut batch.envelopes);
        read_model.accept((first_record..).zip(envelopes).collect());
        for topic in &batch.topics {
            if let Topic::Customer(pid) | Topic::Agent(pid) = topic {
                state.touch(pid);
            }
        }
        hub.publish(batch.topics.iter().copied());
        batch.answer();
    }

    fn confirm(&mut self) {
        let confirmed = self.parts.records.confirm().and_then(|()| self.parts.ledger.confirm());
        if let Err(error) = confirmed {
            self.poison(&error);
        }
    }

    fn poison(&self, error: &dyn std::fmt::Display) {
        if !self.flags.is_poisoned.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "journal failed; no more writes until the next start");
        }
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

fn check_size(bytes: usize, limit: usize) -> Result<(), WriteError> {
    if bytes > limit {
        return Err(WriteError::TooLarge { bytes, limit });
    }
    Ok(())
}

fn refuse(jobs: &mut VecDeque<Job>, error: &WriteError) {
    for job in jobs.drain(..) {
        drop(job.reply.send(Err(error.clone())));
    }
}

/// The sidecar itself as a caller.
pub fn system() -> Caller {
    const SYSTEM_PID: Pid = [0; 15];
    #[expect(clippy::expect_used, reason = "a constant that fits the form")]
    let role = "system".parse().expect("a short code");
    Caller {
        agent: AgentPid::from_bytes(SYSTEM_PID),
        access: Access::System,
        role,
        team: None,
        tenure_days: 0,
    }
}

#[cfg(test)]
mod tests;
