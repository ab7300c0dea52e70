//! A folder's files as they were, one bit of them flipped, and back again.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Behind what is used of a preallocated file, so much is flipped, too.
const BEHIND_BYTES: usize = 4_096;

/// Every file of a folder.
pub(super) struct Saved {
    folder: PathBuf,
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// The kinds of files that can be flipped.
    kinds: Vec<String>,
    key_bytes: usize,
}

/// A flipped bit.
pub(super) struct Flip {
    /// Below the folder.
    path: PathBuf,
    byte: usize,
    bit: usize,
}

impl fmt::Display for Flip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, byte, bit } = self;
        write!(formatter, "bit {bit} of byte {byte} in {}", path.display())
    }
}

impl Flip {
    /// What a refusal must say.
    pub(super) fn names(&self) -> String {
        self.path.file_name().unwrap().to_string_lossy().into_owned()
    }

    /// The part of the folder that it is in.
    pub(super) fn kind(&self) -> String {
        kind(&self.path)
    }
}

/// What a file is part of: the first piece of its path.
fn kind(path: &Path) -> String {
    path.iter().next().unwrap().to_string_lossy().into_owned()
}

impl Saved {
    /// Remembers a folder. Of the keys, only so many bytes are flipped.
    pub(super) fn of(folder: &Path, key_bytes: usize) -> Self {
        let mut files = BTreeMap::new();
        read_all(folder, folder, &mut files);
        // The policy's text is checked by whoever names its digest; a lock has no content; what
        // signs and was signed keeps a sidecar from serving, which tests of its own see to.
        let others = ["policies", "lock", "signing", "checkpoints", "cosigned"];
        let is_read = |path: &&PathBuf| !others.contains(&kind(path).as_str());
        let used = files.iter().filter(|(path, bytes)| is_read(path) && !bytes.is_empty());
        let mut kinds: Vec<String> = used.map(|(path, _)| kind(path)).collect();
        kinds.dedup();
        Self { folder: folder.to_owned(), files, kinds, key_bytes }
    }

    /// Flips a bit: each part of the folder is as likely as any other, and so is each byte in use.
    pub(super) fn flip(&self, mut below: impl FnMut(usize) -> usize) -> Flip {
        let part = &self.kinds[below(self.kinds.len())];
        let files =
            self.files.iter().filter(|(path, bytes)| kind(path) == *part && !bytes.is_empty());
        let files: Vec<_> = files.collect();
        let (path, bytes) = files[below(files.len())];
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1;
        let end = if part == "keys" { self.key_bytes } else { bytes.len() };
        let byte = below((used + BEHIND_BYTES).min(end));
        let flip = Flip { path: path.clone(), byte, bit: below(8) };
        let mut bytes = bytes.clone();
        bytes[flip.byte] ^= 1 << flip.bit;
        fs::write(self.folder.join(path), bytes).unwrap();
        flip
    }

    /// Makes the folder what it was.
    pub(super) fn restore(&self) {
        let mut now = BTreeMap::new();
        read_all(&self.folder, &self.folder, &mut now);
        for path in now.keys().filter(|path| !self.files.contains_key(*path)) {
            fs::remove_file(self.folder.join(path)).unwrap();
        }
        for (path, bytes) in &self.files {
            if now.get(path) != Some(bytes) {
                let path = self.folder.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        }
    }
}

fn read_all(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(root, &path, files);
        } else {
            let below = path.strip_prefix(root).unwrap().to_owned();
            files.insert(below, fs::read(&path).unwrap());
        }
    }
}

/// A folder in memory, or else the one for temporary files.
pub(super) fn fastest() -> &'static Path {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory } else { Path::new("/tmp") }
}
