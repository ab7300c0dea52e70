//! The bytes on disk are final: what one release writes, every later one reads.

use sha2::{Digest as _, Sha256};

use super::{SimDisk, open, reopen};
use crate::journal::frame::leaf_hash;

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn keeps_the_leaf_hash_of_rfc_6962() {
    let empty = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    assert_eq!(hex(&leaf_hash(b"")), empty);
    assert_eq!(leaf_hash(b"entry"), *Sha256::digest(b"\0entry"));
}

/// A segment of format 1 with the batches `first` and `second`, `third`; what is not here is zero.
/// Computed apart from this code.
const FORMAT_1: [(usize, &str); 6] = [
    (
        0,
        "4d414b45474f4f440100000000000000000000000020000000000000000000000000000000000000\
         0000000000000000000000000000000000000000116e01d0",
    ),
    (
        512,
        "020000000000000001000000000000001d10000000000000a1af030231ca2fd20ecf30c5294baf8f\
         69321d09bb16ac53885ccd17a385280db13cb9c0",
    ),
    (
        1024,
        "01000000000000000000000000000000001000000000000000000000000000000000000000000000\
         0000000000000000000000000000000064ed358f",
    ),
    (4096, "632618f905000000000000000000000000000000010100006669727374"),
    (4125, "07bce58706000000010000000000000000000000010000007365636f6e64"),
    (4155, "cb2dba5005000000020000000000000001000000010100007468697264"),
];

#[test]
fn keeps_the_bytes_of_format_1() {
    let disk = SimDisk::new(0);
    let (mut journal, _) = open(&disk).unwrap();
    journal.append(&["first"]).unwrap();
    journal.append(&["second", "third"]).unwrap();
    let mut file = disk.bytes("00000000000000000000.seg");
    for (offset, expected) in FORMAT_1 {
        let bytes = &mut file[offset..offset + expected.len() / 2];
        assert_eq!(hex(bytes), expected, "at byte {offset}");
        bytes.fill(0);
    }
    assert_eq!(file, [0; 8192]);
}

#[test]
fn reads_a_segment_of_format_1() {
    let mut file = vec![0; 8192];
    for (offset, hex) in FORMAT_1 {
        for (at, digits) in (offset..).zip(hex.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).unwrap();
            file[at] = u8::from_str_radix(digits, 16).unwrap();
        }
    }
    let disk = SimDisk::new(0);
    disk.set("00000000000000000000.seg", Some(&file));
    assert_eq!(reopen(&disk), ["first", "second", "third"].map(str::as_bytes));
}
