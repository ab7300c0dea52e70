//! The file operations a journal needs, behind two small traits, so that tests can fail, tear or
//! drop any of them; and their real implementation.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// The folder of one journal. Names are plain file names in that folder.
pub trait Disk: Debug + Send + Sync {
    /// Where `name` lies, for messages.
    fn path(&self, name: &str) -> PathBuf;

    /// The names of all files in the folder, in any order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Creates a file for reading and writing; it is durable only after [`Disk::sync`].
    ///
    /// # Errors
    /// When the file is there already or cannot be created.
    fn create(&self, name: &str) -> io::Result<Box<dyn SegmentFile>>;

    /// Opens an existing file.
    ///
    /// # Errors
    /// When the file is absent or may not be opened so.
    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn SegmentFile>>;

    /// Gives a file another name; durable only after [`Disk::sync`].
    ///
    /// # Errors
    /// When the file cannot be renamed.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file; durable only after [`Disk::sync`].
    ///
    /// # Errors
    /// When the file cannot be removed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Puts the folder's names on stable storage.
    ///
    /// # Errors
    /// When the folder cannot be synced. The call must not be repeated in the hope of success.
    fn sync(&self) -> io::Result<()>;

    /// How much of the file system is left.
    ///
    /// # Errors
    /// When the file system does not say.
    fn space(&self) -> io::Result<Space>;
}

/// How much of a file system is left, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What may still be written by whoever is not the superuser.
    pub available: u64,
    /// What the file system holds in all.
    pub total: u64,
}

/// One open file of a journal. Offsets and sizes are in bytes.
pub trait SegmentFile: Debug + Send + Sync {
    /// The file's size.
    ///
    /// # Errors
    /// When the size cannot be read.
    fn size(&self) -> io::Result<u64>;

    /// Fills `bytes` from the file at `offset`.
    ///
    /// # Errors
    /// When the file ends before `bytes` is full, or cannot be read.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`; durable only after [`SegmentFile::sync_data`].
    ///
    /// # Errors
    /// When writing fails; part of `bytes` may then have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Puts everything written on stable storage (`fdatasync`).
    ///
    /// # Errors
    /// When the sync fails: what was written since the last sync may be lost even though it can
    /// still be read, so the call must not be repeated in the hope of success.
    fn sync_data(&self) -> io::Result<()>;
}

/// What an open file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading beside a writer.
    Read,
    /// Reading and writing, by the one writer.
    Write,
}

/// A folder of the file system.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
}

impl Folder {
    /// Takes an existing folder.
    pub fn existing(dir: &Path) -> Self {
        Self { dir: dir.to_path_buf() }
    }

    /// Takes a folder, creating it and its parents durably where they are absent.
    ///
    /// # Errors
    /// When a folder cannot be created, or its parent cannot be synced.
    pub fn create(dir: &Path) -> io::Result<Self> {
        create_durably(dir)?;
        Ok(Self::existing(dir))
    }
}

fn create_durably(dir: &Path) -> io::Result<()> {
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    match (fs::create_dir(dir), parent) {
        (Ok(()), parent) => sync_folder(parent.unwrap_or(Path::new("."))),
        (Err(error), _) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
            create_durably(parent)?;
            fs::create_dir(dir)?;
            sync_folder(parent)
        }
        (Err(error), _) => Err(error),
    }
}

fn sync_folder(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

impl Disk for Folder {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.dir)?;
        names.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn SegmentFile>> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).open(self.path(name))?;
        Ok(Box::new(file))
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn SegmentFile>> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(access == Access::Write).open(self.path(name))?;
        Ok(Box::new(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn sync(&self) -> io::Result<()> {
        sync_folder(&self.dir)
    }

    fn space(&self) -> io::Result<Space> {
        let found = rustix::fs::statvfs(&self.dir)?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Ok(Space { available: bytes(found.f_bavail), total: bytes(found.f_blocks) })
    }
}

impl SegmentFile for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }
}
