//! Every proof up to 512 entries holds and is the one that another hand makes; every changed bit is
//! refused.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

use super::*;
use crate::checkpoint::{Checkpoint, KeyKind, SigningKey, VerifierKey};
use crate::tree::{self, MemoryTree, leaf_hash};

/// Sizes up to this are tried one by one.
const SIZES: u64 = 512;
/// Sizes up to this have every bit flipped.
const FLIPPED_SIZES: u64 = 64;

fn entry(position: u64) -> Vec<u8> {
    format!("entry {position}").into_bytes()
}

fn tree(size: u64) -> MemoryTree {
    (0..size).map(|position| leaf_hash(&entry(position))).collect()
}

fn head(tree: &MemoryTree, size: u64) -> TreeHead {
    TreeHead { size, root: tree::root(tree, size).unwrap() }
}

fn key() -> SigningKey {
    SigningKey::from_seed("example.com/ledger", KeyKind::Log, &[7; 32]).unwrap()
}

fn receipt(tree: &MemoryTree, index: u64) -> Receipt {
    let head = head(tree, tree.size());
    let checkpoint = Checkpoint { origin: "example.com/ledger".to_owned(), head };
    let path = inclusion(tree, index, head.size).unwrap();
    Receipt { entry: Some(entry(index)), index, path, checkpoint: checkpoint.sign(&[key()]) }
}

/// The hashes as they are, with one bit changed, for each bit.
fn flips(path: &[Hash]) -> impl Iterator<Item = Vec<Hash>> {
    (0..path.len() * 256).map(|bit| flipped(path, bit))
}

fn flipped(path: &[Hash], bit: usize) -> Vec<Hash> {
    let mut path = path.to_vec();
    path[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
    path
}

#[test]
fn proves_every_entry_of_every_size() {
    let tree = tree(SIZES);
    for size in 1..=SIZES {
        let root = head(&tree, size).root;
        for index in 0..size {
            let path = inclusion(&tree, index, size).unwrap();
            let leaf = leaf_hash(&entry(index));
            assert_eq!(
                verify_inclusion(&leaf, index, size, &path, &root),
                Ok(()),
                "{index}/{size}"
            );
        }
    }
}

#[test]
fn proves_every_size_to_go_on_from_every_smaller_one() {
    let tree = tree(SIZES);
    for size in 0..=SIZES {
        let new = head(&tree, size);
        for old_size in 0..=size {
            let path = consistency(&tree, old_size, size).unwrap();
            let old = head(&tree, old_size);
            assert_eq!(verify_consistency(old, new, &path), Ok(()), "{old_size}/{size}");
        }
    }
}

#[test]
fn makes_the_proofs_that_another_tree_makes() {
    let tree = tree(SIZES);
    let mut other = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for size in 1..=SIZES {
        other.push(entry(size - 1));
        for index in 0..size {
            let path = inclusion(&tree, index, size).unwrap().concat();
            let expected = other.prove_inclusion(usize::try_from(index).unwrap());
            assert_eq!(path, expected.as_bytes(), "inclusion of {index} in {size}");
        }
        for old_size in 1..size {
            let path = consistency(&tree, old_size, size).unwrap().concat();
            let expected = other.prove_consistency(usize::try_from(size - old_size).unwrap());
            assert_eq!(path, expected.as_bytes(), "consistency of {old_size} with {size}");
        }
    }
}

#[test]
fn refuses_every_flipped_bit_of_an_inclusion_proof() {
    let tree = tree(FLIPPED_SIZES);
    for size in 1..=FLIPPED_SIZES {
        let root = head(&tree, size).root;
        for index in 0..size {
            let leaf = leaf_hash(&entry(index));
            let path = inclusion(&tree, index, size).unwrap();
            for changed in flips(&path) {
                assert!(verify_inclusion(&leaf, index, size, &changed, &root).is_err());
            }
        }
    }
}

#[test]
fn refuses_every_flipped_bit_of_what_an_inclusion_proof_is_about() {
    let tree = tree(FLIPPED_SIZES);
    for size in 1..=FLIPPED_SIZES {
        let root = head(&tree, size).root;
        for index in 0..size {
            let leaf = leaf_hash(&entry(index));
            let path = inclusion(&tree, index, size).unwrap();
            for changed in flips(&[leaf]) {
                assert!(verify_inclusion(&changed[0], index, size, &path, &root).is_err());
            }
            for changed in flips(&[root]) {
                assert!(verify_inclusion(&leaf, index, size, &path, &changed[0]).is_err());
            }
            for bit in 0..64 {
                let other = index ^ (1 << bit);
                assert!(verify_inclusion(&leaf, other, size, &path, &root).is_err());
            }
        }
    }
}

#[test]
fn refuses_every_flipped_bit_of_a_consistency_proof() {
    let tree = tree(FLIPPED_SIZES);
    for size in 1..=FLIPPED_SIZES {
        let new = head(&tree, size);
        for old_size in 1..=size {
            let old = head(&tree, old_size);
            let path = consistency(&tree, old_size, size).unwrap();
            for changed in flips(&path) {
                assert!(verify_consistency(old, new, &changed).is_err());
            }
            for changed in flips(&[old.root]) {
                let old = TreeHead { root: changed[0], ..old };
                assert!(verify_consistency(old, new, &path).is_err());
            }
            for changed in flips(&[new.root]) {
                let new = TreeHead { root: changed[0], ..new };
                assert!(verify_consistency(old, new, &path).is_err());
            }
        }
    }
}

#[test]
fn refuses_every_flipped_bit_of_a_receipt() {
    for size in [1, 2, 3, 7, 8, 33, FLIPPED_SIZES] {
        let tree = tree(size);
        let text = receipt(&tree, size / 2).to_string();
        let keys = [key().verifier().clone()];
        let leaf = leaf_hash(&entry(size / 2));
        assert!(verifies(text.as_bytes(), &keys, leaf));
        for bit in 0..text.len() * 8 {
            let mut changed = text.clone().into_bytes();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!verifies(&changed, &keys, leaf), "bit {bit} of size {size}");
        }
    }
}

