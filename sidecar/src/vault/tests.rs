//! What the vault holds to.

use super::{Binding, Vault, VaultError};

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
    assert_eq!(
        vault.open_sealed(&pid, binding(b"r1"), &sealed).unwrap(),
        b"Maria"
    );
    assert_eq!(vault.index_hash(1, "+15550100"), hash);
    assert_eq!(vault.subject_count(), 1);
}

#[test]
fn refuses_sealed_bytes_that_moved_or_changed() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::open(folder.path(), &KEK).unwrap();
    let pid = vault.create_subject().unwrap();
    let other = vault.create_subject().unwrap();
    let sealed = vault.seal(&pid, binding(b"r1"), b"Maria").unwrap();
    let mut flipped = sealed.clone();
    flipped[30] ^= 1;

    for (who, place, bytes) in [
        (&pid, b"r2", &sealed),
        (&other, b"r1", &sealed),
        (&pid, b"r1", &flipped),
    ] {
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

#[test]
fn names_a_damaged_row_and_forgives_a_torn_last_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::open(folder.path(), &KEK).unwrap();
    let first = vault.create_subject().unwrap();
    vault.create_subject().unwrap();
    vault.sync().unwrap();
    drop(vault);
    let path = folder.path().join("keys");
    let bytes = std::fs::read(&path).unwrap();

    std::fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
    let vault = Vault::open(folder.path(), &KEK).unwrap();
    assert!(vault.knows(&first));
    assert_eq!(vault.subject_count(), 1);
    drop(vault);

    let mut flipped = bytes.clone();
    flipped[16 + 91 + 3] ^= 1;
    std::fs::write(&path, &flipped).unwrap();
    let result = Vault::open(folder.path(), &KEK).err();
    assert!(
        matches!(result, Some(VaultError::Damaged { row: 1, .. })),
        "{result:?}"
    );
}

#[test]
fn commits_to_the_same_note_alike_and_to_others_apart() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::open(folder.path(), &KEK).unwrap();
    let pid = vault.create_subject().unwrap();
    let commit = |spend: u8, note| vault.note_commitment(&pid, &[spend; 16], note).unwrap();
    assert_eq!(commit(1, "late twice"), commit(1, "late twice"));
    assert_ne!(commit(1, "late twice"), commit(1, "late once"));
    assert_ne!(commit(1, "late twice"), commit(2, "late twice"));
}

#[test]
fn hashes_content_under_the_key_of_the_subject() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = Vault::open(folder.path(), &KEK).unwrap();
    let pid = vault.create_subject().unwrap();
    let other = vault.create_subject().unwrap();
    let hash = |pid, content: &[u8]| vault.content_hash(pid, content).unwrap();
    assert_eq!(hash(&pid, b"Maria"), hash(&pid, b"Maria"));
    assert_ne!(hash(&pid, b"Maria"), hash(&pid, b"Mario"));
    assert_ne!(hash(&pid, b"Maria"), hash(&other, b"Maria"));
    let erased = vault.content_hash(&[9; 15], b"Maria");
    assert!(matches!(erased, Err(VaultError::Erased)), "{erased:?}");
}
