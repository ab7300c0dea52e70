//! The folder of signing keys: `<id>.key` holds a secret key that its owner alone can read, and
//! `<id>.vkey` its public half, which stays when the key is retired.
//!
//! Every secret key in the folder signs every checkpoint. So a rotation is: make a second key, hand
//! out its public half, and retire the first once everybody has the second.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use makegood_ledger::checkpoint::{KeyError, KeyId, KeyKind, SigningKey, VerifierKey};

use crate::config::{SecretError, read_secret};
use crate::vault::{self, VaultError};

const SECRET: &str = "key";
const PUBLIC: &str = "vkey";

/// A folder of keys.
#[derive(Debug, Clone)]
pub struct KeyFolder {
    dir: PathBuf,
}

/// Why a key cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
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
    /// The file is not kept as a secret, or cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The file holds no key.
    #[error("{} holds no key: {source}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: KeyError,
    },
    /// The name cannot be a key's.
    #[error("{0}")]
    Name(KeyError),
    /// The key is of another ledger.
    #[error(
        "{} is the key of {found}, not of {expected}; set origin to the name that the ledger had",
        path.display()
    )]
    OtherName {
        /// The file.
        path: PathBuf,
        /// The name in it.
        found: String,
        /// The name that was configured.
        expected: String,
    },
    /// There is no such secret key.
    #[error("no secret key {id} is in {}", dir.display())]
    Unknown {
        /// The id.
        id: String,
        /// The folder.
        dir: PathBuf,
    },
    /// The key is the only one.
    #[error("key {id} is the only one; make another first, and retire this one once it is known")]
    Last {
        /// The id.
        id: String,
    },
    /// The system gives no randomness.
    #[error(transparent)]
    Random(#[from] VaultError),
}

impl KeyFolder {
    /// The folder `dir`; it is made with the first key.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Makes a key, in files that are on stable storage when this returns.
    ///
    /// # Errors
    /// When the name cannot be a key's, or the files cannot be written.
    pub fn generate(&self, name: &str, kind: KeyKind) -> Result<SigningKey, KeyFileError> {
        let seed = vault::random()?;
        let key = SigningKey::from_seed(name, kind, &seed).map_err(KeyFileError::Name)?;
        fs::create_dir_all(&self.dir).map_err(failed("create", &self.dir))?;
        let id = key.verifier().id();
        // The public half first: a secret key alone would sign what nobody can verify.
        create(&self.file(id, PUBLIC), 0o644, &key.verifier().to_string())?;
        create(&self.file(id, SECRET), 0o600, &key.secret_text())?;
        let synced = File::open(&self.dir).and_then(|dir| dir.sync_all());
        synced.map_err(failed("sync", &self.dir))?;
        Ok(key)
    }

    /// The secret keys, by id; all of them must bear `name`.
    ///
    /// # Errors
    /// When one can be read by everybody, or by nobody, or is no key of this name.
    pub fn secrets(&self, name: &str) -> Result<Vec<SigningKey>, KeyFileError> {
        let read = |path: PathBuf| {
            let text = read_secret(&path)?;
            let key = SigningKey::parse(text.trim_end());
            let key = key.map_err(|source| KeyFileError::Form { path: path.clone(), source })?;
            let found = key.verifier().name().to_owned();
            if found != name {
                return Err(KeyFileError::OtherName { path, found, expected: name.to_owned() });
            }
            Ok(key)
        };
        self.files(SECRET)?.into_iter().map(read).collect()
    }

    /// The public keys, those of retired ones too, by id.
    ///
    /// # Errors
    /// When one cannot be read, or is no key.
    pub fn publics(&self) -> Result<Vec<VerifierKey>, KeyFileError> {
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path).map_err(failed("read", &path))?;
            let key = VerifierKey::parse(text.trim_end());
            key.map_err(|source| KeyFileError::Form { path, source })
        };
        self.files(PUBLIC)?.into_iter().map(read).collect()
    }

    /// Destroys a secret key; its public half stays, for what it has signed.
    ///
    /// # Errors
    /// When it is the only one, or there is no such key, or it cannot be removed.
    pub fn retire(&self, id: &str) -> Result<(), KeyFileError> {
        let secrets = self.files(SECRET)?;
        let path = secrets.iter().find(|path| path.file_stem().is_some_and(|stem| stem == id));
        let unknown = || KeyFileError::Unknown { id: id.to_owned(), dir: self.dir.clone() };
        let path = path.ok_or_else(unknown)?;
        if secrets.len() == 1 {
            return Err(KeyFileError::Last { id: id.to_owned() });
        }
        fs::remove_file(path).map_err(failed("remove", path))?;
        let synced = File::open(&self.dir).and_then(|dir| dir.sync_all());
        synced.map_err(failed("sync", &self.dir))
    }

    /// Whether the key signs: its secret half is here.
    pub fn signs(&self, id: KeyId) -> bool {
        self.file(id, SECRET).is_file()
    }

    /// When a key was last added or taken away.
    pub(super) fn changed_at(&self) -> Option<SystemTime> {
        fs::metadata(&self.dir).and_then(|it| it.modified()).ok()
    }

    fn file(&self, id: KeyId, extension: &str) -> PathBuf {
        self.dir.join(format!("{id}.{extension}"))
    }

    fn files(&self, extension: &str) -> Result<Vec<PathBuf>, KeyFileError> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(failed("read", &self.dir)(source)),
        };
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        let mut paths = paths.collect::<io::Result<Vec<_>>>().map_err(failed("read", &self.dir))?;
        paths.retain(|path| path.extension().is_some_and(|it| it == extension));
        paths.sort();
        Ok(paths)
    }
}

fn create(path: &Path, mode: u32, text: &str) -> Result<(), KeyFileError> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(path);
    let mut file = file.map_err(failed("create", path))?;
    let written = writeln!(file, "{text}").and_then(|()| file.sync_all());
    written.map_err(failed("write", path))
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> KeyFileError {
    let path = path.to_owned();
    move |source| KeyFileError::Io { action, path, source }
}
