//! Damage of every kind ends in a rebuild, and what is there is answered meanwhile.

use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::engine::Damaged;
use super::super::keys;
use super::*;

type Damage = fn(&std::path::Path);

#[test]
fn is_rebuilt_from_the_journal_after_any_damage() {
    let mut bench = Bench::new();
    let pid = bench.vault.create_subject().unwrap();
    bench.write(None, pid, "c-1", "Maria");
    let engine = bench.engine();
    let damages: [(&str, Damage); 3] = [
        ("deleted", |folder| std::fs::remove_dir_all(folder).unwrap()),
        ("truncated", |folder| {
            let file = std::fs::OpenOptions::new().write(true).open(folder.join("db")).unwrap();
            file.set_len(600).unwrap();
        }),
        ("overwritten", |folder| {
            std::fs::write(folder.join("conf"), b"rubbish").unwrap();
        }),
    ];
    for (what, damage) in damages {
        let projector = bench.start();
        let model = projector.model();
        until("ready", || model.progress() == Progress::Ready);
        projector.stop();
        damage(&engine);
        let projector = bench.start();
        let model = projector.model();
        until(what, || model.progress() == Progress::Ready);
        assert_eq!(bench.names(&model, &pid), ["Maria"], "{what}");
        projector.stop();
    }
}

#[test]
fn is_rebuilt_after_damage_while_it_is_open() {
    let mut bench = Bench::new();
    let pid = bench.vault.create_subject().unwrap();
    bench.write(None, pid, "c-1", "Maria");
    let projector = bench.start();
    let model = projector.model();
    until("ready", || model.progress() == Progress::Ready);
    std::fs::remove_file(bench.engine().join("db")).unwrap();
    // The next sync fails, and the engine is built anew.
    until("rebuilt", || bench.engine().join("db").try_exists().unwrap());
    until("ready again", || model.progress() == Progress::Ready);
    assert_eq!(bench.names(&model, &pid), ["Maria"]);
    projector.stop();
}

type Read = fn(&ReadModel, &Envelope) -> Result<(), Rebuilding>;

#[test]
fn is_rebuilt_after_a_value_that_cannot_be_decoded() {
    let reads: [(&str, Read); 2] = [
        ("records of a subject", |model, it| {
            let pid = records::subject(it).unwrap();
            model.records_of(&pid, &[(RecordKind::Customer, 1)]).map(drop)
        }),
        ("one record", |model, it| {
            let id = it.record_id.as_slice().try_into().unwrap();
            model.record(&id).map(drop)
        }),
    ];
    for (what, read) in reads {
        let mut bench = Bench::new();
        let pid = bench.vault.create_subject().unwrap();
        let written = bench.write_found_by(None, pid, ("c-1", "Maria"), "+15550100");
        let projector = bench.start();
        let model = projector.model();
        until("ready", || model.progress() == Progress::Ready);
        let engine = model.engine.read().clone().unwrap();
        let rubbish = (keys::record(&written), Some(b"rubbish".to_vec()));
        put_items(engine.as_ref(), [rubbish]);
        drop(engine);

        assert_eq!(read(&model, &written), Err(Rebuilding), "{what}");
        until(what, || model.progress() == Progress::Ready);
        assert_eq!(read(&model, &written), Ok(()), "{what}");
        assert_eq!(bench.names(&model, &pid), ["Maria"], "{what}");
        let aside = bench.engine().with_extension("damaged");
        assert!(aside.try_exists().unwrap(), "{what}");
        projector.stop();
    }
}

#[test]
fn is_rebuilt_after_a_chunk_that_is_changed_or_lost() {
    type Change = fn(Vec<u8>) -> Option<Vec<u8>>;
    let changes: [(&str, Change); 3] = [
        ("flipped", |mut bytes| {
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            Some(bytes)
        }),
        ("emptied", |_| Some(Vec::new())),
        ("lost", |_| None),
    ];
    for (what, change) in changes {
        let mut bench = Bench::new();
        let pid = bench.vault.create_subject().unwrap();
        bench.write(None, pid, "c-1", "Maria");
        let projector = bench.start();
        let model = projector.model();
        until("ready", || model.progress() == Progress::Ready);
        let engine = model.engine.read().clone().unwrap();
        let (key, bytes) = engine.floor(b"cr").unwrap().unwrap();
        engine.commit(vec![(key, change(bytes))]).unwrap();
        drop(engine);

        let wanted = [(RecordKind::Customer, 9)];
        assert_eq!(model.records_of(&pid, &wanted), Err(Rebuilding), "{what}");
        until(what, || model.progress() == Progress::Ready);
        assert_eq!(bench.names(&model, &pid), ["Maria"], "{what}");
        projector.stop();
    }
}

#[test]
fn an_engine_of_another_format_is_built_anew() {
    let mut bench = Bench::new();
    let pid = bench.vault.create_subject().unwrap();
    bench.write(None, pid, "c-1", "Maria");
    for format in [None, Some(b"1".to_vec())] {
        let engine = SledEngine::open(&bench.engine()).unwrap();
        engine
            .commit(vec![(keys::FORMAT.to_vec(), format), (b"x".to_vec(), Some(vec![1]))])
            .unwrap();
        engine.sync().unwrap();
        drop(engine);
        let projector = bench.start();
        let model = projector.model();
        until("ready", || model.progress() == Progress::Ready);
        assert_eq!(bench.names(&model, &pid), ["Maria"]);
        let engine = model.engine.read().clone().unwrap();
        assert_eq!(engine.get(b"x").unwrap(), None);
        drop(engine);
        projector.stop();
    }
}