fn verifies(text: &[u8], keys: &[VerifierKey], leaf: Hash) -> bool {
    let receipt = str::from_utf8(text).ok().and_then(|text| Receipt::parse(text).ok());
    receipt.is_some_and(|receipt| receipt.verify(keys, Some(leaf)).is_ok())
}

#[test]
fn refuses_proofs_of_another_length() {
    let tree = tree(13);
    let (old, new) = (head(&tree, 6), head(&tree, 13));
    let leaf = leaf_hash(&entry(4));
    let path = inclusion(&tree, 4, 13).unwrap();
    let steps = consistency(&tree, 6, 13).unwrap();
    let longer = |path: &[Hash]| [path, &[[0; 32]]].concat();
    for changed in [longer(&path), path[1..].to_vec(), path[..path.len() - 1].to_vec(), vec![]] {
        assert!(verify_inclusion(&leaf, 4, 13, &changed, &new.root).is_err());
    }
    for changed in [longer(&steps), steps[1..].to_vec(), steps[..steps.len() - 1].to_vec(), vec![]]
    {
        assert!(verify_consistency(old, new, &changed).is_err());
    }
    let empty = TreeHead { size: 0, root: tree::empty_root() };
    assert!(verify_consistency(empty, new, &[[0; 32]]).is_err());
    assert!(verify_consistency(new, new, &[[0; 32]]).is_err());
    assert!(verify_consistency(new, old, &[]).is_err());
    assert!(verify_inclusion(&leaf, 13, 13, &path, &new.root).is_err());
    assert!(inclusion(&tree, 13, 13).is_err());
    assert!(consistency(&tree, 14, 13).is_err());
}

#[test]
fn refuses_receipts_that_are_written_otherwise() {
    let text = receipt(&tree(5), 3).to_string();
    let pairs: [(&str, &str); 9] = [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("index 3", "index 03"),
        ("index 3", "index +3"),
        ("index 3", "index  3"),
        ("index 3\n", ""),
        ("index 3\n", "index 3\r\n"),
        ("extra ", "extra  "),
        ("\n\nexample", "\n\n\nexample"),
        ("\u{2014} ", "- "),
    ];
    for (from, to) in pairs {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        assert!(Receipt::parse(&changed).is_err(), "{from:?} to {to:?}");
    }
    assert!(Receipt::parse(text.trim_end()).is_err());
    assert!(Receipt::parse("").is_err());
    assert_eq!(Receipt::parse(&text).unwrap().to_string(), text);
}

#[test]
fn proves_the_entry_in_the_receipt_where_no_leaf_is_given() {
    let tree = tree(9);
    let keys = [key().verifier().clone()];
    let mut receipt = receipt(&tree, 4);
    assert!(receipt.verify(&keys, None).is_ok());
    let other = leaf_hash(&entry(5));
    assert_eq!(receipt.verify(&keys, Some(other)), Err(ReceiptError::OtherLeaf));
    receipt.entry = Some(entry(5));
    assert_eq!(receipt.verify(&keys, None), Err(ReceiptError::Proof(ProofFault::Root)));
    receipt.entry = None;
    assert_eq!(receipt.verify(&keys, None), Err(ReceiptError::NoLeaf));
    assert!(receipt.verify(&keys, Some(leaf_hash(&entry(4)))).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn refuses_flipped_bits_of_proofs_in_larger_trees(
        size in FLIPPED_SIZES + 1..3_000,
        index in any::<proptest::sample::Index>(),
        old in any::<proptest::sample::Index>(),
        bits in prop::collection::vec(any::<proptest::sample::Index>(), 32),
    ) {
        let tree = tree(size);
        let new = head(&tree, size);
        let index = index.index(usize::try_from(size).unwrap()) as u64;
        let old = head(&tree, old.index(usize::try_from(size).unwrap()) as u64 + 1);
        let leaf = leaf_hash(&entry(index));
        let path = inclusion(&tree, index, size).unwrap();
        let steps = consistency(&tree, old.size, size).unwrap();
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &path, &new.root), Ok(()));
        prop_assert_eq!(verify_consistency(old, new, &steps), Ok(()));
        for bit in bits {
            let changed = flipped(&path, bit.index(path.len() * 256));
            prop_assert!(verify_inclusion(&leaf, index, size, &changed, &new.root).is_err());
            if !steps.is_empty() {
                let changed = flipped(&steps, bit.index(steps.len() * 256));
                prop_assert!(verify_consistency(old, new, &changed).is_err());
            }
        }
    }
}
