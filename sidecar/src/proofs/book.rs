//! What is published of the ledger: the newest checkpoint, and proofs that lead to it.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::Duration;

use makegood_ledger::checkpoint::{Issued, IssuedError, NoteSignature, SignedCheckpoint};
use makegood_ledger::proof::{
    self, ProofError, Receipt, TreeHead, verify_consistency, verify_inclusion,
};
use makegood_ledger::tiles::{TileError, TileFolder, TileHashes, TilePath};
use makegood_ledger::tree::{self, Hash, leaf_hash};
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::mending::Mending;
use super::start::Logs;

/// How long a reader waits for a checkpoint that covers an entry: more than one ever takes.
const PATIENCE: Duration = Duration::from_secs(3);

/// The newest checkpoint and the tiles that belong to it; shared by all who read.
pub struct Book {
    tiles: TileFolder,
    issued: Mutex<Issued>,
    cosigned_log: Mutex<Issued>,
    newest: RwLock<Option<Arc<SignedCheckpoint>>>,
    cosigned: RwLock<Option<Arc<SignedCheckpoint>>>,
    covered: watch::Sender<u64>,
    wants_mending: AtomicBool,
    checkpointer: OnceLock<Thread>,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// No checkpoint covers it yet.
    #[error("no checkpoint covers this yet; the newest has {size} entries")]
    NotCovered {
        /// The size of the newest checkpoint.
        size: u64,
    },
    /// The older size is above the newer.
    #[error("the old size {old_size} is above the size {size}")]
    OutOfRange {
        /// The older size.
        old_size: u64,
        /// The newer size.
        size: u64,
    },
    /// A tile was damaged; it is being made again from the journal.
    #[error("the tree's files were damaged and are being made again; try again shortly")]
    Mending,
}

impl Book {
    /// The book as it was left; `is_sound` says whether what was issued is of this very ledger.
    pub(super) fn new(tiles: TileFolder, logs: Logs, is_sound: bool) -> Self {
        let (newest, cosigned) = (logs.last, logs.last_cosigned);
        let newest = newest.filter(|_| is_sound);
        let size = newest.as_ref().map_or(0, |it| it.head().size);
        let cosigned = cosigned.filter(|it| it.head().size <= size);
        Self {
            tiles,
            issued: Mutex::new(logs.issued),
            cosigned_log: Mutex::new(logs.cosigned),
            newest: RwLock::new(newest.map(Arc::new)),
            cosigned: RwLock::new(cosigned.map(Arc::new)),
            covered: watch::Sender::new(size),
            wants_mending: AtomicBool::new(false),
            checkpointer: OnceLock::new(),
        }
    }

    /// The newest checkpoint; none only in the moments before the first.
    pub fn newest(&self) -> Option<Arc<SignedCheckpoint>> {
        self.newest.read().clone()
    }

    /// The newest checkpoint that a witness has cosigned.
    pub fn cosigned(&self) -> Option<Arc<SignedCheckpoint>> {
        self.cosigned.read().clone()
    }

    /// The tiles.
    pub fn tiles(&self) -> &TileFolder {
        &self.tiles
    }

    /// Returns once a checkpoint covers the entry at `position`, or after three seconds.
    pub async fn wait_for(&self, position: u64) {
        let mut covered = self.covered.subscribe();
        let is_covered = covered.wait_for(|size| *size > position);
        // Whether it is covered shows in the proof that is asked for next.
        drop(tokio::time::timeout(PATIENCE, is_covered).await);
    }

    /// The bytes of a tile of the published tree.
    ///
    /// # Errors
    /// When the tree has no such tile, or it cannot be read.
    pub fn tile(&self, tile: TilePath) -> Result<Vec<u8>, TileError> {
        let size = self.size();
        let published = TilePath::in_tree(tile.row, tile.index, size);
        if published.is_none_or(|published| tile.width > published.width) {
            return Err(TileError::OutsideTree { size, level: 0, index: tile.index });
        }
        self.tiles.read(tile)
    }

