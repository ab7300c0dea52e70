//! Roots against known vectors and against another hand's tree.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;

use super::*;

/// Sizes up to this are tried one by one.
const SIZES: u64 = 512;

fn hex(hash: &Hash) -> String {
    makegood_core::ids::Digest::from_bytes(*hash).to_string()
}

#[test]
fn hashes_the_vectors_of_certificate_transparency() {
    // The leaves and roots with which implementations of RFC 6962 test themselves.
    let leaves: [&[u8]; 8] = [
        &[],
        &[0],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
            0x6e, 0x6f,
        ],
    ];
    let tree: MemoryTree = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    let root_at = |size| hex(&root(&tree, size).unwrap());
    assert_eq!(root_at(0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(root_at(1), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    assert_eq!(root_at(8), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

#[test]
fn agrees_with_another_tree_on_every_root() {
    let mut other = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let (mut tree, mut peaks) = (MemoryTree::default(), Peaks::default());
    for size in 0..=SIZES {
        let expected: [u8; 32] = (*other.root().as_bytes()).into();
        assert_eq!(tree.root(), expected, "size {size}");
        assert_eq!(peaks.root(), expected, "size {size}");
        assert_eq!((tree.size(), peaks.size()), (size, size));
        let entry = format!("entry {size}").into_bytes();
        tree.push(leaf_hash(&entry));
        peaks.push(leaf_hash(&entry));
        other.push(entry);
    }
}

#[test]
fn names_a_subtree_that_is_not_there() {
    let tree: MemoryTree =
        [leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")].into_iter().collect();
    assert!(tree.hash(1, 0).is_ok());
    for (level, index) in [(0, 3), (1, 1), (2, 0), (63, 0)] {
        let absent = tree.hash(level, index).unwrap_err();
        assert_eq!((absent.level, absent.index), (level, index));
    }
}
