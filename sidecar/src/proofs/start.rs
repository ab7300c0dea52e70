//! Putting proofs to work for an open house: keys, the tree as it was left, and the question
//! whether the ledger is the one that was published.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use makegood_ledger::checkpoint::{Issued, IssuedError, KeyKind, SignedCheckpoint};
use makegood_ledger::journal::reader::Reader;
use makegood_ledger::proof::{self, TreeHead, verify_consistency};
use makegood_ledger::tiles::{Edge, TileFolder, TileHashes};
use makegood_ledger::tree::{self, Hash, empty_root};
use parking_lot::Mutex;

use super::anchor::{Anchor, Behind, check_moved, forget};
use super::book::Book;
use super::checkpointer::{Checkpointer, Keys, Work};
use super::courier::Courier;
use super::keys::{KeyFileError, KeyFolder};
use super::mending::{foreign, made_again, root_of};
use super::{COSIGNED, ISSUED, SIGNING, Settings, TREE};
use crate::clock::wall_time;
use crate::ledger::state::LedgerState;

/// The file in which accepted losses are noted, in a tenant's folder.
const ACCEPTED: &str = "accepted-rollbacks";

/// The ledger, for reading.
pub struct Ledger {
    /// What was acknowledged.
    pub state: Arc<LedgerState>,
    /// The journal.
    pub journal: Reader,
}

/// Proofs at work; [`Proofs::close`] ends them.
pub struct Proofs {
    book: Arc<Book>,
    checkpointer: Mutex<Option<Checkpointer>>,
    couriers: Mutex<Vec<Courier>>,
    key_folder: KeyFolder,
}

/// Why proofs cannot be put to work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The signing keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The issued checkpoints cannot be used.
    #[error(transparent)]
    Issued(#[from] IssuedError),
    /// A file cannot be used, or no thread is to be had.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Proofs {
    /// Starts to prove the ledger; where it lacks what was published of it, and the loss was not
    /// accepted, says so and issues nothing. `on_behind` is told where that shows only later.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(
        settings: &Settings,
        ledger: Ledger,
        on_behind: impl Fn(&Behind) + Send + Sync + 'static,
    ) -> Result<(Self, Option<Behind>), StartError> {
        let Settings { folder, origin, .. } = settings;
        let fail = |path: PathBuf| move |source| StartError::File { path, source };
        let key_folder = KeyFolder::new(&folder.join(SIGNING));
        let keys = keys(&key_folder, origin)?;
        let publics = key_folder.publics()?;
        let tiles = TileFolder::new(&folder.join(TREE));
        let logs = Logs::open(folder)?;
        let (edge, own_loss) = edge(&tiles, &ledger, logs.last.as_ref(), settings);
        let anchor = settings.anchor.as_ref().map(|path| Anchor::new(path, folder));
        let own = logs
            .last
            .as_ref()
            .map_or(TreeHead { size: 0, root: empty_root() }, SignedCheckpoint::head);
        // What was issued for another ledger, or for more of it, is not gone on from.
        let is_sound = own_loss.is_none();
        let mut behind = own_loss;
        if behind.is_none() && settings.is_guarded {
            let checked = check_moved(anchor.as_ref(), folder, own);
            behind = checked.map_err(fail(folder.clone()))?;
        }
        let has_moved = behind.is_some() && is_sound;
        if let (None, Some(anchor), true) = (&behind, &anchor, settings.is_guarded) {
            let checked = anchor.check(&publics, own, |size| root_at(&tiles, &ledger, own, size));
            behind = checked.map_err(fail(anchor.path().to_owned()))?;
        }
        let behind = behind.filter(|behind| !is_accepted(settings, behind));
        let refused = behind.filter(|_| settings.is_guarded);
        let book = Arc::new(Book::new(tiles.clone(), logs, is_sound));
        let mut proofs = Self {
            book: Arc::clone(&book),
            checkpointer: Mutex::default(),
            couriers: Mutex::default(),
            key_folder: key_folder.clone(),
        };
        if refused.is_some() {
            return Ok((proofs, refused));
        }
        if has_moved {
            forget(folder).map_err(fail(folder.clone()))?;
        }
        if let (Some(anchor), Some(newest)) = (&anchor, book.newest()) {
            anchor.write(&newest).map_err(fail(anchor.path().to_owned()))?;
        }
        // What was written by another hand, or half before a crash, is found behind the start.
        let mending = book.mending();
        let origin = origin.clone();
        let on_behind: Arc<dyn Fn(&Behind) + Send + Sync> = Arc::new(on_behind);
        let work = Work {
            book: Arc::clone(&book),
            ledger,
            origin,
            key_folder,
            keys,
            anchor,
            edge,
            mending,
            on_behind: Arc::clone(&on_behind),
            folder: folder.clone(),
            is_foreign: false,
        };
        let checkpointer = Checkpointer::start(work).map_err(fail(folder.clone()))?;
        proofs.checkpointer = Mutex::new(Some(checkpointer));
        for witness in &settings.witnesses {
            let courier =
                Courier::start(witness.clone(), Arc::clone(&book), Arc::clone(&on_behind));
            proofs.couriers.lock().push(courier.map_err(fail(folder.clone()))?);
        }
        Ok((proofs, None))
    }

    /// What is published.
    pub fn book(&self) -> &Arc<Book> {
        &self.book
    }

    /// The signing keys.
    pub fn keys(&self) -> &KeyFolder {
        &self.key_folder
    }

    /// Ends it, after a checkpoint that covers all there is. To be called when nothing is written to
    /// the ledger any more.
    pub fn close(self) {
        if let Some(checkpointer) = self.checkpointer.into_inner() {
            checkpointer.close();
        }
    }
}