#[test]
fn a_small_history_is_kept_in_memory_where_sled_does_not_open() {
    let mut bench = Bench::new();
    let pid = bench.vault.create_subject().unwrap();
    bench.write(None, pid, "c-1", "Maria");
    let file = bench.folder.path().join("file");
    std::fs::write(&file, b"not a folder").unwrap();
    let mut sources = bench.sources(|| {});
    sources.engine = file.join("engine");
    let projector = Projector::start(sources, Arc::clone(&bench.state));
    let model = projector.model();
    until("ready", || {
        // It waits a while before it tries again, unless it is woken.
        model.wake();
        model.progress() == Progress::Ready
    });
    assert_eq!(bench.names(&model, &pid), ["Maria"]);
    bench.write(Some(&model), pid, "c-1", "Maria Okafor");
    until("projected", || model.pending.read().len() == 0);
    assert_eq!(bench.names(&model, &pid), ["Maria Okafor"]);
    projector.stop();
}

/// Flips a byte of a record in its journal; done twice, the journal is whole again.
fn flip(journal: &std::path::Path, sealed: &[u8]) {
    for entry in std::fs::read_dir(journal).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        // The tail stays as it is, so that it is found again.
        let tail = &sealed[1..];
        if let Some(at) = bytes.windows(tail.len()).position(|it| it == tail) {
            let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
            let flipped = bytes[at - 1] ^ 1;
            file.write_all_at(&[flipped], at as u64 - 1).unwrap();
        }
    }
}

#[test]
fn answers_what_it_has_while_it_is_rebuilt_and_tells_when_it_is_done() {
    let mut bench = Bench::new();
    let first = bench.vault.create_subject().unwrap();
    let second = bench.vault.create_subject().unwrap();
    bench.write_found_by(None, first, ("c-1", "Maria"), "+15550100");
    let later = bench.write_found_by(None, second, ("c-2", "Aiko"), "+15550199");
    let later_id = later.record_id.as_slice().try_into().unwrap();
    let journal = bench.folder.path().join("records");
    flip(&journal, &later.sealed);

    let told = Arc::new(AtomicUsize::new(0));
    let teller = Arc::clone(&told);
    let projector = bench.start_and_tell(move || {
        teller.fetch_add(1, Ordering::SeqCst);
    });
    let model = projector.model();
    let wanted = [(RecordKind::Customer, 9)];
    until("the first", || model.records_of(&first, &wanted).is_ok());
    assert_eq!(bench.names(&model, &first), ["Maria"]);
    assert_eq!(bench.find(&model, "+15550100"), Ok(vec![first]));
    assert!(matches!(model.progress(), Progress::Rebuilding { .. }));
    assert_eq!(model.records_of(&second, &wanted), Err(Rebuilding));
    assert_eq!(model.record(&later_id), Err(Rebuilding));
    assert_eq!(bench.find(&model, "+15550199"), Err(Rebuilding));
    assert_eq!(model.gestures_of(&first, 9), Err(Rebuilding));
    assert_eq!(told.load(Ordering::SeqCst), 0);
    let generation = bench.state.generation(&first);

    flip(&journal, &later.sealed);
    model.wake();
    until("told", || told.load(Ordering::SeqCst) == 1);
    assert_eq!(model.progress(), Progress::Ready);
    assert_eq!(bench.names(&model, &second), ["Aiko"]);
    assert_eq!(model.gestures_of(&first, 9), Ok(vec![]));
    assert_ne!(bench.state.generation(&first), generation);
    projector.stop();
    assert_eq!(told.load(Ordering::SeqCst), 1);
}

/// An engine that looks whether the writer could go on while it is read.
struct Slow {
    model: Arc<ReadModel>,
}

impl Engine for Slow {
    fn get(&self, _: &[u8]) -> Result<Option<Vec<u8>>, Damaged> {
        assert!(self.model.pending.try_write().is_some());
        Ok(None)
    }

    fn floor(&self, _: &[u8]) -> Result<Option<Pair>, Damaged> {
        assert!(self.model.pending.try_write().is_some());
        let (key, chunk) = Packed::founding();
        Ok(chunk.map(|chunk| (key, chunk)))
    }

    fn commit(&self, _: Vec<Change>) -> Result<(), Damaged> {
        Ok(())
    }

    fn sync(&self) -> Result<(), Damaged> {
        Ok(())
    }
}

#[test]
fn nobody_who_waits_for_the_engine_keeps_the_writer_waiting() {
    let bench = Bench::new();
    let projector = bench.start();
    let model = projector.model();
    until("ready", || model.progress() == Progress::Ready);
    // Ended first, so that the projector does not come by.
    projector.stop();
    *model.engine.write() = Some(Arc::new(Slow { model: Arc::clone(&model) }));
    let wanted = [(RecordKind::Customer, 9), (RecordKind::Action, 9)];
    assert_eq!(model.records_of(&[1; 15], &wanted), Ok(vec![vec![], vec![]]));
    assert_eq!(model.record(&[1; 16]), Ok(None));
    assert_eq!(bench.find(&model, "+15550100"), Ok(vec![]));
    assert_eq!(model.gestures_of(&[1; 15], 9), Ok(vec![]));
}
