//! Opening a house: keys, journals, replay, read model, writer, policy; and closing it again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use makegood_core::ledger::{Action, Read as _};
use makegood_core::policy::Policy;
use parking_lot::{Mutex, RwLock};

use super::directory::Directory;
use super::live::Interactions;
use super::mode;
use super::panel::{Stories, stories};
use super::policy_texts::{self, PolicyTextError};
use super::subjects::{self, ErasureError};
use super::turns::Turns;
use super::verifier::Verifier;
use super::{HouseError, Shared, Visitor, policy_piece};
use crate::clock::{Clock, SystemClock};
use crate::hub::Hub;
use crate::ledger::snapshotter::{ENTRIES_BETWEEN, Snapshotter};
use crate::ledger::state::{LedgerState, RestoreError};
use crate::ledger::writer::{self, Parts, Work, WriteError, Writer, WriterThread};
use crate::proofs::{self, Proofs};
use crate::read_model::{Projector, Sources};
use crate::vault::{Vault, VaultError};
use makegood_ledger::journal::error::JournalError;
use makegood_ledger::journal::lock::{DataLock, LockError};
use makegood_ledger::journal::reader::Reader;
use makegood_ledger::journal::sealed::Sealed;
use makegood_ledger::journal::{Config, Journal, Recovery};
use makegood_ledger::snapshot::SnapshotError;

/// What a house is opened with.
pub struct Settings {
    /// The data folder; the tenant has a folder of its own in it.
    pub data_dir: PathBuf,
    /// The tenant: 1 to 40 characters of `a-z`, `0-9`, `_` and `-`.
    pub tenant: String,
    /// The key that wraps every other key.
    pub key_encryption_key: [u8; 32],
    /// The policy to decide by; in force once [`House::activate_policy`] has put it there.
    pub policy: Policy,
    /// The text of that policy, kept under its digest.
    pub policy_text: String,
    /// The region of telephone numbers without a country, for example `US`.
    pub phone_region: String,
    /// Bytes for stories that are kept arranged.
    pub cache_bytes: u64,
    /// Whether entries are marked as written in development mode.
    pub development: bool,
}

