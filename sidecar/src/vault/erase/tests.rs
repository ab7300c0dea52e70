//! Who was erased stays erased, whatever file comes back, and nobody else loses a key.

use proptest::prelude::*;

use super::super::Binding;
use super::super::key_file::{PID_BYTES, ROW_BYTES};
use super::*;

const KEK: Key = [7; 32];

const RECORD: Binding<'static> = Binding { kind: 1, record_id: b"r-1" };

/// A vault of a hundred people, and something sealed for each.
struct House {
    folder: tempfile::TempDir,
    vault: RwLock<Vault>,
    people: Vec<(Pid, Vec<u8>)>,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = Vault::open(folder.path(), &KEK).unwrap();
        let pids: Vec<_> = (0..100).map(|_| vault.create_subject().unwrap()).collect();
        vault.sync().unwrap();
        let sealed = |pid: Pid| (pid, vault.seal(&pid, RECORD, &pid).unwrap());
        let people = pids.into_iter().map(sealed).collect();
        Self { folder, vault: RwLock::new(vault), people }
    }

    fn erase(&self, count: usize) {
        let gone = self.people[..count].iter().zip(40..);
        self.vault.read().forget(gone.map(|((pid, _), position)| (*pid, position)));
        Vault::destroy_forgotten(&self.vault).unwrap();
    }

    fn keys(&self) -> Vec<u8> {
        std::fs::read(self.folder.path().join("keys")).unwrap()
    }

    /// The wrapped key of somebody, as a file has it.
    fn wrapped(&self, pid: &Pid) -> Vec<u8> {
        let keys = self.keys();
        let at = keys.windows(PID_BYTES).position(|it| it == pid).unwrap();
        keys[at + PID_BYTES..at + ROW_BYTES].to_vec()
    }

    fn reopen(&mut self, key: &Key) {
        self.vault = RwLock::new(Vault::open(self.folder.path(), key).unwrap());
    }

    /// The first ones are gone, and everybody else is there.
    fn has_lost(&self, count: usize, what: &str) {
        let vault = self.vault.read();
        assert_eq!(vault.subject_count(), self.people.len() - count, "{what}");
        for (index, (pid, sealed)) in self.people.iter().enumerate() {
            let opened = vault.open_sealed(pid, RECORD, sealed);
            assert_eq!(vault.knows(pid), index >= count, "{what}: {index}");
            let position = (index < count).then_some(40 + index as u64);
            assert_eq!(vault.erased().position(pid), position, "{what}: {index}");
            match opened {
                Ok(plain) => assert!(index >= count && plain == pid, "{what}: {index}"),
                Err(VaultError::Erased) => assert!(index < count, "{what}: {index}"),
                Err(error) => panic!("{what}: {index}: {error}"),
            }
        }
    }
}

#[test]
fn destroys_the_keys_of_those_who_are_erased_and_of_nobody_else() {
    let mut house = House::new();
    let wrapped: Vec<_> = house.people[..10].iter().map(|it| house.wrapped(&it.0)).collect();
    let former = std::fs::File::open(house.folder.path().join("keys")).unwrap();
    house.erase(10);
    house.has_lost(10, "at once");
    let mut former_bytes = Vec::new();
    std::io::Read::read_to_end(&mut &former, &mut former_bytes).unwrap();
    for file in std::fs::read_dir(house.folder.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for wrapped in &wrapped {
            let has = |bytes: &[u8]| bytes.windows(wrapped.len()).any(|it| it == wrapped);
            assert!(!has(&bytes), "{}", path.display());
            assert!(!has(&former_bytes), "the former file");
        }
    }
    let more = house.vault.read().create_subject().unwrap();
    house.vault.write().sync().unwrap();
    let sealed = house.vault.read().seal(&more, RECORD, &more).unwrap();
    house.people.push((more, sealed));
    house.has_lost(10, "with somebody new");
    house.reopen(&KEK);
    house.has_lost(10, "after a restart");
    house.erase(20);
    house.reopen(&KEK);
    house.has_lost(20, "after more were erased");
}