    /// The proof that the entry with this leaf is at `position` in the tree of `size` entries, or of
    /// the newest checkpoint where none is given; and that size.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn inclusion(
        &self,
        position: u64,
        leaf: &Hash,
        size: Option<u64>,
    ) -> Result<(Vec<Hash>, TreeHead), ProveError> {
        let newest = self.head()?;
        let head = self.head_at(size.unwrap_or(newest.size), newest)?;
        if position >= head.size {
            return Err(ProveError::NotCovered { size: head.size });
        }
        let hashes = TileHashes::new(&self.tiles, newest.size);
        let path = proof::inclusion(&hashes, position, head.size);
        let path = path.map_err(|error| self.unproved(&error))?;
        verify_inclusion(leaf, position, head.size, &path, &head.root)
            .map_err(|fault| self.unproved(&fault))?;
        Ok((path, head))
    }

    /// The proof that the tree of `size` entries, or of the newest checkpoint, goes on from the tree
    /// of `old_size`; and both heads.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn consistency(
        &self,
        old_size: u64,
        size: Option<u64>,
    ) -> Result<(Vec<Hash>, TreeHead, TreeHead), ProveError> {
        let newest = self.head()?;
        let head = self.head_at(size.unwrap_or(newest.size), newest)?;
        if old_size > head.size {
            return Err(ProveError::OutOfRange { old_size, size: head.size });
        }
        let old = self.head_at(old_size, newest)?;
        Ok((self.steps(old, head, newest)?, old, head))
    }

    /// The receipt for an entry by its stored bytes. It leads to the newest checkpoint that is
    /// cosigned, where that covers the entry, and otherwise to the newest.
    ///
    /// # Errors
    /// See [`ProveError`].
    pub fn receipt(&self, position: u64, entry: Vec<u8>) -> Result<Receipt, ProveError> {
        let cosigned = self.cosigned().filter(|it| it.head().size > position);
        let checkpoint = cosigned.or_else(|| self.newest());
        let checkpoint = checkpoint.ok_or(ProveError::NotCovered { size: 0 })?;
        let size = checkpoint.head().size;
        let (path, _) = self.inclusion(position, &leaf_hash(&entry), Some(size))?;
        let checkpoint = SignedCheckpoint::clone(&checkpoint);
        Ok(Receipt { entry: Some(entry), index: position, path, checkpoint })
    }

    /// Size and root of the tree at an older size, proved by the newest checkpoint.
    fn head_at(&self, size: u64, newest: TreeHead) -> Result<TreeHead, ProveError> {
        if size > newest.size {
            return Err(ProveError::NotCovered { size: newest.size });
        }
        if size == newest.size {
            return Ok(newest);
        }
        let root = tree::root(&TileHashes::new(&self.tiles, newest.size), size);
        let head = TreeHead { size, root: root.map_err(|error| self.unproved(&error))? };
        self.steps(head, newest, newest)?;
        Ok(head)
    }

    fn steps(
        &self,
        old: TreeHead,
        head: TreeHead,
        newest: TreeHead,
    ) -> Result<Vec<Hash>, ProveError> {
        let hashes = TileHashes::new(&self.tiles, newest.size);
        let path = proof::consistency(&hashes, old.size, head.size);
        let path: Vec<Hash> = path.map_err(|error: ProofError<_>| self.unproved(&error))?;
        verify_consistency(old, head, &path).map_err(|fault| self.unproved(&fault))?;
        Ok(path)
    }

    fn head(&self) -> Result<TreeHead, ProveError> {
        self.newest().map(|it| it.head()).ok_or(ProveError::NotCovered { size: 0 })
    }

    /// How many entries the newest checkpoint covers.
    pub fn size(&self) -> u64 {
        *self.covered.borrow()
    }

    /// A proof that is wrong was made from damaged tiles, which the checkpointer mends.
    fn unproved(&self, cause: &dyn std::fmt::Display) -> ProveError {
        tracing::error!(%cause, "the tree's files are damaged; making them again from the journal");
        self.wants_mending.store(true, Ordering::Release);
        if let Some(thread) = self.checkpointer.get() {
            thread.unpark();
        }
        ProveError::Mending
    }

    /// A walk that mends the tree, from the head that was last signed; none before the first.
    pub(super) fn mending(&self) -> Option<Mending> {
        let newest = self.newest()?;
        Some(Mending::begin(self.tiles.clone(), newest.head()))
    }

    /// Whether mending was asked for since this was last called.
    pub(super) fn takes_mending(&self) -> bool {
        self.wants_mending.swap(false, Ordering::AcqRel)
    }

    pub(super) fn is_kept_by(&self, checkpointer: Thread) {
        self.checkpointer.get_or_init(|| checkpointer);
    }

    /// Puts a checkpoint on stable storage, then before everybody. Its tiles are there already.
    pub(super) fn publish(&self, checkpoint: SignedCheckpoint) -> Result<(), PublishError> {
        self.issued.lock().append(&checkpoint)?;
        self.tiles.write_checkpoint(&checkpoint.to_string())?;
        let size = checkpoint.head().size;
        *self.newest.write() = Some(Arc::new(checkpoint));
        self.covered.send_replace(size);
        Ok(())
    }

    /// Adds the cosignature of a witness to a checkpoint that was issued, and keeps both.
    pub(super) fn add_cosignature(
        &self,
        checkpoint: &SignedCheckpoint,
        cosignature: NoteSignature,
    ) -> Result<(), PublishError> {
        let mut cosigned = self.cosigned.write();
        let known = cosigned.as_deref();
        if known.is_some_and(|known| known.head().size > checkpoint.head().size) {
            return Ok(());
        }
        let known = known.filter(|known| known.checkpoint() == checkpoint.checkpoint());
        let mut signed = known.unwrap_or(checkpoint).clone();
        signed.add(cosignature);
        self.cosigned_log.lock().append(&signed)?;
        *cosigned = Some(Arc::new(signed));
        Ok(())
    }
}

/// Why a checkpoint was not published.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublishError {
    #[error(transparent)]
    Issued(#[from] IssuedError),
    #[error(transparent)]
    Tiles(#[from] TileError),
}
