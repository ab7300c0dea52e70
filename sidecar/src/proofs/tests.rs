//! Proofs beside a house that is open: what is issued, what is mended, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use makegood_core::ledger::{HeadRow, Key, Rows, Write as _};
use makegood_core::time::Time;
use makegood_ledger::checkpoint::{KeyKind, SignedCheckpoint, read_issued};
use makegood_ledger::journal::reader::Reader;
use makegood_ledger::journal::{Config, Journal};
use makegood_ledger::tiles::{Row, TilePath};
use makegood_ledger::tree::leaf_hash;

use super::*;
use crate::ledger::state::LedgerState;

pub(super) const ORIGIN: &str = "example.com/ledger";

/// A ledger whose entries are any bytes: proofs do not read them.
pub(super) struct Stage {
    dir: tempfile::TempDir,
    settings: Settings,
}

impl Stage {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings {
            folder: dir.path().join("house"),
            origin: ORIGIN.to_owned(),
            anchor: Some(dir.path().join("elsewhere/checkpoint")),
            accept_rollback: None,
            is_guarded: true,
            witnesses: Vec::new(),
        };
        fs::create_dir(&settings.folder).unwrap();
        Self { dir, settings }
    }

    fn folder(&self) -> &Path {
        &self.settings.folder
    }

    /// Adds entries up to `size`, each of its position and `mark`.
    pub(super) fn grow(&self, size: u64, mark: u8) {
        let (mut journal, _) =
            Journal::open(&self.folder().join("ledger"), Config::default()).unwrap();
        let first = journal.next_position();
        let entries: Vec<_> = (first..size).map(|position| entry(position, mark)).collect();
        journal.append(&entries).unwrap();
        journal.close().unwrap();
    }

    fn ledger(&self) -> Ledger {
        let journal = Reader::open(&self.folder().join("ledger")).unwrap();
        let records = journal.iter_from(0).map(|record| record.unwrap().payload);
        let leaves: Vec<_> = records.map(|payload| leaf_hash(&payload)).collect();
        let head = HeadRow { entry_count: leaves.len() as u64, last_at: Time::MIN };
        let mut rows = Rows::default();
        rows.put(Key::Head, makegood_core::ledger::Row::Head(head));
        let state = LedgerState::new(rows, leaves, 0);
        Ledger { state: Arc::new(state), journal }
    }

    pub(super) fn start(&self) -> (Proofs, Option<Behind>) {
        Proofs::start(&self.settings, self.ledger(), |_| {}).unwrap()
    }

    /// Starts and ends, so that a checkpoint covers all there is.
    pub(super) fn run(&self) {
        let (proofs, behind) = self.start();
        assert_eq!(behind, None);
        proofs.close();
    }

    fn issued(&self) -> Vec<SignedCheckpoint> {
        read_issued(&self.folder().join(ISSUED)).unwrap()
    }

    fn anchor(&self) -> &Path {
        self.settings.anchor.as_deref().unwrap()
    }
}

fn entry(position: u64, mark: u8) -> Vec<u8> {
    [position.to_be_bytes().as_slice(), &[mark]].concat()
}

#[test]
fn issues_a_checkpoint_over_all_there_is_and_goes_on_from_it() {
    let stage = Stage::new();
    for size in [1, 300, 1_000] {
        stage.grow(size, 0);
        stage.run();
        let (proofs, _) = stage.start();
        let book = Arc::clone(proofs.book());
        proofs.close();
        assert_eq!(book.size(), size);
        for position in [0, size / 2, size - 1] {
            let receipt = book.receipt(position, entry(position, 0)).unwrap();
            let keys = KeyFolder::new(&stage.folder().join(SIGNING)).publics().unwrap();
            receipt.verify(&keys, None).unwrap();
        }
        let (_, old, head) = book.consistency(1, None).unwrap();
        assert_eq!((old.size, head.size), (1, size));
    }
    let sizes: Vec<_> = stage.issued().iter().map(|it| it.head().size).collect();
    assert_eq!(sizes, [1, 300, 1_000], "one for each size, and none twice");
}

#[test]
fn makes_damaged_tiles_again_from_the_journal() {
    let stage = Stage::new();
    stage.grow(1_000, 0);
    stage.run();
    let tiles = stage.folder().join(TREE);
    let damaged = [(Row::Hashes(0), 1), (Row::Hashes(0), 3), (Row::Entries, 0), (Row::Entries, 3)];
    for (row, index) in damaged {
        let path = tiles.join(TilePath::in_tree(row, index, 1_000).unwrap().to_string());
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        bytes[40] ^= 1;
        fs::write(&path, bytes).unwrap();
        let (proofs, behind) = stage.start();
        assert_eq!(behind, None);
        // A walk over all tiles ends before the thread does.
        while fs::read(&path).unwrap() != whole {
            std::thread::yield_now();
        }
        proofs.close();
    }
}

