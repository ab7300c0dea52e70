//! Notes of other tools are read, and nothing that is written otherwise.

use super::*;
use crate::tree::leaf_hash;

const ORIGIN: &str = "example.com/makegood/ledger";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(ORIGIN, KeyKind::Log, &[seed; 32]).unwrap()
}

fn witness(seed: u8) -> SigningKey {
    SigningKey::from_seed("witness.example", KeyKind::Witness, &[seed; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    let head = TreeHead { size: 20_852_163, root: leaf_hash(b"root") };
    Checkpoint { origin: ORIGIN.to_owned(), head }
}

#[test]
fn reads_and_verifies_the_note_of_the_go_implementation() {
    // The example of the documentation of Go's package golang.org/x/mod/sumdb/note.
    let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let note = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n\
                \n\
                \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let key = VerifierKey::parse(vkey).unwrap();
    let secret = SigningKey::parse(skey).unwrap();
    let read = Note::parse(note).unwrap();
    assert_eq!(key.verify(&read.text, &read.signatures[0]), Some(0));
    assert_eq!(secret.sign(&read.text, 0), read.signatures[0]);
    assert_eq!(secret.verifier(), &key);
    assert_eq!(
        (secret.secret_text(), key.to_string(), read.to_string()),
        (skey.to_owned(), vkey.to_owned(), note.to_owned())
    );
}

#[test]
fn takes_either_key_during_a_rotation() {
    let signed = checkpoint().sign(&[key(1), key(2)]);
    let read = SignedCheckpoint::parse(&signed.to_string()).unwrap();
    assert_eq!(read, signed);
    for seed in [1, 2] {
        let vouched = read.verify(&[key(seed).verifier().clone()]).unwrap();
        assert_eq!(vouched.logs, [key(seed).verifier().id()]);
    }
    let both = [key(1).verifier().clone(), key(2).verifier().clone()];
    assert_eq!(read.verify(&both).unwrap().logs.len(), 2);
    let unknown = read.verify(&[key(3).verifier().clone()]);
    assert_eq!(unknown, Err(CheckpointError::Unsigned));
}

#[test]
fn tells_who_has_cosigned_and_when() {
    let mut signed = checkpoint().sign(&[key(1)]);
    signed.add(signed.cosign(&witness(8), 1_700_000_000));
    signed.add(signed.cosign(&witness(8), 1_700_000_060));
    assert_eq!(signed.signatures().len(), 2, "a newer cosignature takes the older one's place");
    let keys = [key(1).verifier().clone(), witness(8).verifier().clone()];
    let vouched = SignedCheckpoint::parse(&signed.to_string()).unwrap().verify(&keys).unwrap();
    assert_eq!(vouched.witnesses, [("witness.example".to_owned(), 1_700_000_060)]);
    let alone = signed.verify(&[witness(8).verifier().clone()]);
    assert_eq!(alone, Err(CheckpointError::Unsigned), "a witness is not the ledger");
}

#[test]
fn refuses_a_wrong_signature_of_a_known_key_beside_a_right_one() {
    let mut signed = checkpoint().sign(&[key(1), key(2)]);
    signed.note.signatures[1].bytes[5] ^= 1;
    let both = [key(1).verifier().clone(), key(2).verifier().clone()];
    assert!(matches!(signed.verify(&both), Err(CheckpointError::Signature { .. })));
    assert!(signed.verify(&both[..1]).is_ok(), "what is unknown is passed over");
}

#[test]
fn refuses_a_key_of_another_ledger() {
    let other = SigningKey::from_seed("example.com/other", KeyKind::Log, &[1; 32]).unwrap();
    let signed = checkpoint().sign(std::slice::from_ref(&other));
    let refused = signed.verify(&[other.verifier().clone()]);
    assert!(matches!(refused, Err(CheckpointError::Origin { .. })));
}

#[test]
fn refuses_every_flipped_bit_of_a_checkpoint() {
    let text = checkpoint().sign(&[key(1)]).to_string();
    let keys = [key(1).verifier().clone()];
    for bit in 0..text.len() * 8 {
        let mut changed = text.clone().into_bytes();
        changed[bit / 8] ^= 1 << (bit % 8);
        let read = str::from_utf8(&changed).ok().and_then(|it| SignedCheckpoint::parse(it).ok());
        assert!(read.is_none_or(|read| read.verify(&keys).is_err()), "bit {bit}");
    }
}

#[test]
fn refuses_texts_that_are_no_checkpoints() {
    let root = BASE64.encode([1; 32]);
    let cases = [
        (String::new(), 1),
        ("two words\n5\n".to_owned(), 1),
        (format!("a+b\n5\n{root}\n"), 1),
        (format!("origin\n05\n{root}\n"), 2),
        (format!("origin\n+5\n{root}\n"), 2),
        (format!("origin\n-5\n{root}\n"), 2),
        (format!("origin\n18446744073709551616\n{root}\n"), 2),
        (format!("origin\n5\n{}\n", &root[1..]), 3),
        (format!("origin\n5\n{}\n", root.trim_end_matches('=')), 3),
        (format!("origin\n5\n {root}\n"), 3),
        (format!("origin\n5\n{root}\nextension\n"), 4),
        (format!("origin\n5\n{root}\n\n"), 4),
        (format!("origin\n5\n{root}"), 4),
    ];
    for (text, expected) in cases {
        match Checkpoint::parse(&text) {
            Err(CheckpointError::Line { line, .. }) => assert_eq!(line, expected, "{text:?}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

#[test]
fn keeps_every_issued_checkpoint_and_cuts_a_torn_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoints");
    let (mut issued, none) = Issued::open(&path).unwrap();
    assert_eq!(none, None);
    let of = |size| {
        let head = TreeHead { size, root: leaf_hash(&[0]) };
        Checkpoint { head, ..checkpoint() }.sign(&[key(1), key(2)])
    };
    for size in 0..3 {
        issued.append(&of(size)).unwrap();
    }
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(read_issued(&path).unwrap(), [of(0), of(1), of(2)]);
    // Whatever a crash leaves of a fourth one.
    let fourth = format!("{}\n", of(3));
    for length in 0..fourth.len() {
        std::fs::write(&path, [whole.as_slice(), &fourth.as_bytes()[..length]].concat()).unwrap();
        assert_eq!(Issued::open(&path).unwrap().1, Some(of(2)));
        assert_eq!(std::fs::read(&path).unwrap(), whole, "{length} bytes");
    }
    let mut changed = whole.clone();
    changed[10] = b' ';
    std::fs::write(&path, changed).unwrap();
    let refused = Issued::open(&path).unwrap_err();
    assert!(matches!(refused, IssuedError::Damaged { offset: 0, .. }), "{refused}");
}

#[test]
fn finds_the_last_checkpoint_of_a_long_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoints");
    let of = |size| {
        let head = TreeHead { size, root: leaf_hash(&[0]) };
        Checkpoint { head, ..checkpoint() }.sign(&[key(1), key(2)])
    };
    let note = |size| format!("{}\n", of(size));
    // Longer than what a start reads, at every offset that a note can have there.
    let all = (0..2_000).map(note).collect::<String>();
    for cut in 0..note(1).len() {
        std::fs::write(&path, &all[note(0).len() * cut.min(1)..]).unwrap();
        let longer = format!("{}{}", " ".repeat(cut), note(9));
        std::fs::write(&path, format!("{all}{}", &longer[..longer.len() - 1])).unwrap();
        let found = Issued::open(&path).unwrap().1.map(|it| it.head().size);
        assert_eq!(found, Some(1_999), "{cut}");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), all.len() as u64);
    }
    assert_eq!(read_issued(&path).unwrap().len(), 2_000);
}

#[test]
fn refuses_texts_that_are_no_keys() {
    let vkey = key(1).verifier().to_string();
    let (start, encoded) = vkey.rsplit_once('+').unwrap();
    let bytes = BASE64.decode(encoded).unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        format!("{start}+{}", BASE64.encode(bytes))
    };
    let cases = [
        (String::new(), KeyError::Form),
        ("name".to_owned(), KeyError::Form),
        (format!("{start}+!"), KeyError::Form),
        (with(&|bytes| bytes.clear()), KeyError::Form),
        (with(&|bytes| bytes[0] = 6), KeyError::Kind { kind: 6 }),
        (with(&|bytes| bytes.truncate(32)), KeyError::Bytes),
        (with(&|bytes| bytes[1..].fill(0)), KeyError::Bytes),
        (vkey.replacen("example", "elpmaxe", 1), KeyError::Id),
        (vkey.replacen("example", "exa mple", 1), KeyError::Name),
    ];
    for (text, expected) in cases {
        assert_eq!(VerifierKey::parse(&text), Err(expected), "{text:?}");
    }
    assert_eq!(VerifierKey::parse(&vkey).unwrap().to_string(), vkey);
    let secret = key(1).secret_text();
    assert!(!format!("{:?}", key(1)).contains(&secret[secret.len() - 20..]));
}
