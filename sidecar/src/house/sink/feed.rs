//! The way of batches to the writer: while one is sealed and synced, the next is made.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use parking_lot::Mutex;

use crate::house::House;
use crate::ledger::writer::{Work, WriteError, Writer};
use crate::records::Draft;

/// Batches that wait for the writer; more would only take room.
const WAITING_BATCHES: usize = 2;

/// A thread that hands batches to the writer, one after the other.
///
/// It keeps a handle to the writer, so that the house cannot be closed before it is dropped: the
/// lifetime is the house's.
pub(super) struct Feed<'a> {
    sender: SyncSender<Message>,
    failed: Arc<Mutex<Option<WriteError>>>,
    thread: Option<JoinHandle<()>>,
    house: PhantomData<&'a House>,
}

enum Message {
    Batch(Vec<Draft>),
    /// Answered once all before it is durable.
    Flush(SyncSender<()>),
    Stop,
}

impl<'a> Feed<'a> {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub(super) fn start(house: &'a House) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING_BATCHES);
        let failed = Arc::default();
        let writer = house.shared.writer.clone();
        let desk = Desk { writer, failed: Arc::clone(&failed) };
        let thread = std::thread::Builder::new().name("import".into());
        let thread = Some(thread.spawn(move || desk.run(&receiver))?);
        Ok(Self { sender, failed, thread, house: PhantomData })
    }

    /// Hands a batch over; waits while too many wait.
    ///
    /// # Errors
    /// Why an earlier batch could not be written.
    pub(super) fn send(&self, records: Vec<Draft>) -> Result<(), WriteError> {
        self.check()?;
        self.sender.send(Message::Batch(records)).map_err(|_| WriteError::Stopping)
    }

    /// Waits until everything is durable.
    ///
    /// # Errors
    /// Why a batch could not be written.
    pub(super) fn flush(&self) -> Result<(), WriteError> {
        let (reply, answer) = sync_channel(1);
        self.sender.send(Message::Flush(reply)).map_err(|_| WriteError::Stopping)?;
        answer.recv().map_err(|_| WriteError::Stopping)?;
        self.check()
    }

    fn check(&self) -> Result<(), WriteError> {
        self.failed.lock().clone().map_or(Ok(()), Err)
    }
}

impl Drop for Feed<'_> {
    /// What was handed over is written all the same.
    fn drop(&mut self) {
        let stopped = self.sender.send(Message::Stop);
        if let (Ok(()), Some(thread)) = (stopped, self.thread.take()) {
            // A panic of the thread has been logged.
            drop(thread.join());
        }
    }
}

/// The thread's own side.
struct Desk {
    writer: Writer,
    failed: Arc<Mutex<Option<WriteError>>>,
}

impl Desk {
    fn run(self, receiver: &Receiver<Message>) {
        for message in receiver {
            match message {
                Message::Batch(records) => self.write(records),
                // Whoever asked may have gone.
                Message::Flush(reply) => drop(reply.send(())),
                Message::Stop => return,
            }
        }
    }

    /// After a failure nothing more is written, so that no gap arises.
    fn write(&self, records: Vec<Draft>) {
        if self.failed.lock().is_some() {
            return;
        }
        let work = Work { records, ..Work::default() };
        if let Err(error) = self.writer.submit_blocking(work) {
            *self.failed.lock() = Some(error);
        }
    }
}