#[test]
fn forgets_before_the_file_is_written_and_finds_the_key_again_where_it_never_was() {
    let mut house = House::new();
    house.vault.read().forget([(house.people[0].0, 40)]);
    house.has_lost(1, "forgotten");
    // As after a crash: the file has the key, and the ledger says that it is to go.
    house.reopen(&KEK);
    house.has_lost(0, "after a crash");
    assert_eq!(house.vault.read().ledger_read(), 0);
    house.erase(1);
    house.reopen(&KEK);
    house.has_lost(1, "carried out again");
}

#[test]
fn an_older_file_says_from_where_the_ledger_is_to_be_read_again() {
    let mut house = House::new();
    let older = house.keys();
    house.erase(5);
    let noted = |house: &House, position| {
        house.vault.read().note_ledger(position).unwrap();
        house.vault.write().sync().unwrap();
    };
    noted(&house, ENTRIES_BETWEEN_NOTES - 1);
    house.reopen(&KEK);
    assert_eq!(house.vault.read().ledger_read(), 0, "too little to be noted");
    noted(&house, 25_000);
    house.reopen(&KEK);
    assert_eq!(house.vault.read().ledger_read(), 25_000);
    house.has_lost(5, "with a note");
    house.erase(6);
    house.reopen(&KEK);
    assert_eq!(house.vault.read().ledger_read(), 25_000, "kept when the file is written anew");
    noted(&house, 300);
    assert_eq!(house.vault.read().ledger_read(), 300, "another ledger");

    std::fs::write(house.folder.path().join("keys"), older).unwrap();
    house.reopen(&KEK);
    assert_eq!(house.vault.read().ledger_read(), 0);
    house.has_lost(0, "the ledger was not read yet");
    house.erase(6);
    house.has_lost(6, "once it was");
}

#[test]
fn a_subject_who_is_erased_before_the_key_is_written_never_has_one() {
    let mut house = House::new();
    let pid = house.vault.read().create_subject().unwrap();
    let wrapped = house.vault.read().waiting.lock()[PID_BYTES..].to_vec();
    house.vault.read().forget([(pid, 7)]);
    house.vault.write().sync().unwrap();
    Vault::destroy_forgotten(&house.vault).unwrap();
    assert!(!house.keys().windows(wrapped.len()).any(|it| it == wrapped));
    house.reopen(&KEK);
    assert!(house.vault.read().erased().contains(&pid));
    house.has_lost(0, "everybody else");
}

#[test]
fn what_an_interrupted_rewriting_has_left_is_removed() {
    let mut house = House::new();
    let part = house.folder.path().join("keys.part");
    std::fs::write(&part, house.keys()).unwrap();
    house.reopen(&KEK);
    assert!(!part.try_exists().unwrap());
    house.has_lost(0, "everybody");
}

#[test]
fn wraps_every_key_by_another_one() {
    const NEW: Key = [8; 32];
    let mut house = House::new();
    house.erase(3);
    house.vault.read().note_ledger(70_000).unwrap();
    house.vault.write().sync().unwrap();
    let hash = house.vault.read().index_hash(1, "+15550100");
    let count = Vault::rotate(house.folder.path(), &KEK, &NEW).unwrap();
    assert_eq!(count, 97);
    let refused = Vault::open(house.folder.path(), &KEK).err();
    assert!(matches!(refused, Some(VaultError::WrongKey { .. })), "{refused:?}");
    let refused = Vault::rotate(house.folder.path(), &KEK, &NEW);
    assert!(matches!(refused, Err(VaultError::WrongKey { .. })), "{refused:?}");
    house.reopen(&NEW);
    house.has_lost(3, "under the new key");
    assert_eq!(house.vault.read().ledger_read(), 70_000);
    assert_eq!(house.vault.read().index_hash(1, "+15550100"), hash);
    house.erase(4);
    house.reopen(&NEW);
    house.has_lost(4, "erased under the new key");
}

