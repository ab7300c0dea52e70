//! Which entries are listed, and whose names are shown.

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::records::Draft;
use makegood_core::ledger::{Action, Command, Overlay, Rows, decide};
use makegood_core::policy::Policy;
use makegood_core::time::Time;
use makegood_ledger::journal::{Config as JournalConfig, Journal};

fn journal(folder: &Path) -> Journal {
    Journal::open(folder, JournalConfig::default()).unwrap().0
}

/// A ledger of five entries.
fn ledger(folder: &TempDir) -> Journal {
    let digest = Digest::from_bytes([0; 32]);
    let command = Command {
        at: Time::from_nanos(1),
        caller: crate::ledger::writer::system(),
        windows: Vec::new(),
        action: Action::ActivatePolicy { digest },
    };
    let rows = Rows::default();
    let decision = decide(&Overlay::new(&rows), &Policy::standard(digest), &command).unwrap();
    let entry = decision.entries.first().unwrap();
    let mut journal = journal(folder.path());
    for position in 0..5 {
        let mut entry = entry.clone();
        entry.position = position;
        journal.append(&[codec::encode(&entry, true)]).unwrap();
    }
    journal
}

#[test]
fn lists_the_first_entries_from_a_position_or_else_the_last_ones() {
    let folder = tempfile::tempdir().unwrap();
    let reader = ledger(&folder).reader();
    for (from, limit, expected) in [
        (None, 2, vec![3, 4]),
        (None, 9, vec![0, 1, 2, 3, 4]),
        (Some(0), 2, vec![0, 1]),
        (Some(2), 2, vec![2, 3]),
        (Some(4), 2, vec![4]),
        (Some(5), 2, vec![]),
    ] {
        let listed = listed(&reader, from, limit).unwrap();
        let positions: Vec<_> = listed.iter().map(|entry| entry.line.position).collect();
        assert_eq!(positions, expected, "{from:?}");
    }
}

#[test]
fn names_whom_it_can_and_leaves_the_others_out() {
    let folder = tempfile::tempdir().unwrap();
    let other_folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), &[7; 32]).unwrap();
    let other = Vault::open(other_folder.path(), &[7; 32]).unwrap();
    let (known, erased) = (vault.create_subject().unwrap(), other.create_subject().unwrap());
    let mut journal = journal(&folder.path().join("records"));
    for (vault, subject) in [(&other, erased), (&vault, known)] {
        let content = pb::Customer { display_name: "Maria".to_owned(), ..pb::Customer::default() };
        let draft = Draft::new(RecordKind::Customer, subject, [1; 16], 0, &content);
        let envelope = draft.seal(vault, 1, None).unwrap();
        journal.append(&[records::encode(&envelope)]).unwrap();
    }
    let wanted = BTreeSet::from([known, erased]);
    let names = names_of(&wanted, &vault, &journal.reader()).unwrap();
    assert_eq!(names, HashMap::from([(known, "Maria".to_owned())]));
}
