//! The texts of policies, each named by its own hash.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use makegood_core::ids::Digest;
use makegood_core::policy::Policy;
use makegood_ledger::policy_file;
use sha2::{Digest as _, Sha256};

use crate::problem::{Failure, Problem, Unreadable, unreadable};

/// A folder of policies' texts.
#[derive(Debug)]
pub struct Policies {
    dir: PathBuf,
    known: BTreeMap<Digest, Arc<Policy>>,
}

impl Policies {
    /// The texts in folder `dir`, which need not be there as long as no entry names a policy.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), known: BTreeMap::new() }
    }

    /// The policy with this hash.
    ///
    /// # Errors
    /// When its text is missing, is another text, or is no policy.
    pub fn get(&mut self, digest: Digest) -> Result<Arc<Policy>, Failure> {
        if let Some(policy) = self.known.get(&digest) {
            return Ok(Arc::clone(policy));
        }
        let path = self.dir.join(format!("{digest}.toml"));
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let what = "is missing, though an entry was decided by it";
                return Err(Problem::of(&path, what).into());
            }
            Err(error) => return Err(unreadable("read", &path, &error).into()),
        };
        check_hash(&path, &bytes)?;
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| Problem::of(&path, "is not text in UTF-8"))?;
        let policy = policy_file::read(&text);
        let policy = policy.map_err(|problems| Problem::of(&path, problems.to_string()))?;
        let policy = Arc::new(policy);
        self.known.insert(digest, Arc::clone(&policy));
        Ok(policy)
    }

    /// Every file whose name is not the hash of its text, in the order of names.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read.
    pub fn wrong_files(&self) -> Result<Vec<Problem>, Unreadable> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable("list", &self.dir, &error)),
        };
        let failed = |error| unreadable("list", &self.dir, &error);
        let paths = entries.map(|entry| entry.map(|it| it.path()).map_err(failed));
        let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
        paths.sort();
        let mut wrong = Vec::new();
        for path in paths.iter().filter(|path| path.extension().is_some_and(|it| it == "toml")) {
            let bytes = fs::read(path).map_err(|error| unreadable("read", path, &error))?;
            wrong.extend(check_hash(path, &bytes).err());
        }
        Ok(wrong)
    }
}

/// A policy's file is named by the hash of its bytes.
fn check_hash(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let found = Digest::from_bytes(Sha256::digest(bytes).into());
    let named = path.file_stem().and_then(|stem| stem.to_str()?.parse::<Digest>().ok());
    match named {
        Some(named) if named == found => Ok(()),
        Some(_) => Err(Problem::of(path, format!("holds another text, with the hash {found}"))),
        None => Err(Problem::of(path, "is not named by the hash of its text")),
    }
}
