//! The tenant's secrets: one key per subject, pseudonyms, keyed hashes and commitments.
//!
//! People appear in journals and read model under random pseudonyms; what is personal is sealed
//! under a key of their own. Destroying that key erases the person everywhere at once, and leaves
//! every proof over the ledger valid, because the ledger never held anything else.

mod by_random_bytes;
mod contents;
mod erase;
mod erased;
mod error;
mod key_file;
mod places;
mod rewrite;
mod seal;

pub(crate) use by_random_bytes::ByRandomBytes;
pub use erased::Erased;
pub use error::VaultError;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use hmac::{Hmac, Mac as _};
use parking_lot::{Mutex, RwLock};
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use sha2::{Digest as _, Sha256};

use contents::Contents;
use key_file::{KeyFile, LEDGER_READ, PID_BYTES, ROW_BYTES, TENANT_SUBJECT};
use places::Places;

/// The pseudonym of a person: 15 random bytes, 24 characters of base32.
pub type Pid = [u8; 15];

/// A 256-bit key.
type Key = [u8; 32];

/// What a sealed text is bound to, so that it cannot be moved elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// The number of the record's kind.
    pub kind: i32,
    /// The record's id.
    pub record_id: &'a [u8],
}

/// Keys that stay unwrapped: those of whom the house has to do with now.
const UNWRAPPED_KEYS: usize = 32_768;

/// A keyed hash whose key has been taken in.
type Mac = Hmac<Sha256>;

/// The keys of one tenant.
///
/// Memory holds where each key stands in the file. A key is read and unwrapped when it is used, and
/// those used last stay for a while.
pub struct Vault {
    file: KeyFile,
    access: FileAccess,
    tenant: Mac,
    subjects: RwLock<Subjects>,
    unwrapped: Cache<Pid, Key, UnitWeighter, ByRandomBytes>,
    /// Rows that wait for [`Vault::sync`].
    waiting: Mutex<Vec<u8>>,
    erased: Arc<Erased>,
    /// How far the ledger was read for erasures.
    ledger_read: AtomicU64,
    /// Held by whoever writes the file anew.
    rewriting: Arc<Mutex<()>>,
}

/// Whether new subjects can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileAccess {
    Write,
    Read,
}

/// Whose key is where.
#[derive(Default)]
struct Subjects {
    places: Places,
    /// Keys that are not in the file yet.
    fresh: HashMap<Pid, Key, ByRandomBytes>,
    /// Those who were forgotten and whose keys may be in the file, with the positions of the entries
    /// that say so.
    doomed: HashMap<Pid, u64, ByRandomBytes>,
}

impl Vault {
    /// Opens the keys in `folder`, or creates them, under the key-encryption key.
    ///
    /// # Errors
    /// When the file cannot be read or written, is damaged, or was made under another
    /// key-encryption key.
    pub fn open(folder: &Path, key_encryption_key: &Key) -> Result<Self, VaultError> {
        let (mut file, mut contents) = KeyFile::open(&folder.join("keys"), key_encryption_key)?;
        let tenant_key = if let Some(place) = contents.places.remove(&TENANT_SUBJECT) {
            file.key_at(place, &TENANT_SUBJECT)?
        } else {
            let tenant_key = random()?;
            let row = file.row(&TENANT_SUBJECT, &tenant_key)?;
            file.append(&row)?;
            tenant_key
        };
        Self::new(file, FileAccess::Write, &tenant_key, contents)
    }

    /// Reads the keys in `folder`, beside their writer or without one, and never writes.
    ///
    /// # Errors
    /// As [`Vault::open`]; [`VaultError::Empty`] when there are none yet.
    pub fn read(folder: &Path, key_encryption_key: &Key) -> Result<Self, VaultError> {
        let path = folder.join("keys");
        let (file, mut contents) = KeyFile::read(&path, key_encryption_key)?;
        let place = contents.places.remove(&TENANT_SUBJECT).ok_or(VaultError::Empty { path })?;
        let tenant_key = file.key_at(place, &TENANT_SUBJECT)?;
        Self::new(file, FileAccess::Read, &tenant_key, contents)
    }

