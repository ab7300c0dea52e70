//! The image that the sidecar writes on, its copies at the moment of a power cut, and what such a
//! copy lacks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use makegood_ledger::journal::frame::leaf_hash;
use makegood_ledger::journal::reader::Reader;
use tempfile::NamedTempFile;

use crate::crash::desks::Told;
use crate::support::{Mount, Place, StoredLedger};

/// Room for the margin that the writer keeps free, too. The image is sparse.
const IMAGE_MIB: u64 = 256;
const MEMORY_MIB: u64 = 2 * IMAGE_MIB + 64;

/// An image in memory, mounted. Fields are dropped in this order.
pub(super) struct Image {
    live: Mount,
    memory: Mount,
}

/// What a disk would hold after a power cut.
pub(super) struct Copy<'a> {
    image: &'a Image,
    file: PathBuf,
}

impl Image {
    /// # Errors
    /// Why this machine does not let us.
    pub(super) fn new() -> Result<Self, String> {
        let memory = Mount::memory(MEMORY_MIB)?;
        let file = memory.path().join("image");
        Mount::format(&file, IMAGE_MIB)?;
        Ok(Self { live: Mount::image(&file)?, memory })
    }

    /// Where it is mounted.
    pub(super) fn live(&self) -> &Path {
        self.live.path()
    }

    /// Puts all that was written so far into the image.
    pub(super) fn sync(&self) {
        let synced = Command::new("sync").arg("-f").arg(self.live()).status();
        assert!(synced.unwrap().success());
    }

    /// Copies the image as it is.
    pub(super) fn copy(&self) -> Copy<'_> {
        let file = self.memory.path().join("copy");
        let mut command = Command::new("cp");
        command.args(["--sparse=always", "image", "copy"]).current_dir(self.memory.path());
        assert!(command.status().unwrap().success());
        Copy { image: self, file }
    }
}

impl Drop for Copy<'_> {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.file));
    }
}

impl Copy<'_> {
    /// Opens the copy as after a power cut, and says what of all that was acknowledged is lost.
    pub(super) async fn lost(&self, place: &Place, told: &Told) -> Option<String> {
        let mounted = match Mount::image(&self.file) {
            Ok(mounted) => mounted,
            Err(why) => return Some(why),
        };
        let copied = place.copied(self.image.live(), mounted.path());
        if let Some(lost) = lost_of(&copied.tenant_folder(), told) {
            return Some(lost);
        }
        // A start verifies more than a reader, and mends what was torn.
        match copied.try_open().await {
            Ok(house) => tokio::task::spawn_blocking(|| house.close()).await.unwrap().unwrap(),
            Err(why) => return Some(format!("it does not open: {why}")),
        }
        StoredLedger::read(&copied.tenant_folder()).verify();
        lost_of(&copied.tenant_folder(), told)
    }
}

/// What of all that was acknowledged the stored ledger has not, at its position and with its leaf.
fn lost_of(tenant_folder: &Path, told: &Told) -> Option<String> {
    let reader = match Reader::open(&tenant_folder.join("ledger")) {
        Ok(reader) => reader,
        Err(why) => return Some(why.to_string()),
    };
    let mut leaves = Vec::new();
    for record in reader.iter_from(0) {
        match record {
            Ok(record) => leaves.push(leaf_hash(&record.payload)),
            Err(why) => return Some(why.to_string()),
        }
    }
    let is_there = |(position, leaf): &&(u64, Vec<u8>)| {
        leaves.get(usize::try_from(*position).unwrap()).is_some_and(|it| it.as_slice() == leaf)
    };
    let (all, kept) =
        (told.acknowledged.len(), told.acknowledged.values().filter(is_there).count());
    (kept < all).then(|| format!("{} of {all} gifts are lost", all - kept))
}

/// A library that lets every sync succeed and do nothing.
///
/// # Errors
/// Why there is none.
pub(super) fn library_without_syncs() -> Result<NamedTempFile, String> {
    const SOURCE: &str = "
        int fsync(int file) { return 0; }
        int fdatasync(int file) { return 0; }
        int syncfs(int file) { return 0; }
        int sync_file_range(int file, long offset, long bytes, unsigned flags) { return 0; }
        int msync(void *start, unsigned long bytes, int flags) { return 0; }
    ";
    let source = tempfile::Builder::new().suffix(".c").tempfile().unwrap();
    fs::write(source.path(), SOURCE).unwrap();
    let library = tempfile::Builder::new().suffix(".so").tempfile().unwrap();
    let mut command = Command::new("cc");
    command.args(["-shared", "-fPIC", "-o"]).args([library.path(), source.path()]);
    match command.output() {
        Ok(output) if output.status.success() => Ok(library),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}
