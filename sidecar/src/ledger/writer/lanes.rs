//! What waits for the writer, in two lanes: work that settles a hold is taken first, and has room
//! long after new work is told to come back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use makegood_core::ledger::{Action, Operation};
use parking_lot::{Condvar, Mutex};

use super::{Job, Work};

/// New work that may wait; more is refused, so that memory and waiting time stay bounded.
const ORDINARY_LENGTH: usize = 1_024;

/// Settling work that may wait. There is hardly more than there are calls, so that it is refused
/// by a broken client alone.
const SETTLING_LENGTH: usize = 4_096;

/// The part of each batch that settling work leaves to new work, so that no flood of it stops
/// giving: one in so many places.
const ORDINARY_SHARE: usize = 8;

/// Where work waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// What ends or tends a hold, or takes a gift back. Nobody gets more by it than was promised,
    /// so it is taken first and refused last.
    Settling,
    /// Everything else.
    Ordinary,
}

impl Lane {
    pub(super) fn of(work: &Work) -> Self {
        match &work.ask {
            Some((_, Action::Expire { .. } | Action::PassConsult { .. })) => Self::Settling,
            Some((_, Action::Spend(operation))) => match operation {
                Operation::Extend { .. }
                | Operation::Commit { .. }
                | Operation::Void { .. }
                | Operation::Reverse { .. }
                | Operation::Withdraw { .. }
                | Operation::Answer { .. } => Self::Settling,
                Operation::Reserve(_)
                | Operation::Give(_)
                | Operation::Increment { .. }
                | Operation::Correct { .. }
                | Operation::Ask { .. } => Self::Ordinary,
            },
            Some((_, Action::ActivatePolicy { .. } | Action::Act { .. })) | None => Self::Ordinary,
        }
    }

    fn length(self) -> usize {
        match self {
            Self::Settling => SETTLING_LENGTH,
            Self::Ordinary => ORDINARY_LENGTH,
        }
    }
}

/// Why a job does not wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// Its lane is full.
    Full,
    /// The writer has gone.
    Gone,
}

/// What the writer finds.
pub(super) enum Taken {
    /// Jobs, in the order in which they are to be done; at least one.
    Jobs(VecDeque<Job>),
    /// Nothing came in time.
    Nothing,
    /// Nothing will come any more.
    End,
}

/// Where jobs go in; shared by all handles. Dropping it tells the writer to end.
pub(super) struct Entrance(Arc<Lanes>);

/// Where the writer takes jobs out. Dropping it drops what waits, and lets nothing more in.
pub(super) struct Exit(Arc<Lanes>);

/// Two lanes without anything in them.
pub(super) fn lanes() -> (Entrance, Exit) {
    let lanes = Arc::new(Lanes::default());
    (Entrance(Arc::clone(&lanes)), Exit(lanes))
}

#[derive(Default)]
struct Lanes {
    waiting: Mutex<Waiting>,
    /// Something came in, or nothing will any more.
    changed: Condvar,
    /// Something was taken out, or nothing will be any more.
    has_room: Condvar,
}

#[derive(Default)]
struct Waiting {
    settling: VecDeque<Job>,
    ordinary: VecDeque<Job>,
    is_entrance_closed: bool,
    is_exit_closed: bool,
}

impl Waiting {
    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Job> {
        match lane {
            Lane::Settling => &mut self.settling,
            Lane::Ordinary => &mut self.ordinary,
        }
    }

    fn is_full(&mut self, lane: Lane) -> bool {
        !self.is_exit_closed && self.lane(lane).len() >= lane.length()
    }

    fn awaits_more(&self) -> bool {
        self.settling.is_empty() && self.ordinary.is_empty() && !self.is_entrance_closed
    }

    fn put(&mut self, lane: Lane, job: Job) -> Result<(), NotTaken> {
        if self.is_exit_closed {
            return Err(NotTaken::Gone);
        }
        if self.is_full(lane) {
            return Err(NotTaken::Full);
        }
        self.lane(lane).push_back(job);
        Ok(())
    }

    fn take(&mut self, most: usize) -> VecDeque<Job> {
        let left_to_new = self.ordinary.len().min(most / ORDINARY_SHARE);
        let settling = self.settling.len().min(most - left_to_new);
        let ordinary = self.ordinary.len().min(most - settling);
        let settling = self.settling.drain(..settling);
        settling.chain(self.ordinary.drain(..ordinary)).collect()
    }
}

impl Entrance {
    /// Lets a job wait, unless its lane is full.
    pub(super) fn put(&self, job: Job) -> Result<(), NotTaken> {
        let lane = Lane::of(&job.work);
        self.0.waiting.lock().put(lane, job)?;
        self.0.changed.notify_one();
        Ok(())
    }

    /// As [`Entrance::put`], but returns only once there was room.
    pub(super) fn put_when_room(&self, job: Job) -> Result<(), NotTaken> {
        let lane = Lane::of(&job.work);
        let mut waiting = self.0.waiting.lock();
        self.0.has_room.wait_while(&mut waiting, |waiting| waiting.is_full(lane));
        waiting.put(lane, job)?;
        drop(waiting);
        self.0.changed.notify_one();
        Ok(())
    }
}

impl Drop for Entrance {
    fn drop(&mut self) {
        self.0.waiting.lock().is_entrance_closed = true;
        self.0.changed.notify_one();
    }
}

impl Exit {
    /// Takes at most so many jobs, settling work first; waits for so long where there are none.
    pub(super) fn take(&self, most: usize, wait: Duration) -> Taken {
        let mut waiting = self.0.waiting.lock();
        self.0.changed.wait_while_for(&mut waiting, |waiting| waiting.awaits_more(), wait);
        let jobs = waiting.take(most);
        let is_end = waiting.is_entrance_closed;
        drop(waiting);
        self.0.has_room.notify_all();
        match (jobs.is_empty(), is_end) {
            (false, _) => Taken::Jobs(jobs),
            (true, true) => Taken::End,
            (true, false) => Taken::Nothing,
        }
    }
}

impl Drop for Exit {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting.lock();
        waiting.is_exit_closed = true;
        let left = (std::mem::take(&mut waiting.settling), std::mem::take(&mut waiting.ordinary));
        drop(waiting);
        // Whoever waits for an answer learns that none will come.
        drop(left);
        self.0.has_room.notify_all();
    }
}

#[cfg(test)]
mod tests;