/// The files of checkpoints, with the last in each.
pub(super) struct Logs {
    pub(super) issued: Issued,
    pub(super) last: Option<SignedCheckpoint>,
    pub(super) cosigned: Issued,
    pub(super) last_cosigned: Option<SignedCheckpoint>,
}

impl Logs {
    fn open(folder: &Path) -> Result<Self, IssuedError> {
        let (issued, last) = Issued::open(&folder.join(ISSUED))?;
        let (cosigned, last_cosigned) = Issued::open(&folder.join(COSIGNED))?;
        Ok(Self { issued, last, cosigned, last_cosigned })
    }
}

/// The signing keys; a ledger without one gets its first.
fn keys(folder: &KeyFolder, origin: &str) -> Result<Keys, StartError> {
    let mut secrets = folder.secrets(origin)?;
    if secrets.is_empty() {
        secrets.push(folder.generate(origin, KeyKind::Log)?);
    }
    for key in &secrets {
        tracing::info!(vkey = %key.verifier(), "checkpoints are signed by this key");
    }
    Ok(Keys { secrets, changed_at: folder.changed_at() })
}

/// The tree as the last checkpoint has left it. Where its files do not lead to the checkpoint they
/// are made again from the journal, and where that does not lead there either, the ledger is not
/// the one that was signed. Files that do lead there may stand beside another journal: that shows
/// behind the start, or here, where somebody is about to accept it.
fn edge(
    tiles: &TileFolder,
    ledger: &Ledger,
    last: Option<&SignedCheckpoint>,
    settings: &Settings,
) -> (Edge, Option<Behind>) {
    let fresh = || Edge::new(tiles.clone());
    let Some(head) = last.map(SignedCheckpoint::head) else { return (fresh(), None) };
    if head.size > ledger.state.entry_count() {
        let reason = format!(
            "the ledger has {} entries, and a checkpoint over {} was issued",
            ledger.state.entry_count(),
            head.size
        );
        return (fresh(), Some(Behind::new(reason, head)));
    }
    if settings.accept_rollback.is_none() {
        match Edge::open(tiles.clone(), head.size) {
            Ok(edge) if edge.root() == head.root => return (edge, None),
            Ok(_) => tracing::warn!("the tree's files do not lead to the last checkpoint"),
            Err(error) => tracing::warn!(%error, "the tree's files cannot be used"),
        }
    }
    tracing::info!(entries = head.size, "making the tree's files again from the journal");
    match made_again(ledger, tiles, head) {
        Ok(Some(edge)) => (edge, None),
        Ok(None) => (fresh(), Some(foreign(&settings.folder, head))),
        Err(error) => {
            tracing::error!(%error, "the tree's files cannot be made; trying again later");
            (fresh(), None)
        }
    }
}

/// The root over the first `size` entries of the ledger, if it has as many. `own` is the head that
/// was last signed here.
fn root_at(tiles: &TileFolder, ledger: &Ledger, own: TreeHead, size: u64) -> Option<Hash> {
    if size > ledger.state.entry_count() {
        return None;
    }
    // Beyond the last checkpoint here, a crash came between both files.
    let proved = if size <= own.size { proved_root(tiles, own, size) } else { None };
    proved.or_else(|| root_of(ledger, size).ok())
}

/// The root at an older size by the tiles, where these prove that `own` goes on from it: a tile by
/// itself can say anything.
fn proved_root(tiles: &TileFolder, own: TreeHead, size: u64) -> Option<Hash> {
    let hashes = TileHashes::new(tiles, own.size);
    let old = TreeHead { size, root: tree::root(&hashes, size).ok()? };
    let path = proof::consistency(&hashes, size, own.size).ok()?;
    verify_consistency(old, own, &path).ok()?;
    Some(old.root)
}

/// Whether the loss was accepted by name; that is noted for whoever asks later.
fn is_accepted(settings: &Settings, behind: &Behind) -> bool {
    let Some(accepted) = &settings.accept_rollback else { return false };
    if !behind.is_accepted_by(accepted) {
        tracing::error!(accepted, expected = behind.named, "another checkpoint was accepted");
        return false;
    }
    tracing::warn!(checkpoint = behind.named, reason = behind.reason, "a rollback was accepted");
    let line = format!("{} {} {}\n", wall_time().as_nanos(), behind.named, behind.reason);
    let path = settings.folder.join(ACCEPTED);
    let file = std::fs::OpenOptions::new().append(true).create(true).open(&path);
    let noted = file.and_then(|mut file| {
        file.write_all(line.as_bytes())?;
        file.sync_all()
    });
    if let Err(error) = noted {
        tracing::error!(%error, "the accepted rollback was not noted in {}", path.display());
        return false;
    }
    true
}
