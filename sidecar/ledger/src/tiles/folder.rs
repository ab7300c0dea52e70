//! The folder that tiles lie in.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{HASH_BYTES, Row, TilePath};
use crate::tree::Hash;

/// The name of the newest checkpoint beside the tiles.
const CHECKPOINT: &str = "checkpoint";

/// A folder of tiles and a checkpoint.
#[derive(Debug, Clone)]
pub struct TileFolder {
    dir: PathBuf,
}

/// Why a tile cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TileError {
    /// The operating system refused an operation.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The tile has not the bytes that a tile of its width has.
    #[error("{} does not hold {width} {what}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Its width.
        width: u16,
        /// What it should hold.
        what: &'static str,
    },
    /// The entries of a bundle are not those whose hashes are in the tree.
    #[error("{} does not hold the entries of the tree", path.display())]
    OtherEntries {
        /// The file.
        path: PathBuf,
    },
    /// The tree has no such tile.
    #[error("a tree of {size} entries has no subtree {index} at level {level}")]
    OutsideTree {
        /// The tree's size.
        size: u64,
        /// The subtree's level.
        level: u8,
        /// The subtree's number in its level.
        index: u64,
    },
    /// An entry is longer than a bundle can say.
    #[error("an entry of {bytes} bytes is longer than the 65,535 that a bundle takes")]
    EntryTooLong {
        /// Its length.
        bytes: usize,
    },
}

impl TileFolder {
    /// The folder `dir`; it is created with the first tile.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a tile lies.
    pub fn path(&self, tile: TilePath) -> PathBuf {
        self.dir.join(tile.to_string())
    }

    /// The bytes of a tile. Where a partial one is gone because it has become full since, those of
    /// the full one, cut to the width asked for.
    ///
    /// # Errors
    /// When neither can be read, or the form is wrong.
    pub fn read(&self, tile: TilePath) -> Result<Vec<u8>, TileError> {
        let fail = |source| TileError::Io { action: "read", path: self.path(tile), source };
        let mut bytes = match fs::read(self.path(tile)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !tile.is_full() => {
                let full = fs::read(self.path(tile.full())).map_err(|_| fail(error))?;
                let length = match tile.row {
                    Row::Hashes(_) => usize::from(tile.width) * HASH_BYTES,
                    Row::Entries => bundle_length(&full, tile.width).unwrap_or(0),
                };
                full.get(..length).unwrap_or_default().to_vec()
            }
            read => read.map_err(fail)?,
        };
        let is_whole = match tile.row {
            Row::Hashes(_) => bytes.len() == usize::from(tile.width) * HASH_BYTES,
            Row::Entries => bundle_length(&bytes, tile.width) == Some(bytes.len()),
        };
        if !is_whole {
            bytes.clear();
            let what = if tile.row == Row::Entries { "entries" } else { "hashes" };
            return Err(TileError::Form { path: self.path(tile), width: tile.width, what });
        }
        Ok(bytes)
    }

    /// The hashes of a tile.
    ///
    /// # Errors
    /// As [`TileFolder::read`].
    pub fn hashes(&self, tile: TilePath) -> Result<Vec<Hash>, TileError> {
        let bytes = self.read(tile)?;
        Ok(bytes.as_chunks::<HASH_BYTES>().0.to_vec())
    }

    /// The entries of a bundle, by their stored bytes.
    ///
    /// # Errors
    /// As [`TileFolder::read`].
    pub fn entries(&self, tile: TilePath) -> Result<Vec<Vec<u8>>, TileError> {
        let bytes = self.read(TilePath { row: Row::Entries, ..tile })?;
        let mut rest = bytes.as_slice();
        let mut entries = Vec::new();
        while let Some(entry) = next_entry(&mut rest) {
            entries.push(entry.to_vec());
        }
        Ok(entries)
    }

    /// Makes sure that a tile is there with these bytes, and says whether another file stood in its
    /// place. It is there whole or not at all; it need not be durable, since it can be made again
    /// from the journal.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, tile: TilePath, bytes: &[u8]) -> Result<bool, TileError> {
        let path = self.path(tile);
        let stood = fs::read(&path);
        if stood.as_ref().is_ok_and(|stood| stood == bytes) {
            return Ok(false);
        }
        replace(&path, bytes, Durability::None)?;
        Ok(stood.is_ok())
    }

    /// Removes the partial tiles that a full one has taken the place of.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn remove_partials(&self, tile: TilePath) -> Result<(), TileError> {
        let mut path = self.path(tile.full()).into_os_string();
        path.push(".p");
        let path = PathBuf::from(path);
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(TileError::Io { action: "remove", path, source })
            }
            _ => Ok(()),
        }
    }

    /// The text of the newest checkpoint; nothing where there is none yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn checkpoint(&self) -> Result<Option<String>, TileError> {
        let path = self.dir.join(CHECKPOINT);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(TileError::Io { action: "read", path, source }),
        }
    }

    /// Puts a checkpoint in the place of the one before, once it is on stable storage.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_checkpoint(&self, text: &str) -> Result<(), TileError> {
        replace(&self.dir.join(CHECKPOINT), text.as_bytes(), Durability::Synced)
    }
}

/// Whether a file is to outlive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    None,
    Synced,
}

/// Writes a file aside, then renames it into place.
fn replace(path: &Path, bytes: &[u8], durability: Durability) -> Result<(), TileError> {
    let io = |action, path: &Path| {
        let path = path.to_owned();
        move |source| TileError::Io { action, path, source }
    };
    let aside = path.with_added_extension("part");
    let mut file = match File::create(&aside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder).map_err(io("create", folder))?;
            File::create(&aside)
        }
        created => created,
    }
    .map_err(io("create", &aside))?;
    file.write_all(bytes).map_err(io("write", &aside))?;
    if durability == Durability::Synced {
        file.sync_data().map_err(io("sync", &aside))?;
    }
    fs::rename(&aside, path).map_err(io("rename", &aside))?;
    match path.parent() {
        Some(folder) if durability == Durability::Synced => {
            let synced = File::open(folder).and_then(|folder| folder.sync_all());
            synced.map_err(io("sync", folder))
        }
        _ => Ok(()),
    }
}

/// Takes the next entry off a bundle.
fn next_entry<'a>(bundle: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bundle.split_first_chunk::<2>()?;
    let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    *bundle = rest;
    Some(entry)
}

/// How many bytes the first `width` entries of a bundle take.
fn bundle_length(bundle: &[u8], width: u16) -> Option<usize> {
    let mut rest = bundle;
    for _ in 0..width {
        next_entry(&mut rest)?;
    }
    Some(bundle.len() - rest.len())
}
