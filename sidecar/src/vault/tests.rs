//! What the vault holds to.

use super::{Binding, Pid, Vault, VaultError};

const KEK: [u8; 32] = [7; 32];

fn binding(record_id: &[u8]) -> Binding<'_> {
    Binding { kind: 1, record_id }
}

#[test]
fn opens_what_it_sealed_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::open(folder.path(), &KEK).unwrap();
    let pid = vault.create_subject().unwrap();
    let sealed = vault.seal(&pid, binding(b"r1"), b"Maria").unwrap();
    let hash = vault.index_hash(1, "+15550100");
    vault.sync().unwrap();
    drop(vault);

    let vault = Vault::open(folder.path(), &KEK).unwrap();
    assert_eq!(vault.open_sealed(&pid, binding(b"r1"), &sealed).unwrap(), b"Maria");
    assert_eq!(vault.index_hash(1, "+15550100"), hash);
    assert_eq!(vault.subject_count(), 1);
}

#[test]
fn refuses_sealed_bytes_that_moved_or_changed() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), &KEK).unwrap();
    let pid = vault.create_subject().unwrap();
    let other = vault.create_subject().unwrap();
    let sealed = vault.seal(&pid, binding(b"r1"), b"Maria").unwrap();
    let mut flipped = sealed.clone();
    flipped[30] ^= 1;

    for (who, place, bytes) in
        [(&pid, b"r2", &sealed), (&other, b"r1", &sealed), (&pid, b"r1", &flipped)]
    {
        let result = vault.open_sealed(who, binding(place), bytes);
        assert!(matches!(result, Err(VaultError::Tampered)), "{result:?}");
    }
}

#[test]
fn refuses_another_key_encryption_key() {
    let folder = tempfile::tempdir().unwrap();
    drop(Vault::open(folder.path(), &KEK).unwrap());
    let result = Vault::open(folder.path(), &[8; 32]);
    assert!(matches!(result.err(), Some(VaultError::WrongKey { .. })));
}

/// A key file of the tenant's key, an append of two subjects, and a last one of forty.
struct Torn {
    folder: tempfile::TempDir,
    bytes: Vec<u8>,
    first: Pid,
    two_at: usize,
    forty_at: usize,
}

impl Torn {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let length = || std::fs::read(&path).unwrap().len();
        let mut vault = Vault::open(folder.path(), &KEK).unwrap();
        let two_at = length();
        let first = vault.create_subject().unwrap();
        vault.create_subject().unwrap();
        vault.sync().unwrap();
        let forty_at = length();
        for _ in 0..40 {
            vault.create_subject().unwrap();
        }
        vault.sync().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        Self { folder, bytes, first, two_at, forty_at }
    }

    fn open(&self, bytes: &[u8]) -> Result<Vault, VaultError> {
        std::fs::write(self.folder.path().join("keys"), bytes).unwrap();
        Vault::open(self.folder.path(), &KEK)
    }

    fn is_cut_off(&self, bytes: &[u8], what: &str) {
        let mut vault = self.open(bytes).unwrap();
        assert_eq!(vault.subject_count(), 2, "{what}");
        assert!(vault.knows(&self.first), "{what}");
        vault.create_subject().unwrap();
        vault.sync().unwrap();
        drop(vault);
        let vault = Vault::open(self.folder.path(), &KEK).unwrap();
        assert_eq!(vault.subject_count(), 3, "{what}");
    }
}

#[test]
fn cuts_off_a_torn_last_append_whole() {
    const SECTOR: usize = 512;
    let torn = Torn::new();
    let end = torn.bytes.len();
    assert_eq!(torn.open(&torn.bytes).unwrap().subject_count(), 42);
    let near_the_edges = (torn.forty_at + 1..torn.forty_at + 9).chain(end - 9..end);
    for length in near_the_edges.chain((torn.forty_at + 9..end - 9).step_by(97)) {
        torn.is_cut_off(&torn.bytes[..length], &format!("cut at {length}"));
    }
    for sector in torn.forty_at / SECTOR..end.div_ceil(SECTOR) {
        let mut bytes = torn.bytes.clone();
        let (from, to) = (sector * SECTOR, (sector + 1) * SECTOR);
        bytes[from.max(torn.forty_at)..to.min(end)].fill(0);
        torn.is_cut_off(&bytes, &format!("sector {sector} zeroed"));
    }
}

#[test]
fn names_damage_with_an_append_behind_it() {
    let torn = Torn::new();
    for offset in torn.two_at..torn.forty_at {
        let mut bytes = torn.bytes.clone();
        bytes[offset] ^= 1;
        let result = torn.open(&bytes).err();
        let Some(VaultError::Damaged { offset: named, .. }) = result else {
            panic!("{offset}: {result:?}");
        };
        assert_eq!(named, torn.two_at, "{offset}");
    }
}