    fn new(
        file: KeyFile,
        access: FileAccess,
        tenant_key: &Key,
        contents: Contents,
    ) -> Result<Self, VaultError> {
        let Contents { places, erased, ledger_read } = contents;
        let ledger_read = ledger_read.map(|place| file.key_at(place, &LEDGER_READ)).transpose()?;
        let room = UNWRAPPED_KEYS;
        let hasher = ByRandomBytes::default();
        Ok(Self {
            file,
            access,
            tenant: mac(tenant_key),
            subjects: RwLock::new(Subjects { places, ..Subjects::default() }),
            unwrapped: Cache::with(
                room,
                room as u64,
                UnitWeighter,
                hasher,
                DefaultLifecycle::default(),
            ),
            waiting: Mutex::default(),
            erased: Arc::new(erased.into_iter().collect()),
            ledger_read: AtomicU64::new(ledger_read.as_ref().map_or(0, erase::noted)),
            rewriting: Arc::default(),
        })
    }

    /// Makes a new subject. The key is on disk only after [`Vault::sync`].
    ///
    /// # Errors
    /// When the system gives no randomness, or the keys were opened for reading only.
    pub fn create_subject(&self) -> Result<Pid, VaultError> {
        if self.access == FileAccess::Read {
            return Err(VaultError::ReadOnly);
        }
        let pid: Pid = random()?;
        let key: Key = random()?;
        let row = self.file.row(&pid, &key)?;
        // It must be known before its row can be taken to the file.
        self.subjects.write().fresh.insert(pid, key);
        self.waiting.lock().extend(row);
        Ok(pid)
    }

    /// Puts every new key on stable storage. Must come before a record that uses one is written.
    ///
    /// # Errors
    /// When the write or the sync fails.
    pub fn sync(&mut self) -> Result<(), VaultError> {
        let mut rows = std::mem::take(self.waiting.get_mut());
        if self.erased.count() > 0 {
            // Who was erased before their key was ever written never gets one.
            let kept =
                rows.chunks_exact(ROW_BYTES).filter(|row| !self.erased.contains(&row[..PID_BYTES]));
            rows = kept.flatten().copied().collect();
        }
        if rows.is_empty() {
            return Ok(());
        }
        let written = self.file.append(&rows)?;
        let subjects = self.subjects.get_mut();
        for (pid, place) in written.into_iter().filter(|(pid, _)| *pid != LEDGER_READ) {
            subjects.places.add(&pid, place);
            if let Some(key) = subjects.fresh.remove(&pid) {
                self.unwrapped.insert(pid, key);
            }
        }
        Ok(())
    }

    /// Says whether the subject's key is there; an erased subject has none.
    pub fn knows(&self, pid: &Pid) -> bool {
        let subjects = self.subjects.read();
        subjects.fresh.contains_key(pid) || subjects.places.place(pid).is_some()
    }

    /// How many subjects there are.
    pub fn subject_count(&self) -> usize {
        let subjects = self.subjects.read();
        subjects.places.len() + subjects.fresh.len()
    }

    /// Seals `plain` under the subject's key: a 24-byte nonce, then ciphertext and tag.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the subject has no key.
    pub fn seal(
        &self,
        pid: &Pid,
        binding: Binding<'_>,
        plain: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        seal::seal(&self.key(pid)?, &associated(pid, binding), plain)
    }

    /// Opens what [`Vault::seal`] sealed.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the subject has no key, [`VaultError::Tampered`] when the bytes
    /// or their place were changed.
    pub fn open_sealed(
        &self,
        pid: &Pid,
        binding: Binding<'_>,
        sealed: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        seal::open(&self.key(pid)?, &associated(pid, binding), sealed)
    }

    /// A keyed hash for finding `value` among those of one `kind`, without storing it.
    pub fn index_hash(&self, kind: i32, value: &str) -> [u8; 16] {
        truncate(&self.keyed(b"index", &[&kind.to_be_bytes(), value.as_bytes()]))
    }

