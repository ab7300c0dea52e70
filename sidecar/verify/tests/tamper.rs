//! Whatever is changed in a ledger is found, and named by file and first bad position.
#![cfg(test)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use makegood_ledger::checkpoint::SignedCheckpoint;
use makegood_ledger::journal::reader::Reader;
use makegood_ledger::journal::whole::{End, SegmentBytes, Stored, Whole};
use makegood_ledger::journal::{Config, Journal};
use makegood_ledger::tiles::{Row, TilePath, WIDTH};
use makegood_ledger::tree::{MemoryTree, leaf_hash};
use makegood_verify::checkpoints::{Seen, Truth};
use makegood_verify::folder::Options;
use makegood_verify::policies::Policies;
use makegood_verify::problem::{Failure, Problem};
use makegood_verify::tiles::first_wrong;
use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng as _;
use support::house::{House, SMALL};
use support::{copy, files, options, report};

const ENTRIES: u64 = 1_000;
/// Where the frames of a segment begin.
const FRAMES_START: u64 = 4_096;
/// What lies before the payload of a frame.
const FRAME_HEADER_BYTES: u64 = 24;

struct Ledger {
    place: tempfile::TempDir,
    dir: PathBuf,
    options: Options,
}

/// A ledger of at least so many entries, in which nothing is wrong.
fn ledger(seed: u64, entries: u64) -> Ledger {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("house");
    let mut house = House::open(&dir, seed, SMALL);
    house.grow_to(entries);
    let options = options(house.keys());
    assert_eq!(report(&dir, &options).problems, [], "before anything is changed");
    Ledger { place, dir, options }
}

/// The stored entries of a ledger.
fn entries(dir: &Path) -> Vec<Vec<u8>> {
    let reader = Reader::open(&dir.join("ledger")).unwrap();
    reader.iter_from(0).map(|record| record.unwrap().payload).collect()
}

/// Each byte has another of its bits flipped than the one before it.
fn flipped(byte: u8, at: usize) -> u8 {
    byte ^ (1 << (at % 8))
}

/// A segment as it was before anything was changed.
struct Segment {
    path: PathBuf,
    before: End,
    next_base: Option<u64>,
    /// Position, first byte and the byte after the last, of each record.
    records: Vec<(u64, u64, u64)>,
}

fn segments(dir: &Path) -> Vec<Segment> {
    let whole = Whole::open(dir).unwrap();
    let mut before = End::default();
    let mut segments = Vec::new();
    for number in 0..whole.segment_count() {
        let mut records = Vec::new();
        let end = whole.segment(number, before, &mut Vec::new(), |stored: Stored<'_>| {
            let length = FRAME_HEADER_BYTES + stored.payload.len() as u64;
            records.push((stored.position, stored.offset, stored.offset + length));
        });
        let end = end.unwrap();
        let next_base = (number + 1 < whole.segment_count()).then_some(end.next_position);
        segments.push(Segment { path: whole.path(number), before, next_base, records });
        before = end;
    }
    segments
}

impl Segment {
    /// The first position that a byte touches: of a record its own; before the records that of the
    /// first, behind them the next one.
    fn position_at(&self, at: u64) -> u64 {
        let base = self.before.next_position;
        if at < FRAMES_START {
            return base;
        }
        let record = self.records.iter().find(|(_, start, end)| (*start..*end).contains(&at));
        record.map_or(base + self.records.len() as u64, |(position, ..)| *position)
    }

    fn check_every_byte(&self) -> usize {
        let mut bytes = fs::read(&self.path).unwrap();
        for at in 0..bytes.len() {
            let original = bytes[at];
            bytes[at] = flipped(original, at);
            let (path, next_base) = (&self.path, self.next_base);
            let base = self.before.next_position;
            let segment = SegmentBytes { path, base, next_base, bytes: &bytes };
            let found = segment.verify(self.before.last_leaf).map_err(Failure::from);
            bytes[at] = original;
            let Err(Failure::Bad(problem)) = found else {
                panic!("byte {at} of {} was not found", path.display());
            };
            assert_eq!(problem.file, *path);
            assert_eq!(problem.position, Some(self.position_at(at as u64)), "{at}: {problem}");
        }
        bytes.len()
    }
}

