//! Whether a ledger is older than what was published of it: the newest checkpoint is kept in a file
//! apart from the data, so that a restored backup does not pass for the present.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use makegood_ledger::checkpoint::{SignedCheckpoint, VerifierKey};
use makegood_ledger::proof::TreeHead;
use makegood_ledger::tree::Hash;

/// The least digits of a hash that name a checkpoint.
const HASH_DIGITS: usize = 8;
/// What the folder remembers of the anchor it was served with.
const REMEMBERED: &str = "anchor";

/// A ledger that lacks what was published of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{reason}; nothing is written until this is settled: restore the newest data, or, if what is \
     missing is lost for good, {remedy}"
)]
pub struct Behind {
    /// What was found.
    pub reason: String,
    /// What lets the ledger go on without it.
    pub remedy: String,
    /// The name by which it can be accepted.
    pub named: String,
}

impl Behind {
    pub(super) fn new(reason: String, head: TreeHead) -> Self {
        let named = name(head);
        Self { reason, remedy: format!("start with --accept-rollback {named}"), named }
    }

    /// As a witness has found it: who runs the witness has the last word.
    pub(super) fn by_witness(reason: String, head: TreeHead) -> Self {
        let remedy = "have whoever runs the witness forget the ledger".to_owned();
        Self { reason, remedy, named: name(head) }
    }

    /// Whether `accepted` names the checkpoint whose loss this is.
    pub(super) fn is_accepted_by(&self, accepted: &str) -> bool {
        let Some((size, hash)) = accepted.split_once(':') else { return false };
        let own = self.named.split_once(':');
        let is_long = hash.len() >= HASH_DIGITS;
        is_long && own.is_some_and(|(own_size, own)| own_size == size && own.starts_with(hash))
    }
}

/// A checkpoint by its size and the first digits of its root.
pub(super) fn name(head: TreeHead) -> String {
    let mut name = format!("{}:", head.size);
    for byte in head.root.iter().take(HASH_DIGITS) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// The file apart from the data.
#[derive(Debug)]
pub(super) struct Anchor {
    path: PathBuf,
    /// Where the tenant's folder remembers that the file was once written.
    remembered: PathBuf,
}

impl Anchor {
    pub(super) fn new(path: &Path, folder: &Path) -> Self {
        Self { path: path.to_owned(), remembered: folder.join(REMEMBERED) }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Holds the ledger, whose root at a size `root_at` tells as far as it reaches, against the
    /// anchor; `own` is the newest checkpoint of the ledger itself.
    ///
    /// # Errors
    /// When the file cannot be read, which is not the same as its absence.
    pub(super) fn check(
        &self,
        keys: &[VerifierKey],
        own: TreeHead,
        root_at: impl FnOnce(u64) -> Option<Hash>,
    ) -> io::Result<Option<Behind>> {
        let path = self.path.display();
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let was_there = self.remembers()?;
                let reason = format!("the checkpoint file {path} was written before and is gone");
                return Ok(was_there.then(|| Behind::new(reason, own)));
            }
            Err(error) => return Err(error),
        };
        let vouched = SignedCheckpoint::parse(&text).and_then(|checkpoint| {
            checkpoint.verify(keys)?;
            Ok(checkpoint.head())
        });
        let head = match vouched {
            Ok(head) => head,
            Err(error) => {
                let reason = format!("the checkpoint file {path} is not of this ledger: {error}");
                return Ok(Some(Behind::new(reason, own)));
            }
        };
        let reason = match root_at(head.size) {
            Some(root) if root == head.root => return Ok(None),
            Some(_) => format!("the ledger is not the one whose checkpoint is in {path}"),
            None => format!("the ledger is older than the checkpoint in {path}"),
        };
        Ok(Some(Behind::new(reason, head)))
    }

    /// Puts a checkpoint in the file, durably, and remembers that there is one.
    pub(super) fn write(&self, checkpoint: &SignedCheckpoint) -> io::Result<()> {
        replace(&self.path, checkpoint.to_string().as_bytes())?;
        if self.remembers()? {
            return Ok(());
        }
        replace(&self.remembered, format!("{}\n", self.path.display()).as_bytes())
    }

    fn remembers(&self) -> io::Result<bool> {
        let known = remembered(&self.remembered)?;
        Ok(known.is_some_and(|path| path == self.path.display().to_string()))
    }
}

/// The file that a folder was last served with; `None` where it never was.
fn remembered(mark: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(mark) {
        Ok(path) => Ok(Some(path.trim_end().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether another file is configured than the folder was served with, or none any more: what the
/// former one guards against would go unseen. `own` is the newest checkpoint of the ledger itself.
///
/// # Errors
/// When what the folder remembers cannot be read.
pub(super) fn check_moved(
    configured: Option<&Anchor>,
    folder: &Path,
    own: TreeHead,
) -> io::Result<Option<Behind>> {
    let Some(former) = remembered(&folder.join(REMEMBERED))? else { return Ok(None) };
    let now = configured.map(|anchor| anchor.path.display().to_string());
    if now.as_ref() == Some(&former) {
        return Ok(None);
    }
    let now = now.map_or_else(|| "none is".to_owned(), |path| format!("{path} is"));
    let reason = format!(
        "the ledger was held against the checkpoint file {former}, and {now} configured now; set \
         checkpoint_file back to it"
    );
    Ok(Some(Behind::new(reason, own)))
}

/// Forgets the file that a folder was served with, once its loss was accepted.
pub(super) fn forget(folder: &Path) -> io::Result<()> {
    match fs::remove_file(folder.join(REMEMBERED)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes a file whole or not at all, and durably.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let aside = path.with_added_extension("part");
    let mut file = File::create(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    File::open(folder)?.sync_all()
}
