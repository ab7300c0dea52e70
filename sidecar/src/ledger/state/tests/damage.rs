//! Damaged, foreign and newer snapshots are found, named and set aside.

use makegood_ledger::journal::disk::Disk as _;
use makegood_ledger::snapshot::{Fault, Snapshots};

use super::bench::{Bench, restore};

/// A ledger with two snapshots and entries after them.
fn bench() -> Bench {
    let mut bench = Bench::new(11);
    for _ in 0..2 {
        bench.work(80);
        bench.state.snapshot().unwrap();
    }
    bench.work(20);
    bench
}

fn newest(bench: &Bench) -> String {
    let mut names = bench.snapshot_disk.names().unwrap();
    names.sort();
    names.pop().unwrap()
}

#[test]
fn finds_any_changed_byte_of_a_snapshot_and_goes_on_without_it() {
    let mut bench = bench();
    let name = newest(&bench);
    let size = bench.snapshot_disk.bytes(&name).len();
    let ends = (0..64).chain(size - 64..size);
    let sampled: Vec<_> = (0..400).map(|_| bench.below(size)).collect();
    let mut set_aside = 0;
    for at in ends.chain(sampled) {
        let disk = bench.snapshot_disk.copy();
        let bit = bench.below(8);
        disk.edit(&name, |bytes| bytes[at] ^= 1 << bit);
        let state = restore(&bench.journal, &disk);
        assert_eq!(state.all_rows().unwrap(), bench.whole, "byte {at}");
        let leaves = (0..bench.journal.next_position()).map(|position| state.leaf(position));
        let live = (0..bench.journal.next_position()).map(|position| bench.state.leaf(position));
        assert!(leaves.eq(live), "byte {at}");
        set_aside += usize::from(disk.names().unwrap().contains(&format!("{name}.aside")));
    }
    assert_eq!(set_aside, 64 + 64 + 400, "each change was found");
}

#[test]
fn goes_on_without_a_snapshot_that_is_damaged_while_it_is_in_use() {
    let mut bench = bench();
    let name = newest(&bench);
    let size = bench.snapshot_disk.bytes(&name).len();
    bench.restart();
    bench.snapshot_disk.edit(&name, |bytes| bytes[64..size - 64].fill(0));
    bench.work(60);
    assert!(bench.is_whole());
    assert!(bench.snapshot_disk.names().unwrap().contains(&format!("{name}.aside")));
    bench.state.snapshot().unwrap();
    assert!(bench.is_whole());
}

#[test]
fn goes_on_without_any_snapshot_when_all_are_cut_short() {
    let bench = bench();
    for length in [0, 1, 63, 64, 127, 128, 1_000, 5_000] {
        let disk = bench.snapshot_disk.copy();
        for name in disk.names().unwrap() {
            disk.edit(&name, |bytes| bytes.truncate(length));
        }
        let state = restore(&bench.journal, &disk);
        assert_eq!(state.all_rows().unwrap(), bench.whole);
        assert!(disk.names().unwrap().iter().all(|name| name.contains(".rows.aside")));
    }
}

#[test]
fn takes_no_snapshot_of_another_ledger_or_of_more_than_it_has() {
    let (bench, mut other) = (bench(), Bench::new(12));
    other.work(300);
    for work in [0, 400] {
        other.work(work);
        other.state.snapshot().unwrap();
        let state = restore(&bench.journal, &other.snapshot_disk.copy());
        assert_eq!(state.all_rows().unwrap(), bench.whole);
        assert!(state.rows_in_memory() > 100, "nothing comes from a foreign snapshot");
    }
}

#[test]
fn names_a_newer_format_and_what_else_is_wrong() {
    let bench = bench();
    let name = newest(&bench);
    let open = |edit: &dyn Fn(&mut Vec<u8>)| {
        let disk = bench.snapshot_disk.copy();
        disk.edit(&name, |bytes| edit(bytes));
        let snapshots = Snapshots::on(std::sync::Arc::new(disk));
        snapshots.check(&name).unwrap_err()
    };
    let next = bench.snapshot_disk.bytes(&name)[8] + 1;
    let newer = open(&|bytes| {
        bytes[8] = next;
        let checksum = crc32c::crc32c(&bytes[..60]);
        bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
    });
    assert!(matches!(newer.fault, Fault::Version { found } if found == u32::from(next)));
    let said = newer.to_string();
    for text in [name.as_str(), &format!("format version {next}"), "does not read"] {
        assert!(said.contains(text), "{text} is not in {said}");
    }
    assert!(matches!(open(&|bytes| bytes[0] = 0).fault, Fault::Magic));
    assert!(matches!(open(&|bytes| bytes[20] ^= 1).fault, Fault::Checksum));
    assert!(matches!(open(&|bytes| bytes[5_000] ^= 1).fault, Fault::Checksum));
    let length = bench.snapshot_disk.bytes(&name).len();
    assert!(matches!(open(&|bytes| bytes.truncate(length - 1)).fault, Fault::Checksum));
    assert!(matches!(open(&|bytes| bytes.truncate(40)).fault, Fault::Short));
}