    /// The stable id of a record that another system knows by `source` and `source_id`.
    pub fn record_id(&self, kind: i32, source: &str, source_id: &str) -> [u8; 16] {
        let parts: [&[u8]; 3] = [&kind.to_be_bytes(), source.as_bytes(), source_id.as_bytes()];
        truncate(&self.keyed(b"record", &parts))
    }

    /// A keyed hash of a record's content, to see that it brings nothing new.
    ///
    /// The key is the subject's, so that once it is erased no guess at the content can be tested.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the subject has no key.
    pub fn content_hash(&self, pid: &Pid, content: &[u8]) -> Result<[u8; 16], VaultError> {
        Ok(truncate(&keyed(mac(&self.key(pid)?), b"content", &[content])))
    }

    /// The pseudonym of something that is not a person: an interaction or a case.
    pub fn thing_pid(&self, what: &str, id: &str) -> Pid {
        truncate(&self.keyed(b"thing", &[what.as_bytes(), id.as_bytes()]))
    }

    /// Commits to the note of a spend without revealing it.
    ///
    /// The salt comes from the subject's key and the spend, so that a repeated request commits to
    /// the same bytes, and erasing the key makes the commitment meaningless.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the subject has no key.
    pub fn note_commitment(
        &self,
        pid: &Pid,
        spend_id: &[u8; 16],
        note: &str,
    ) -> Result<[u8; 32], VaultError> {
        let salt = keyed(mac(&self.key(pid)?), b"note-salt", &[spend_id]);
        let mut hash = Sha256::new();
        for part in [b"makegood/commit/v1".as_slice(), b"note", &salt, note.as_bytes()] {
            hash.update(length(part));
            hash.update(part);
        }
        Ok(hash.finalize().into())
    }

    fn key(&self, pid: &Pid) -> Result<Key, VaultError> {
        if self.erased.contains(pid) {
            return Err(VaultError::Erased);
        }
        if let Some(key) = self.unwrapped.get(pid) {
            return Ok(key);
        }
        let place = {
            let subjects = self.subjects.read();
            if let Some(key) = subjects.fresh.get(pid) {
                return Ok(*key);
            }
            subjects.places.place(pid).ok_or(VaultError::Erased)?
        };
        let key = self.file.key_at(place, pid)?;
        self.unwrapped.insert(*pid, key);
        // Who was erased meanwhile does not stay.
        if self.erased.contains(pid) {
            self.unwrapped.remove(pid);
            return Err(VaultError::Erased);
        }
        Ok(key)
    }

    fn keyed(&self, domain: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        keyed(self.tenant.clone(), domain, parts)
    }
}

/// Fills an array with randomness of the system.
///
/// # Errors
/// When the system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| VaultError::NoRandomness)?;
    Ok(bytes)
}

/// What a key-encryption key is called where it must not be told: a hash under the key itself.
pub fn name_of_key(key: &[u8; 32]) -> [u8; 32] {
    keyed(mac(key), b"makegood/kek/v1", &[])
}

fn associated(pid: &Pid, binding: Binding<'_>) -> Vec<u8> {
    [b"makegood/record/v1".as_slice(), pid, &binding.kind.to_be_bytes(), binding.record_id].concat()
}

fn mac(key: &Key) -> Mac {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    <Mac as hmac::Mac>::new_from_slice(key).expect("a key of any length")
}

/// Every part goes in with its length, so that no two lists of parts share their bytes.
fn keyed(mut mac: Mac, domain: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    mac.update(&length(domain));
    mac.update(domain);
    for part in parts {
        mac.update(&length(part));
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn length(part: &[u8]) -> [u8; 8] {
    (part.len() as u64).to_be_bytes()
}

fn truncate<const N: usize>(hash: &[u8; 32]) -> [u8; N] {
    std::array::from_fn(|index| hash[index])
}

#[cfg(test)]
mod tests;