/// Headers, both head slots, frames, and what is not written yet.
#[test]
fn finds_every_changed_byte_of_entries_and_heads() {
    let ledger = ledger(11, ENTRIES);
    let segments = segments(&ledger.dir.join("ledger"));
    assert!(segments.len() > 20, "{} segments", segments.len());
    let halves = segments.split_at(segments.len() / 2);
    let check = |half: &[Segment]| half.iter().map(Segment::check_every_byte).sum::<usize>();
    let bytes = thread::scope(|scope| {
        let other = scope.spawn(|| check(halves.1));
        check(halves.0) + other.join().unwrap()
    });
    println!("{bytes} bytes of entries and heads, each changed and found");
}

#[test]
fn finds_every_changed_byte_of_the_tree() {
    let ledger = ledger(12, ENTRIES);
    let entries = entries(&ledger.dir);
    let tree: MemoryTree = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let folder = ledger.dir.join("tree");
    let mut bytes = 0;
    for path in files(&folder.join("tile")) {
        let relative = path.strip_prefix(&folder).unwrap().to_str().unwrap();
        let tile = TilePath::parse(relative).unwrap();
        let mut found = fs::read(&path).unwrap();
        assert_eq!(found, expected_tile(tile, &entries, &tree), "{relative}");
        let expected = found.clone();
        let first = tile.index * WIDTH;
        for at in 0..found.len() {
            found[at] = flipped(expected[at], at);
            let wrong = first_wrong(tile, &found, &expected).unwrap();
            found[at] = expected[at];
            assert_eq!(wrong.byte, at as u64);
            assert!((first..first + u64::from(tile.width)).contains(&wrong.position) || first == 0);
        }
        bytes += found.len();
    }
    println!("{bytes} bytes of tiles, each changed and found");
}

fn expected_tile(tile: TilePath, entries: &[Vec<u8>], tree: &MemoryTree) -> Vec<u8> {
    use makegood_ledger::tree::Hashes as _;
    let range = tile.index * WIDTH..tile.index * WIDTH + u64::from(tile.width);
    match tile.row {
        Row::Hashes(row) => range.flat_map(|at| tree.hash(8 * row, at).unwrap()).collect(),
        Row::Entries => {
            let entry = |at: u64| &entries[usize::try_from(at).unwrap()];
            let framed = |entry: &Vec<u8>| {
                let length = u16::try_from(entry.len()).unwrap();
                [&length.to_be_bytes()[..], entry].concat()
            };
            range.flat_map(|at| framed(entry(at))).collect()
        }
    }
}

#[test]
fn finds_every_changed_byte_of_checkpoints_and_policies() {
    let ledger = ledger(13, ENTRIES);
    let entries = entries(&ledger.dir);
    let tree: MemoryTree = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let truth = Truth { tree: &tree, is_whole: true, keys: &ledger.options.keys, known_bad: None };
    let changed = ledger.place.path().join("changed");
    for name in ["checkpoints", "tree/checkpoint"] {
        let mut bytes = fs::read(ledger.dir.join(name)).unwrap();
        assert!(!bytes.is_empty());
        for at in 0..bytes.len() {
            let original = bytes[at];
            bytes[at] = flipped(original, at);
            fs::write(&changed, &bytes).unwrap();
            bytes[at] = original;
            let mut seen = Seen::default();
            let found: Vec<Problem> = match name {
                "checkpoints" => seen.log(&changed, truth).unwrap(),
                _ => seen.file(&changed, truth).unwrap().into_iter().collect(),
            };
            assert!(!found.is_empty(), "byte {at} of {name}");
            assert!(found.iter().all(|problem| problem.position.is_some()), "byte {at} of {name}");
        }
    }
    for path in files(&ledger.dir.join("policies")) {
        let mut bytes = fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            bytes[at] = flipped(bytes[at], at);
            fs::write(&path, &bytes).unwrap();
            bytes[at] = flipped(bytes[at], at);
            let found = Policies::new(&ledger.dir.join("policies")).wrong_files().unwrap();
            assert_eq!(found.len(), 1, "byte {at}");
            assert_eq!(found[0].file, path);
        }
        fs::write(&path, flipped_at(bytes, 7)).unwrap();
        let report = report(&ledger.dir, &ledger.options);
        let first = report.first().unwrap();
        assert_eq!((&first.file, first.position), (&path, Some(0)), "the first entry needs it");
    }
}

