//! What a witness refuses, case by case, and that it can never be led to two trees.

use proptest::prelude::*;

use super::*;
use crate::checkpoint::{Checkpoint, SigningKey};
use crate::proof::consistency;
use crate::tree::{self, MemoryTree, leaf_hash};

const ORIGIN: &str = "example.com/ledger";

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, KeyKind::Log, &[1; 32]).unwrap()
}

/// A tree whose leaves differ from those of another branch from `fork` on.
fn tree(size: u64, fork: u64, branch: u8) -> MemoryTree {
    let leaf = |position| if position < fork { leaf_hash(&[0]) } else { leaf_hash(&[branch]) };
    (0..size).map(leaf).collect()
}

fn head(tree: &MemoryTree, size: u64) -> TreeHead {
    TreeHead { size, root: tree::root(tree, size).unwrap() }
}

fn request(tree: &MemoryTree, old_size: u64, size: u64) -> AddCheckpoint {
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), head: head(tree, size) };
    let path = consistency(tree, old_size.min(size), size).unwrap();
    AddCheckpoint { old_size, path, checkpoint: checkpoint.sign(&[key()]) }
}

#[test]
fn answers_each_refusal_with_its_status() {
    let (tree, fork) = (tree(20, 20, 0), tree(20, 5, 1));
    let keys = [key().verifier().clone()];
    let seen = Some(head(&tree, 10));
    let other_key = SigningKey::from_seed(ORIGIN, KeyKind::Log, &[2; 32]).unwrap();
    let unsigned = AddCheckpoint {
        checkpoint: request(&tree, 10, 15).checkpoint.checkpoint().sign(&[other_key]),
        ..request(&tree, 10, 15)
    };
    let foreign = Checkpoint { origin: "example.com/other".to_owned(), head: head(&tree, 15) };
    let foreign = AddCheckpoint { checkpoint: foreign.sign(&[key()]), ..request(&tree, 10, 15) };
    let no_proof = AddCheckpoint { path: Vec::new(), ..request(&tree, 10, 15) };
    let cases = [
        ("goes on", request(&tree, 10, 15), seen, 200),
        ("stays", request(&tree, 10, 10), seen, 200),
        ("first", request(&tree, 0, 15), None, 200),
        ("first of an empty ledger", request(&tree, 0, 0), None, 200),
        ("old above new", request(&tree, 10, 9), seen, 400),
        ("shrinks", request(&tree, 9, 9), seen, 409),
        ("old size unknown", request(&tree, 12, 15), seen, 409),
        ("old size zero", request(&tree, 0, 15), seen, 409),
        ("nothing seen yet", request(&tree, 10, 15), None, 409),
        ("forks at this size", request(&fork, 10, 10), seen, 409),
        ("forks", request(&fork, 10, 15), seen, 422),
        ("no proof", no_proof, seen, 422),
        ("signed by another", unsigned, seen, 403),
        ("another ledger", foreign, seen, 404),
    ];
    for (name, request, seen, status) in cases {
        let decided = request.decide(&keys, seen);
        assert_eq!(decided.as_ref().map_or_else(Refusal::status, |_| 200), status, "{name}");
        let asked = request.checkpoint.head();
        match decided {
            Ok(head) => assert_eq!(head, asked, "{name}"),
            Err(refusal) => {
                let size = (status == 409).then_some(seen.map_or(0, |seen| seen.size));
                assert_eq!(refusal.size(), size, "{name}");
            }
        }
    }
}

#[test]
fn refuses_requests_that_cannot_be_read() {
    let body = request(&tree(20, 20, 0), 10, 15).to_string();
    assert_eq!(AddCheckpoint::parse(&body).unwrap().to_string(), body);
    let too_long =
        format!("old 10\n{}", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".repeat(60));
    let pairs = [
        ("old 10", "old 010"),
        ("old 10", "older 10"),
        ("old 10\n", ""),
        ("old 10\n", "old 10\nAAAA\n"),
        ("old 10\n", too_long.as_str()),
        ("\n\n", "\n"),
        ("\n15\n", "\n15\n15\n"),
    ];
    for (from, to) in pairs {
        let changed = body.replacen(from, to, 1);
        let refusal = AddCheckpoint::parse(&changed).expect_err(from);
        assert_eq!(refusal.status(), 400, "{from:?} to {to:?}");
    }
}

#[test]
fn takes_no_witness_for_a_ledger() {
    let witness = SigningKey::from_seed(ORIGIN, KeyKind::Witness, &[1; 32]).unwrap();
    let refused = request(&tree(3, 3, 0), 0, 3).decide(&[witness.verifier().clone()], None);
    assert!(matches!(refused, Err(Refusal::UnknownOrigin { .. })));
}

#[test]
fn keeps_each_ledger_in_a_file_of_its_own() {
    let name = |origin| state_file_name(origin);
    assert_eq!(name("a.example/b-1").as_deref(), Some("a.example_2fb-1.checkpoint"));
    assert_eq!(name("a.example_2fb-1").as_deref(), Some("a.example_5f2fb-1.checkpoint"));
    assert_eq!(name(".."), Some("...checkpoint".to_owned()));
    assert_eq!((name(""), name("a b"), name("a\nb")), (None, None, None));
}

proptest! {
    #[test]
    fn cosigns_one_line_of_trees_alone(
        fork in 0_u64..40,
        steps in prop::collection::vec((0_u64..60, 0_u64..60, 0_u8..2), 1..20),
    ) {
        let trees = [tree(60, fork, 0), tree(60, fork, 1)];
        let keys = [key().verifier().clone()];
        let mut seen = None;
        for (old_size, size, branch) in steps {
            let tree = &trees[usize::from(branch)];
            // As a log would ask, and as a confused one might.
            for old in [old_size, seen.map_or(0, |seen: TreeHead| seen.size)] {
                let Ok(next) = request(tree, old, size).decide(&keys, seen) else { continue };
                let before = seen.unwrap_or(head(tree, 0));
                prop_assert!(next.size >= before.size);
                prop_assert_eq!(tree::root(tree, before.size).unwrap(), before.root);
                seen = Some(next);
            }
        }
    }
}
