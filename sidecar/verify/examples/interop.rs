//! Writes proofs for others to read: `interop FILE` makes a ledger of 512 entries, and a checkpoint
//! and every proof for every size up to that.

#![expect(clippy::unwrap_used, reason = "a tool of the developer loop")]

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/support/house.rs"]
mod house;

use std::fs::File;
use std::io::{BufWriter, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use house::{House, SMALL};
use makegood_ledger::journal::reader::Reader;
use makegood_ledger::proof::{TreeHead, consistency, inclusion};
use makegood_ledger::tree::{Hash, MemoryTree, leaf_hash, root};

const ENTRIES: usize = 512;

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let place = tempfile::tempdir().unwrap();
    let mut house = House::open(place.path(), 1, SMALL);
    house.grow_to(ENTRIES as u64);
    let reader = Reader::open(&place.path().join("ledger")).unwrap();
    let records = reader.iter_from(0).take(ENTRIES);
    let entries: Vec<Vec<u8>> = records.map(|record| record.unwrap().payload).collect();
    let tree: MemoryTree = entries.iter().map(|entry| leaf_hash(entry)).collect();

    let mut out = BufWriter::new(File::create(path).unwrap());
    writeln!(out, "key {}", house.keys().0).unwrap();
    for entry in &entries {
        writeln!(out, "entry {}", BASE64.encode(entry)).unwrap();
    }
    for size in 1..=entries.len() as u64 {
        let head = TreeHead { size, root: root(&tree, size).unwrap() };
        let note = house.signed(head).to_string();
        writeln!(out, "checkpoint {}", BASE64.encode(note)).unwrap();
        for index in 0..size {
            let path = inclusion(&tree, index, size).unwrap();
            writeln!(out, "inclusion {size} {index}{}", hashes(&path)).unwrap();
        }
        for old in 1..=size {
            let path = consistency(&tree, old, size).unwrap();
            writeln!(out, "consistency {size} {old}{}", hashes(&path)).unwrap();
        }
    }
    out.flush().unwrap();
}

fn hashes(path: &[Hash]) -> String {
    path.iter().flat_map(|hash| [" ".to_owned(), BASE64.encode(hash)]).collect()
}
