//! What a witness remembers, over restarts and crashes.

use makegood_ledger::checkpoint::{Checkpoint, KeyKind};
use makegood_ledger::proof::consistency;
use makegood_ledger::tree::{self, MemoryTree, leaf_hash};

use super::*;

const ORIGIN: &str = "example.com/ledger";

fn log_key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, KeyKind::Log, &[1; 32]).unwrap()
}

fn open(dir: &Path) -> Result<Witness, OpenError> {
    let key = SigningKey::from_seed("witness.example", KeyKind::Witness, &[2; 32]).unwrap();
    Witness::open(key, vec![log_key().verifier().clone()], dir)
}

fn body(branch: u8, old_size: u64, size: u64) -> String {
    let leaf = |position| leaf_hash(&[if position < 5 { 0 } else { branch }]);
    let tree: MemoryTree = (0..size).map(leaf).collect();
    let head = TreeHead { size, root: tree::root(&tree, size).unwrap() };
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), head }.sign(&[log_key()]);
    let path = consistency(&tree, old_size, size).unwrap();
    AddCheckpoint { old_size, path, checkpoint }.to_string()
}

fn status(answer: Result<String, WitnessError>) -> u16 {
    match answer {
        Ok(_) => 200,
        Err(WitnessError::Refused(refusal)) => refusal.status(),
        Err(WitnessError::Store(error)) => panic!("{error}"),
    }
}

#[test]
fn goes_on_after_a_restart_from_what_it_cosigned() {
    let dir = tempfile::tempdir().unwrap();
    let witness = open(dir.path()).unwrap();
    assert_eq!(status(witness.add_checkpoint(&body(0, 0, 10), 7)), 200);
    drop(witness);
    let witness = open(dir.path()).unwrap();
    assert_eq!(status(witness.add_checkpoint(&body(1, 5, 12), 8)), 409, "an older size");
    assert_eq!(status(witness.add_checkpoint(&body(1, 10, 12), 8)), 422, "a fork");
    assert_eq!(status(witness.add_checkpoint(&body(0, 10, 12), 8)), 200);
}

#[test]
fn cosigns_again_what_it_stored_before_a_crash_kept_it_from_answering() {
    let dir = tempfile::tempdir().unwrap();
    let witness = open(dir.path()).unwrap();
    assert_eq!(status(witness.add_checkpoint(&body(0, 0, 10), 7)), 200);
    // The answer to this one never arrives: the ledger still believes in ten entries.
    let _lost = witness.add_checkpoint(&body(0, 10, 15), 8);
    drop(witness);
    let witness = open(dir.path()).unwrap();
    let refused = witness.add_checkpoint(&body(0, 10, 15), 9);
    assert!(matches!(&refused, Err(WitnessError::Refused(it)) if it.size() == Some(15)));
    let answer = witness.add_checkpoint(&body(0, 15, 15), 9).unwrap();
    assert!(answer.starts_with("\u{2014} witness.example "), "{answer}");
}

#[test]
fn cosigns_nothing_that_it_cannot_store() {
    let dir = tempfile::tempdir().unwrap();
    let witness = open(&dir.path().join("state")).unwrap();
    fs::remove_dir_all(dir.path().join("state")).unwrap();
    fs::write(dir.path().join("state"), "in the way").unwrap();
    let answer = witness.add_checkpoint(&body(0, 0, 10), 7);
    assert!(matches!(answer, Err(WitnessError::Store(_))));
    assert!(witness.seen.lock().is_empty());
}

#[test]
fn refuses_to_start_on_state_that_was_changed() {
    let dir = tempfile::tempdir().unwrap();
    let witness = open(dir.path()).unwrap();
    witness.add_checkpoint(&body(0, 0, 10), 7).unwrap();
    let path = dir.path().join(state_file_name(ORIGIN).unwrap());
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\n10\n", "\n11\n", 1)).unwrap();
    assert!(matches!(open(dir.path()), Err(OpenError::Damaged { .. })));
}