#[test]
fn commits_to_the_same_note_alike_and_to_others_apart() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), &KEK).unwrap();
    let pid = vault.create_subject().unwrap();
    let commit = |spend: u8, note| vault.note_commitment(&pid, &[spend; 16], note).unwrap();
    assert_eq!(commit(1, "late twice"), commit(1, "late twice"));
    assert_ne!(commit(1, "late twice"), commit(1, "late once"));
    assert_ne!(commit(1, "late twice"), commit(2, "late twice"));
}

#[test]
fn hashes_content_under_the_key_of_the_subject() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), &KEK).unwrap();
    let pid = vault.create_subject().unwrap();
    let other = vault.create_subject().unwrap();
    let hash = |pid, content: &[u8]| vault.content_hash(pid, content).unwrap();
    assert_eq!(hash(&pid, b"Maria"), hash(&pid, b"Maria"));
    assert_ne!(hash(&pid, b"Maria"), hash(&pid, b"Mario"));
    assert_ne!(hash(&pid, b"Maria"), hash(&other, b"Maria"));
    let erased = vault.content_hash(&[9; 15], b"Maria");
    assert!(matches!(erased, Err(VaultError::Erased)), "{erased:?}");
}

#[test]
fn reads_without_writing() {
    let torn = Torn::new();
    let path = torn.folder.path().join("keys");
    let cut = &torn.bytes[..torn.bytes.len() - 1];
    std::fs::write(&path, cut).unwrap();
    let mut vault = Vault::read(torn.folder.path(), &KEK).unwrap();
    assert_eq!(vault.subject_count(), 2);
    assert!(vault.knows(&torn.first));
    let refused = vault.create_subject();
    assert!(matches!(refused, Err(VaultError::ReadOnly)), "{refused:?}");
    vault.sync().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), cut);

    let empty = tempfile::tempdir().unwrap();
    let missing = Vault::read(empty.path(), &KEK).err();
    assert!(matches!(missing, Some(VaultError::File { .. })));
    assert!(!empty.path().join("keys").try_exists().unwrap());
    std::fs::write(empty.path().join("keys"), "").unwrap();
    let without_keys = Vault::read(empty.path(), &KEK).err();
    assert!(matches!(without_keys, Some(VaultError::Empty { .. })));
}

#[test]
fn opens_keys_again_that_no_longer_stay_unwrapped() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::open(folder.path(), &KEK).unwrap();
    let pids: Vec<_> = (0..20_000).map(|_| vault.create_subject().unwrap()).collect();
    let sealed_by = |vault: &Vault, pid| vault.seal(pid, binding(b"r1"), b"Maria").unwrap();
    let before_sync = sealed_by(&vault, &pids[0]);
    vault.sync().unwrap();
    let more: Vec<_> = (0..20_000).map(|_| vault.create_subject().unwrap()).collect();
    vault.sync().unwrap();
    let asked = pids.iter().chain(&more).step_by(997);
    let sealed: Vec<_> = asked.map(|pid| (*pid, sealed_by(&vault, pid))).collect();
    assert_eq!(vault.subject_count(), 40_000);
    drop(vault);

    let vault = Vault::open(folder.path(), &KEK).unwrap();
    assert_eq!(vault.subject_count(), 40_000);
    assert!(pids.iter().chain(&more).all(|pid| vault.knows(pid)));
    for (pid, sealed) in sealed.iter().chain([&(pids[0], before_sync)]) {
        assert_eq!(vault.open_sealed(pid, binding(b"r1"), sealed).unwrap(), b"Maria");
    }
    assert!(!vault.knows(&[9; 15]));
}

#[test]
fn knows_a_subject_before_and_after_its_key_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::open(folder.path(), &KEK).unwrap();
    let length = || std::fs::metadata(folder.path().join("keys")).unwrap().len();
    let before = length();
    let pid = vault.create_subject().unwrap();
    let hash = vault.content_hash(&pid, b"Maria").unwrap();
    assert!(vault.knows(&pid));
    assert_eq!((length(), vault.subject_count()), (before, 1));
    vault.sync().unwrap();
    assert!(length() > before && vault.knows(&pid));
    assert_eq!(vault.subject_count(), 1);
    assert_eq!(vault.content_hash(&pid, b"Maria").unwrap(), hash);
    vault.sync().unwrap();
    assert_eq!(length(), before + 4 + 87 + 4);
}