fn flipped_at(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
    bytes[at] = flipped(bytes[at], at);
    bytes
}

/// A change with the checksums made right again: only hashes tell.
#[test]
fn finds_changed_entries_whose_checksums_were_made_right() {
    let ledger = ledger(14, 300);
    let entries = entries(&ledger.dir);
    let mut dice = Pcg32::new(14, 2);
    for _ in 0..40 {
        let position = dice.next_u32() as usize % entries.len();
        let at = dice.next_u32() as usize % entries[position].len();
        let mut forged = entries.clone();
        forged[position][at] = flipped(forged[position][at], at);
        let copied = ledger.place.path().join("forged");
        copy(&ledger.dir, &copied);
        rewrite(&copied, &forged);
        let report = report(&copied, &ledger.options);
        let first = report.first().expect("a forged entry");
        assert_eq!(first.position, Some(position as u64), "byte {at}: {report}");
        fs::remove_dir_all(&copied).unwrap();
    }
}

/// Writes the journal anew, with other entries.
fn rewrite(dir: &Path, entries: &[Vec<u8>]) {
    fs::remove_dir_all(dir.join("ledger")).unwrap();
    let config = Config { segment_bytes: 1 << 20, margin_bytes: Some(0) };
    let (mut journal, _) = Journal::open(&dir.join("ledger"), config).unwrap();
    for batch in entries.chunks(100) {
        journal.append(batch).unwrap();
    }
    journal.close().unwrap();
}

#[test]
fn finds_entries_that_were_swapped_or_left_out() {
    let ledger = ledger(15, 300);
    let entries = entries(&ledger.dir);
    let mut swapped = entries.clone();
    swapped.swap(120, 121);
    let mut without = entries.clone();
    without.remove(77);
    let mut twice = entries.clone();
    twice.insert(200, entries[199].clone());
    for (forged, position) in [(swapped, 120), (without, 77), (twice, 200)] {
        rewrite(&ledger.dir, &forged);
        let first = report(&ledger.dir, &ledger.options).first().cloned().unwrap();
        assert_eq!(first.position, Some(position), "{first}");
        // Without anything that was signed, the rules alone tell.
        let alone = ledger.place.path().join("alone");
        copy(&ledger.dir.join("ledger"), &alone.join("ledger"));
        copy(&ledger.dir.join("policies"), &alone.join("policies"));
        let first = report(&alone, &ledger.options).first().cloned().unwrap();
        assert_eq!(first.position, Some(position), "{first}");
        fs::remove_dir_all(&alone).unwrap();
    }
}

#[test]
fn finds_that_nothing_is_signed_where_a_key_is_given() {
    let ledger = ledger(18, 50);
    fs::remove_file(ledger.dir.join("checkpoints")).unwrap();
    fs::remove_file(ledger.dir.join("tree/checkpoint")).unwrap();
    let report = report(&ledger.dir, &ledger.options);
    let said = report.to_string();
    assert!(said.contains("the key that was given vouches for nothing"), "{said}");
}

#[test]
fn finds_a_tail_that_was_cut() {
    let ledger = ledger(16, 300);
    let last = files(&ledger.dir.join("ledger")).pop().unwrap();
    let original = fs::read(&last).unwrap();
    let mut dice = Pcg32::new(16, 2);
    for _ in 0..50 {
        let length = dice.next_u32() as usize % original.len();
        fs::write(&last, &original[..length]).unwrap();
        let first = report(&ledger.dir, &ledger.options).first().cloned().unwrap();
        assert_eq!(first.file, last, "{length} bytes left");
    }
    fs::remove_file(&last).unwrap();
    assert!(report(&ledger.dir, &ledger.options).first().is_some(), "the last segment is gone");
    let entries = 250;
    fs::write(&last, &original).unwrap();
    rewrite(&ledger.dir, &self::entries(&ledger.dir)[..entries]);
    let first = report(&ledger.dir, &ledger.options).first().cloned().unwrap();
    assert_eq!(first.position, Some(250), "{first}");
}