/// Why a house cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Development mode is refused a folder of production.
    #[error(
        "{} was opened in production mode, and development mode does not keep its rules; set mode \
         = \"production\", or take another data folder",
        folder.display()
    )]
    Production {
        /// The tenant's folder.
        folder: PathBuf,
    },
    /// Another process has it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The keys cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The ledger's erasures cannot be carried out.
    #[error("cannot erase whom the ledger says to be erased: {0}")]
    Erasure(#[from] ErasureError),
    /// A journal is damaged or cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The ledger's rows cannot be had from its journal.
    #[error(transparent)]
    Rows(#[from] RestoreError),
    /// The ledger cannot be proved.
    #[error(transparent)]
    Proofs(#[from] proofs::StartError),
    /// The text of the policy in force is not at hand.
    #[error(transparent)]
    PolicyText(#[from] PolicyTextError),
    /// The policy cannot be put in force.
    #[error("cannot put the policy in force: {0}")]
    Policy(#[from] WriteError),
}

/// One tenant's house, open.
pub struct House {
    pub(super) shared: Shared,
    pub(super) directory: Directory,
    pub(super) interactions: Interactions,
    pub(super) turns: Turns,
    pub(super) stories: Stories,
    projector: Projector,
    writer_thread: WriterThread,
    snapshotter: Snapshotter,
    verifier: Verifier,
    ledger: Reader,
    clock: Arc<dyn Clock>,
    pub(super) folder: PathBuf,
    policy_text: String,
    /// Whether any policy may be put in force at once.
    is_development: bool,
    pub(super) proofs: Mutex<Option<Proofs>>,
    // Released last: until then the folder is ours.
    _lock: DataLock,
}

impl House {
    /// Opens the house: replays the ledger, and starts writer and projector. The ledger stays as it
    /// is until [`House::activate_policy`]; before that, nothing is decided by the policy.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing that was acknowledged is changed by a refused start.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        Self::open_by(settings, Arc::new(SystemClock::start()))
    }

    /// As [`House::open`], by another clock.
    pub(crate) fn open_by(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let folder = settings.data_dir.join(&settings.tenant);
        let fail = |path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Folder { path, source }
        };
        fs::create_dir_all(&folder).map_err(fail(&folder))?;
        let lock = DataLock::acquire(&settings.data_dir)?;
        let vault = Arc::new(RwLock::new(Vault::open(&folder, &settings.key_encryption_key)?));
        let ledger = open_journal(&folder.join("ledger"))?;
        mode::check(&folder, &ledger, settings.development)?;
        let erased = subjects::carry_out_again(&vault, &ledger)?;
        let (records, sealed) = open_records(&folder.join("records"))?;
        let hub = Arc::new(Hub::default());
        let state = restored(&folder, &ledger, &records)?;
        let snapshotter = Snapshotter::start(Arc::clone(&state)).map_err(fail(&folder))?;
        let reader = ledger.reader();
        let sources = Sources {
            ledger: ledger.reader(),
            records: records.reader(),
            engine: folder.join("read-model"),
            erased: Arc::clone(&erased),
            on_ready: tells_every_desk(&hub),
        };
        let projector = Projector::start(sources, Arc::clone(&state));
        let configured = (settings.policy, settings.policy_text);
        let (policy, policy_text) =
            policy_texts::at_start(&state, &folder, configured, settings.development)?;
        let policy = Arc::new(policy);
        let (writer, writer_thread) = Writer::start(Parts {
            ledger,
            records,
            state: Arc::clone(&state),
            vault: Arc::clone(&vault),
            policy: Arc::clone(&policy),
            read_model: projector.model(),
            hub: Arc::clone(&hub),
            clock: Arc::clone(&clock),
            development: settings.development,
        })
        .map_err(fail(&folder))?;
        policy_texts::keep_scheduled(&state, &folder, writer.policies())?;
        let verifier = verify(sealed, &writer).map_err(fail(&folder))?;
        Ok(Self {
            shared: Shared {
                state,
                read_model: projector.model(),
                erased,
                vault,
                hub,
                policy_piece: policy_piece(&policy),
                policy: Arc::clone(writer.policies()),
                writer,
                phone_region: settings.phone_region,
            },
            directory: Directory::default(),
            interactions: Interactions::default(),
            turns: Turns::default(),
            stories: stories(settings.cache_bytes),
            projector,
            writer_thread,
            snapshotter,
            verifier,
            ledger: reader,
            clock,
            folder,
            policy_text,
            is_development: settings.development,
            proofs: Mutex::default(),
            _lock: lock,
        })
    }

    /// Puts the policy that the house was opened with in force, if another one is, and from then on
    /// ends holds whose time has come, and puts policies in force at theirs. For whoever is to give;
    /// the policy's text is kept before any entry can name its digest.
    ///
    /// # Errors
    /// When the text cannot be kept, or the policy cannot be put in force.
    pub fn activate_policy(&self) -> Result<(), OpenError> {
        let digest = self.shared.policy.digest;
        let is_in_force = self
            .shared
            .state
            .read(|rows| rows.active_policy().is_some_and(|active| active.digest == digest))?;
        if !is_in_force {
            policy_texts::keep(&self.folder, digest, &self.policy_text).map_err(|source| {
                OpenError::Folder { path: self.folder.join("policies"), source }
            })?;
            let system = writer::system();
            let caller = if self.is_development { system.in_development() } else { system };
            let ask = Some((caller, Action::ActivatePolicy { digest }));
            self.shared.writer.submit_blocking(Work { ask, ..Work::default() })?;
        }
        self.shared.writer.end_due_holds();
        Ok(())
    }

    /// Answers what waits, closes the journals, writes a snapshot where enough has come since the
    /// last, and syncs the read model.
    ///
    /// # Errors
    /// [`WriteError::Poisoned`] when the journal has failed since the house was opened.
    pub fn close(self) -> Result<(), WriteError> {
        drop(self.verifier);
        drop(self.shared.writer);
        let closed = self.writer_thread.join();
        let entry_count = self.shared.state.entry_count();
        if let Err(error) = subjects::note_ledger(&self.shared.vault, entry_count) {
            tracing::warn!(%error, "the next start reads more of the ledger for erasures");
        }
        if let Some(proofs) = self.proofs.into_inner() {
            proofs.close();
        }
        self.snapshotter.close();
        self.projector.stop();
        closed
    }

    /// Writes a snapshot of the ledger's rows now, unless nothing has come since the last one.
    ///
    /// # Errors
    /// When it cannot be written; nothing is lost by that.
    pub fn write_snapshot(&self) -> Result<(), SnapshotError> {
        self.shared.state.snapshot()
    }

    /// The ledger's journal, for reading beside the writer; what was found once is found at once.
    pub(super) fn ledger(&self) -> &Reader {
        &self.ledger
    }

    /// The tenant's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Who calls, from what a token says.
    ///
    /// # Errors
    /// [`HouseError::AgentNotFound`].
    pub fn visitor(
        &self,
        host_agent_id: &str,
        access: makegood_core::ledger::Access,
        interaction: Option<String>,
    ) -> Result<Visitor, HouseError> {
        let agent = self.directory.agent(&self.shared, host_agent_id)?;
        Ok(Visitor { agent, access, interaction })
    }

    /// Where the customers' history stands.
    pub fn progress(&self) -> crate::read_model::Progress {
        self.shared.read_model.progress()
    }

    /// Whether giving works, and why not where it does not. History may still be on its way.
    ///
    /// # Errors
    /// The reason, for people.
    pub fn ready(&self) -> Result<(), String> {
        self.shared.writer.check_disk().map_err(|error| error.to_string())?;
        match self.clock.now() {
            Ok(_) => Ok(()),
            Err(jump) => Err(jump.to_string()),
        }
    }

    /// Whether anything was ever recorded.
    pub fn has_records(&self) -> bool {
        self.shared.state.record_count() > 0
    }

    /// The desks.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.shared.hub
    }

    /// What the policy calls a reason; any other text as it is.
    pub fn reason_label(&self, code: &str) -> String {
        let known = self.shared.policy.reasons.iter().find(|reason| reason.code.as_str() == code);
        known.map_or_else(|| code.to_owned(), |reason| reason.label.clone())
    }

    /// The longest note, in characters.
    pub fn note_characters(&self) -> usize {
        self.shared.policy.note_max_chars as usize
    }
}

/// Verifies the older part of the records; damage there ends all writing.
fn verify(sealed: Sealed, writer: &Writer) -> io::Result<Verifier> {
    let breaker = writer.breaker();
    Verifier::start(sealed, move |damage| breaker.poison(damage))
}

fn tells_every_desk(hub: &Arc<Hub>) -> Box<dyn Fn() + Send + Sync> {
    let hub = Arc::clone(hub);
    Box::new(move || hub.publish_all())
}

/// How many segments of the records a start verifies: 256 MiB. Beyond that they are verified behind
/// it, because the records of a large house are gigabytes, and no amount is ever read from them.
const RECORD_SEGMENTS_AT_START: usize = 16;

/// Opens the records' journal and leaves the older part of a large one to be verified.
fn open_records(folder: &Path) -> Result<(Journal, Sealed), JournalError> {
    let opened = Journal::open_long(folder, Config::default(), RECORD_SEGMENTS_AT_START)?;
    let (journal, recovery, sealed) = opened;
    warn_of_torn_write(&recovery);
    Ok((journal, sealed))
}

/// Opens a journal and says what a crash has left in it.
pub(super) fn open_journal(folder: &Path) -> Result<Journal, JournalError> {
    let (journal, recovery) = Journal::open(folder, Config::default())?;
    warn_of_torn_write(&recovery);
    Ok(journal)
}

fn warn_of_torn_write(recovery: &Recovery) {
    if recovery.cut_bytes > 0 {
        tracing::warn!(
            bytes = recovery.cut_bytes,
            "a write was torn before it was acknowledged; it was cut off the journal"
        );
    }
}

/// The rows of the ledger, from its snapshots and the entries after them.
fn restored(
    folder: &Path,
    ledger: &Journal,
    records: &Journal,
) -> Result<Arc<LedgerState>, OpenError> {
    let (snapshots, next) = (folder.join("snapshots"), records.next_position());
    let state = LedgerState::restore(&snapshots, ledger.reader(), ENTRIES_BETWEEN, next)?;
    Ok(Arc::new(state))
}
