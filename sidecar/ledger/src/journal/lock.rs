//! The lock that keeps a second process off a data folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process;

const LOCK_FILE: &str = "lock";

/// Holds a data folder for this process until dropped or until the process ends, however it ends.
///
/// The lock file itself stays: removing it could take a lock from another process unseen.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

/// Why a data folder could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has the folder.
    #[error(
        "{} is in use by process {pid}; stop that process or name another folder",
        folder.display()
    )]
    Held {
        /// The data folder.
        folder: PathBuf,
        /// The other process, or `?` where it has not written its id yet.
        pid: String,
    },
    /// The lock file cannot be opened, locked or written.
    #[error("cannot lock {}: {source}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl DataLock {
    /// Takes the lock of `folder`, which must exist, without waiting.
    ///
    /// # Errors
    /// [`LockError::Held`] where another process, or this one elsewhere, holds it.
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(LOCK_FILE);
        let failed = |source| LockError::Io { path: path.clone(), source };
        // Not truncated on opening: until the lock is ours, the content is the holder's.
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let content = fs::read_to_string(&path).map_err(failed)?;
                let pid = content.trim().parse::<u32>().map_or("?".into(), |pid| pid.to_string());
                return Err(LockError::Held { folder: folder.to_path_buf(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).and_then(|()| writeln!(file, "{}", process::id())).map_err(failed)?;
        Ok(Self { _file: file })
    }
}