/// Something that happens to a vault.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Somebody new.
    Create,
    /// Keys are written.
    Sync,
    /// Somebody is entered as erased, and forgotten.
    Forget(usize),
    /// The file is written anew.
    Destroy,
    /// The process ends and starts again; the ledger is read from the note on.
    Restart,
    /// As before, with the key file of the last backup.
    Restore,
    /// The key file is copied to a backup.
    Back,
    /// Another key-encryption key.
    Rotate,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Create),
        2 => Just(Step::Sync),
        3 => (0..40usize).prop_map(Step::Forget),
        2 => Just(Step::Destroy),
        2 => Just(Step::Restart),
        1 => Just(Step::Restore),
        1 => Just(Step::Back),
        1 => Just(Step::Rotate),
    ];
    proptest::collection::vec(step, 1..40)
}

/// A vault, and what the ledger would say.
struct Life {
    folder: tempfile::TempDir,
    vault: RwLock<Vault>,
    key: u8,
    /// Everybody whose key was written, with something sealed.
    people: Vec<(Pid, Vec<u8>)>,
    unsynced: Vec<(Pid, Vec<u8>)>,
    /// Who was erased; an entry's position is its place here.
    entries: Vec<Pid>,
    /// A copy of the key file, its key, and how many people and who were in it.
    backup: Option<(Vec<u8>, u8, usize)>,
}

impl Life {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = RwLock::new(Vault::open(folder.path(), &[1; 32]).unwrap());
        let (people, unsynced, entries) = (Vec::new(), Vec::new(), Vec::new());
        Self { folder, vault, key: 1, people, unsynced, entries, backup: None }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("keys")
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Create => {
                let vault = self.vault.read();
                let pid = vault.create_subject().unwrap();
                self.unsynced.push((pid, vault.seal(&pid, RECORD, &pid).unwrap()));
            }
            Step::Sync => {
                self.vault.write().sync().unwrap();
                self.people.append(&mut self.unsynced);
            }
            Step::Forget(index) => {
                let all = self.people.iter().chain(&self.unsynced);
                let Some((pid, _)) = all.clone().nth(index % all.count().max(1)) else { return };
                if !self.entries.contains(pid) {
                    let position = self.entries.len() as u64;
                    self.entries.push(*pid);
                    self.vault.read().forget([(*pid, position)]);
                }
            }
            Step::Destroy => Vault::destroy_forgotten(&self.vault).unwrap(),
            Step::Restart => self.start(),
            Step::Back => {
                let bytes = std::fs::read(self.path()).unwrap();
                self.backup = Some((bytes, self.key, self.people.len()));
            }
            Step::Restore => {
                let Some((bytes, key, count)) = self.backup.clone() else { return };
                std::fs::write(self.path(), bytes).unwrap();
                self.key = key;
                self.people.truncate(count);
                self.start();
            }
            Step::Rotate => {
                let next = self.key + 1;
                Vault::rotate(self.folder.path(), &[self.key; 32], &[next; 32]).unwrap();
                self.key = next;
                self.start();
            }
        }
    }

    /// A start, as a house does it.
    fn start(&mut self) {
        self.unsynced.clear();
        self.vault = RwLock::new(Vault::open(self.folder.path(), &[self.key; 32]).unwrap());
        let from = self.vault.read().ledger_read();
        let entries = self.entries.iter().copied().zip(0..);
        self.vault.read().forget(entries.skip(usize::try_from(from).unwrap()));
        Vault::destroy_forgotten(&self.vault).unwrap();
        let bytes = std::fs::read(self.path()).unwrap();
        let (_, contents) = KeyFile::read(&self.path(), &[self.key; 32]).unwrap();
        assert!(self.entries.iter().all(|pid| contents.places.place(pid).is_none()));
        assert!(!bytes.is_empty());
    }

    fn check(&self) {
        let vault = self.vault.read();
        for (pid, sealed) in self.people.iter().chain(&self.unsynced) {
            let is_erased = self.entries.contains(pid);
            let opened = vault.open_sealed(pid, RECORD, sealed);
            match opened {
                Ok(plain) => assert!(!is_erased && plain == pid),
                Err(VaultError::Erased) => assert!(is_erased),
                Err(error) => panic!("{error}"),
            }
            assert_eq!(vault.erased().contains(pid), is_erased);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn nobody_comes_back_and_nobody_else_is_lost_whatever_happens(steps in steps()) {
        let mut life = Life::new();
        for step in steps {
            life.take(step);
            life.check();
        }
    }
}