#[test]
fn finds_an_older_copy_in_the_place_of_the_ledger() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("house");
    let mut house = House::open(&dir, 17, SMALL);
    house.grow_to(250);
    let old_size = house.entry_count();
    let backup = place.path().join("backup");
    copy(&dir, &backup);
    house.grow_to(500);
    let kept_elsewhere = place.path().join("newest");
    fs::copy(dir.join("tree/checkpoint"), &kept_elsewhere).unwrap();
    let mut options = options(house.keys());
    assert_eq!(report(&backup, &options).problems, [], "the copy is whole in itself");
    options.checkpoints = vec![kept_elsewhere.clone()];
    let report = report(&backup, &options);
    let first = report.first().unwrap();
    assert_eq!((&first.file, first.position), (&kept_elsewhere, Some(old_size)), "{report}");
}

/// Somebody with the key writes another history: only what was signed and kept elsewhere tells.
#[test]
fn finds_a_ledger_that_was_written_anew() {
    let ledger = ledger(18, 400);
    let fork = self::ledger(19, 500);
    let kept_elsewhere = ledger.place.path().join("old");
    fs::copy(ledger.dir.join("tree/checkpoint"), &kept_elsewhere).unwrap();
    let options = Options { checkpoints: vec![kept_elsewhere.clone()], ..fork.options.clone() };
    let report = report(&fork.dir, &options);
    let first = report.first().unwrap();
    assert_eq!(first.file, kept_elsewhere, "{report}");
    assert!(first.position < Some(400), "{report}");
    let log = fs::read_to_string(ledger.dir.join("checkpoints")).unwrap();
    fs::write(fork.dir.join("checkpoints"), log).unwrap();
    let report = self::report(&fork.dir, &fork.options);
    assert_eq!(report.first().unwrap().file, fork.dir.join("checkpoints"), "{report}");
}

/// Another part of a ledger than the one that was changed may show it first; what was changed is
/// named in any case.
#[test]
fn the_binary_finds_two_thousand_random_changes() {
    const ROUNDS: u32 = 2_000;
    let seed = std::env::var("MAKEGOOD_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or(20);
    println!("repeat with MAKEGOOD_SEED={seed}");
    let ledger = ledger(seed, ENTRIES);
    let (key, witness) =
        (ledger.options.keys.logs[0].to_string(), ledger.options.keys.witnesses[0].to_string());
    let run = |thread: u64| {
        let mut dice = Pcg32::new(seed, 10 + thread);
        let dir = ledger.place.path().join(format!("copy-{thread}"));
        copy(&ledger.dir, &dir);
        fs::remove_dir_all(dir.join("signing")).unwrap();
        let files = files(&dir);
        for _ in 0..ROUNDS / 2 {
            let path = &files[dice.next_u32() as usize % files.len()];
            let original = fs::read(path).unwrap();
            let at = dice.next_u32() as usize % original.len();
            let mut changed = original.clone();
            changed[at] ^= 1 << (dice.next_u32() % 8);
            fs::write(path, changed).unwrap();
            let output = Command::new(env!("CARGO_BIN_EXE_makegood-verify"))
                .arg(&dir)
                .args(["--key", &key, "--witness", &witness])
                .output()
                .unwrap();
            fs::write(path, original).unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(1), "{} byte {at}: {text}", path.display());
            let wrong = format!("WRONG          {}", path.display());
            assert!(text.contains(&wrong), "{} byte {at}: {text}", path.display());
            assert!(text.contains("the first bad position is "), "{text}");
        }
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| run(1));
        run(0);
        other.join().unwrap();
    });
}

#[test]
fn names_the_entry_that_a_tile_stands_for() {
    let ledger = ledger(21, 600);
    let entries = entries(&ledger.dir);
    let bundle = ledger.dir.join("tree/tile/entries/001");
    let third: usize = entries[256..259].iter().map(|entry| 2 + entry.len()).sum();
    let hashes = ledger.dir.join("tree/tile/0/001");
    for (path, at, position) in [(bundle, third + 5, 259), (hashes, 32 * 9 + 3, 265)] {
        let original = fs::read(&path).unwrap();
        fs::write(&path, flipped_at(original.clone(), at)).unwrap();
        let first = report(&ledger.dir, &ledger.options).first().cloned().unwrap();
        fs::write(&path, original).unwrap();
        assert_eq!((first.file, first.byte), (path, Some(at as u64)));
        assert_eq!(first.position, Some(position));
    }
    let text = fs::read_to_string(ledger.dir.join("tree/checkpoint")).unwrap();
    assert!(SignedCheckpoint::parse(&text).is_ok());
}
