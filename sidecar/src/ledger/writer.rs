//! The one writer, as everybody else sees it: work goes in, and an answer comes out once it is
//! durable.
//!
//! Nothing is answered before `fdatasync` has returned, and nothing is read by others before that
//! either. A failed write poisons the writer: what waited is answered as unknown, reads go on.
//!
//! - `lanes`: what waits, settling work first.
//! - `room`: what is refused when the disk is nearly full.
//! - `run`: the writer's thread: take all that waits, decide, write once, sync once, publish and
//!   reply.
//! - `load`: the rows that a batch needs and that have left memory.
//! - `carry_out`: what one batch decides.

mod carry_out;
mod lanes;
mod load;
mod room;
mod run;
#[cfg(any(test, feature = "sim"))]
pub mod sim;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use makegood_core::ids::AgentPid;
use makegood_core::ledger::{Access, Action, Caller, Fault, LimitTrace, Outcome};
use makegood_core::policy::Policy;
use makegood_core::time::Time;
use parking_lot::RwLock;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;

pub use super::batch::{BATCH_BYTES, record_bytes};
use super::policies::Policies;
use super::state::LedgerState;
use crate::clock::{Clock, ClockJumped};
use crate::hub::{Hub, Topic};
use crate::read_model::ReadModel;
use crate::records::Draft;
use crate::vault::{Pid, Vault};
use lanes::{Entrance, NotTaken};
use makegood_ledger::journal::Journal;
use run::WriterLoop;

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
    /// The limits that a gesture was held against, as its first entry has them; none for a repeat.
    pub trace: Vec<LimitTrace>,
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
    /// The disk is nearly full, and this work is new. Nothing of it was stored; holds can still be
    /// settled, and there will be new work again once there is room.
    #[error("the disk is nearly full; giving is off until some space is freed")]
    DiskFull,
    /// The journal cannot be written any more. Whether this work was stored is not known.
    #[error("the journal cannot be written; giving is off until the sidecar is started again")]
    Poisoned,
    /// The ledger is older than what was published of it.
    #[error(
        "the ledger is older than its published checkpoints; giving is off until that is settled"
    )]
    RolledBack,
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
    /// The policy to begin with.
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
    entrance: Arc<Entrance>,
    flags: Arc<Flags>,
    policies: Arc<Policies>,
}

/// What the writer and its handles tell each other besides jobs.
#[derive(Debug, Default)]
struct Flags {
    is_poisoned: AtomicBool,
    lacks_room: AtomicBool,
    ends_holds: AtomicBool,
    is_rolled_back: AtomicBool,
    /// The policies at hand, once the writer has begun.
    policies: OnceLock<Arc<Policies>>,
}

struct Job {
    work: Work,
    reply: Reply,
}

/// What becomes of one work.
pub type Answer = Result<Done, WriteError>;
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

    /// Why nothing at all is written, if so.
    fn refusal(&self) -> Option<WriteError> {
        if self.is_poisoned() {
            return Some(WriteError::Poisoned);
        }
        self.is_rolled_back.load(Ordering::Acquire).then_some(WriteError::RolledBack)
    }

    fn poison(&self, error: &dyn std::fmt::Display) {
        if !self.is_poisoned.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "journal failed; no more writes until the next start");
        }
    }
}

/// Ends all writing, as a failed write does.
pub struct Breaker(Arc<Flags>);

impl Breaker {
    /// Nothing is written from now on; the log says why.
    pub fn poison(&self, error: &dyn std::fmt::Display) {
        self.0.poison(error);
    }
}

/// Refuses writes to a ledger that was rolled back.
pub struct RollbackGuard(Arc<Flags>);

impl RollbackGuard {
    /// Nothing is written from now on, until another start.
    pub fn refuse(&self) {
        self.0.is_rolled_back.store(true, Ordering::Release);
    }
}

impl Writer {
    /// Starts the writer on a thread of its own. Those who ask are answered on the runtime that it
    /// is started on, if it is started on one.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(parts: Parts) -> std::io::Result<(Self, WriterThread)> {
        let (entrance, exit) = lanes::lanes();
        let policies = Arc::new(Policies::new(Arc::clone(&parts.policy)));
        let flags = Flags { policies: Arc::clone(&policies).into(), ..Flags::default() };
        let flags = Arc::new(flags);
        // Who waits on a runtime of one thread may keep that thread.
        let runtime = Handle::try_current()
            .ok()
            .filter(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
        let writer_loop = WriterLoop { parts, flags: Arc::clone(&flags), runtime };
        let thread = std::thread::Builder::new().name("writer".into());
        let thread = thread.spawn(move || writer_loop.run(&exit))?;
        let thread = WriterThread { thread, flags: Arc::clone(&flags) };
        Ok((Self { entrance: Arc::new(entrance), flags, policies }, thread))
    }

    /// The policies that it decides by: the one in force, and those whose time will come.
    pub fn policies(&self) -> &Arc<Policies> {
        &self.policies
    }

    /// Whether the journal has failed, so that nothing is written any more.
    pub fn is_poisoned(&self) -> bool {
        self.flags.is_poisoned()
    }

    /// Lets another thread end all writing, without keeping the writer from its end.
    pub fn breaker(&self) -> Breaker {
        Breaker(Arc::clone(&self.flags))
    }

    /// Lets another thread refuse writes, without keeping the writer from its end.
    pub fn rollback_guard(&self) -> RollbackGuard {
        RollbackGuard(Arc::clone(&self.flags))
    }

    /// Whether new work would be written, as far as the disk is concerned.
    ///
    /// # Errors
    /// [`WriteError::Poisoned`], [`WriteError::RolledBack`] or [`WriteError::DiskFull`].
    pub fn check_disk(&self) -> Result<(), WriteError> {
        if let Some(refusal) = self.flags.refusal() {
            return Err(refusal);
        }
        if self.flags.lacks_room.load(Ordering::Acquire) {
            return Err(WriteError::DiskFull);
        }
        Ok(())
    }

    /// From now on, ends holds whose time has come and puts policies in force at theirs; until then
    /// the ledger has what was asked alone.
    pub fn end_due_holds(&self) {
        self.flags.ends_holds.store(true, Ordering::Release);
    }

    /// Makes work durable. What settles a hold goes before new work, and is told that the writer is
    /// busy only when 4,096 such jobs wait; new work is when 1,024 do.
    ///
    /// Dropping the future does not take the work back: its outcome is then learnt by asking again
    /// with the same id.
    ///
    /// # Errors
    /// Why the work was not done; see [`WriteError`].
    pub async fn submit(&self, work: Work) -> Result<Done, WriteError> {
        let (reply, answer) = oneshot::channel();
        self.entrance.put(Job { work, reply }).map_err(|why| self.refusal(&why))?;
        answer.await.unwrap_or(Err(WriteError::Poisoned))
    }

    /// As [`Writer::submit`], from a thread that may wait.
    ///
    /// # Errors
    /// As [`Writer::submit`].
    pub fn submit_blocking(&self, work: Work) -> Result<Done, WriteError> {
        let (reply, answer) = oneshot::channel();
        self.entrance.put_when_room(Job { work, reply }).map_err(|why| self.refusal(&why))?;
        answer.blocking_recv().unwrap_or(Err(WriteError::Poisoned))
    }

    fn refusal(&self, why: &NotTaken) -> WriteError {
        match why {
            NotTaken::Full => WriteError::Busy,
            NotTaken::Gone if self.is_poisoned() => WriteError::Poisoned,
            NotTaken::Gone => WriteError::Stopping,
        }
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