/// Every file below a folder, with its bytes.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let below = entries.map(|path| {
        if path.is_dir() {
            return files(&path);
        }
        BTreeMap::from([(path.clone(), fs::read(&path).unwrap())])
    });
    below.flatten().collect()
}

#[test]
fn refuses_a_journal_that_was_written_anew_beside_honest_tiles() {
    let stage = Stage::new();
    stage.grow(1_000, 0);
    stage.run();
    let honest = files(&stage.folder().join(TREE));
    fs::remove_dir_all(stage.folder().join("ledger")).unwrap();
    stage.grow(1_000, 1);
    let (tell, told) = std::sync::mpsc::channel();
    let on_behind = move |behind: &Behind| tell.send(behind.clone()).unwrap();
    let (proofs, behind) = Proofs::start(&stage.settings, stage.ledger(), on_behind).unwrap();
    assert_eq!(behind, None, "it shows behind the start");
    let behind = told.recv().unwrap();
    assert!(behind.named.starts_with("1000:"), "{behind}");
    assert!(behind.reason.contains("ledger is not the one"), "{behind}");
    proofs.close();
    assert_eq!(files(&stage.folder().join(TREE)), honest);
    assert_eq!(stage.issued().len(), 1, "nothing more is signed");
}

#[test]
fn leaves_honest_tiles_as_they_are_where_the_journal_does_not_lead_to_them() {
    let mut stage = Stage::new();
    stage.grow(1_000, 0);
    stage.run();
    fs::remove_dir_all(stage.folder().join("ledger")).unwrap();
    stage.grow(1_000, 1);
    let edge = TilePath::in_tree(Row::Hashes(0), 3, 1_000).unwrap();
    fs::write(stage.folder().join(TREE).join(edge.to_string()), b"broken").unwrap();
    let before = files(&stage.folder().join(TREE));
    let (proofs, behind) = stage.start();
    let behind = behind.expect("the journal is another");
    proofs.close();
    assert_eq!(files(&stage.folder().join(TREE)), before);
    stage.settings.accept_rollback = Some(behind.named);
    stage.run();
    assert_ne!(files(&stage.folder().join(TREE)), before, "once accepted it is gone on with");
}

#[test]
fn signs_with_both_keys_of_a_rotation() {
    let stage = Stage::new();
    stage.grow(1, 0);
    stage.run();
    let folder = KeyFolder::new(&stage.folder().join(SIGNING));
    let first = folder.publics().unwrap().remove(0);
    assert!(matches!(folder.retire(&first.id().to_string()), Err(KeyFileError::Last { .. })));
    let second = folder.generate(ORIGIN, KeyKind::Log).unwrap().verifier().clone();
    stage.grow(2, 0);
    stage.run();
    folder.retire(&first.id().to_string()).unwrap();
    stage.grow(3, 0);
    stage.run();
    let issued = stage.issued();
    let signers = |nth: usize| {
        let keys = [first.clone(), second.clone()];
        let vouched = issued[nth].verify(&keys).unwrap();
        (vouched.logs.contains(&first.id()), vouched.logs.contains(&second.id()))
    };
    assert_eq!([signers(0), signers(1), signers(2)], [(true, false), (true, true), (false, true)]);
    assert_eq!(folder.publics().unwrap().len(), 2, "what the first has signed can be verified");
}

