//! Verifies the older part of a journal while the house is open.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use makegood_ledger::journal::error::JournalError;
use makegood_ledger::journal::sealed::Sealed;

/// The thread that verifies; dropping it ends it.
pub(super) struct Verifier {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Verifier {
    /// Starts to verify; `on_damage` is told of the first damage.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(
        sealed: Sealed,
        on_damage: impl FnOnce(&JournalError) + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("verifier".into()).spawn(move || {
            let mut began = Instant::now();
            // Never more than half of a core: agents are served meanwhile.
            let verified = sealed.verify(|| {
                let goes_on = stopped.recv_timeout(began.elapsed());
                began = Instant::now();
                goes_on == Err(RecvTimeoutError::Timeout)
            });
            if let Err(damage) = verified {
                on_damage(&damage);
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic was logged by the panic hook; there is nothing left to stop.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::mpsc::Receiver;

    use super::*;
    use makegood_ledger::journal::{Config, Journal};

    const SMALL: Config = Config { segment_bytes: 8 << 10, margin_bytes: None };

    /// Verifies a long journal in the folder; what it says of damage arrives.
    fn verifying(folder: &Path) -> (Verifier, Receiver<String>) {
        let (_, _, sealed) = Journal::open_long(folder, SMALL, 2).unwrap();
        let (told, hears) = channel();
        let tell = move |damage: &JournalError| told.send(damage.to_string()).unwrap();
        (Verifier::start(sealed, tell).unwrap(), hears)
    }

    #[test]
    fn tells_of_damage_in_the_older_part_and_of_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(folder.path(), SMALL).unwrap();
        for _ in 0..150 {
            journal.append(&[[7; 80]]).unwrap();
        }
        journal.close().unwrap();
        let (_verifier, hears) = verifying(folder.path());
        assert!(hears.recv().is_err(), "all is sound, and the thread ends without a word");
        let mut files: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path()).collect();
        files.sort();
        let mut bytes = fs::read(&files[0]).unwrap();
        bytes[4_200] ^= 1;
        fs::write(&files[0], bytes).unwrap();
        let (_verifier, hears) = verifying(folder.path());
        let told = hears.recv().unwrap();
        assert!(told.contains(&*files[0].to_string_lossy()), "{told}");
    }
}