#[test]
fn refuses_keys_that_everybody_can_read_or_that_are_anothers() {
    let stage = Stage::new();
    let folder = KeyFolder::new(&stage.folder().join(SIGNING));
    let key = folder.generate(ORIGIN, KeyKind::Log).unwrap();
    let path = stage.folder().join(SIGNING).join(format!("{}.key", key.verifier().id()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(folder.secrets("other.example"), Err(KeyFileError::OtherName { .. })));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    assert!(matches!(folder.secrets(ORIGIN), Err(KeyFileError::Secret(_))));
}

#[test]
fn refuses_a_ledger_that_was_rolled_back_until_that_is_accepted_by_name() {
    let mut stage = Stage::new();
    stage.grow(5, 0);
    stage.run();
    let backup = stage.dir.path().join("backup");
    copy(stage.folder(), &backup);
    stage.grow(9, 0);
    stage.run();
    fs::remove_dir_all(stage.folder()).unwrap();
    copy(&backup, stage.folder());
    let before = fs::read(stage.anchor()).unwrap();
    let (proofs, behind) = stage.start();
    let behind = behind.expect("the backup is older than the anchor");
    assert!(behind.named.starts_with("9:"), "{behind}");
    proofs.close();
    assert_eq!(fs::read(stage.anchor()).unwrap(), before, "a refused start leaves the anchor");
    for other in ["5:00000000", "9:00000000", "9:", "9", ""] {
        stage.settings.accept_rollback = Some(other.to_owned());
        assert_eq!(stage.start().1.as_ref(), Some(&behind), "{other:?}");
    }
    stage.settings.accept_rollback = Some(behind.named);
    stage.run();
    stage.settings.accept_rollback = None;
    stage.grow(6, 1);
    stage.run();
    let noted = fs::read_to_string(stage.folder().join("accepted-rollbacks")).unwrap();
    assert_eq!(noted.lines().count(), 1);
}

#[test]
fn refuses_a_ledger_that_is_not_the_one_that_was_published() {
    for (size, mark) in [(9, 1), (12, 1)] {
        let stage = Stage::new();
        stage.grow(9, 0);
        stage.run();
        let anchor = fs::read(stage.anchor()).unwrap();
        // Everything but the keys is made up anew.
        let keys = stage.dir.path().join("keys");
        copy(&stage.folder().join(SIGNING), &keys);
        fs::remove_dir_all(stage.folder()).unwrap();
        copy(&keys, &stage.folder().join(SIGNING));
        stage.grow(size, mark);
        let (_, behind) = stage.start();
        let behind = behind.expect("another ledger");
        assert!(behind.reason.contains("not the one"), "{behind}");
        assert_eq!(fs::read(stage.anchor()).unwrap(), anchor);
    }
}

#[test]
fn refuses_a_start_without_the_checkpoint_file_that_was_there() {
    let stage = Stage::new();
    stage.grow(3, 0);
    stage.run();
    fs::remove_file(stage.anchor()).unwrap();
    let (_, behind) = stage.start();
    assert!(behind.is_some_and(|behind| behind.named.starts_with("3:")));
}

#[test]
fn refuses_another_checkpoint_file_or_none_until_that_is_accepted() {
    let mut stage = Stage::new();
    stage.grow(3, 0);
    stage.run();
    let former = stage.anchor().to_owned();
    for other in [Some(stage.dir.path().join("other/checkpoint")), None] {
        stage.settings.anchor = other;
        let behind = stage.start().1.expect("the former file goes unseen");
        assert!(behind.reason.contains(former.to_str().unwrap()), "{behind}");
        stage.settings.accept_rollback = Some(behind.named);
        stage.run();
        stage.settings.accept_rollback = None;
        stage.run();
        stage.settings.anchor = Some(former.clone());
        let accepted = stage.start().1.map(|behind| behind.named);
        stage.settings.accept_rollback = accepted;
        stage.run();
        stage.settings.accept_rollback = None;
        stage.run();
    }
}

#[test]
fn refuses_a_ledger_that_is_shorter_than_its_own_checkpoints() {
    let mut stage = Stage::new();
    stage.settings.anchor = None;
    stage.grow(3, 0);
    stage.run();
    fs::remove_dir_all(stage.folder().join("ledger")).unwrap();
    stage.grow(2, 0);
    let (_, behind) = stage.start();
    assert!(behind.is_some_and(|behind| behind.named.starts_with("3:")));
    stage.settings.is_guarded = false;
    let (proofs, behind) = stage.start();
    assert_eq!(behind, None, "in development it is said and no more");
    proofs.close();
}

#[test]
fn reads_witnesses_as_key_and_address() {
    let key = makegood_ledger::checkpoint::SigningKey::from_seed;
    let witness = key("audit.example", KeyKind::Witness, &[1; 32]).unwrap();
    let log = key("audit.example", KeyKind::Log, &[1; 32]).unwrap();
    let text = format!("{}@http://127.0.0.1:7071", witness.verifier());
    assert_eq!(text.parse::<WitnessAddress>().unwrap().to_string(), text);
    let refused = |text: String| text.parse::<WitnessAddress>().unwrap_err();
    assert_eq!(refused(format!("{}@http://a", log.verifier())), WitnessAddressError::Kind);
    assert_eq!(refused(format!("{}@https://a", witness.verifier())), WitnessAddressError::Form);
    assert_eq!(refused("http://a".to_owned()), WitnessAddressError::Form);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
