//! What proves the ledger, over real connections: checkpoints, receipts, tiles, and a witness.

mod rollback;
mod witness;

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use makegood_ledger::checkpoint::{KeyKind, SignedCheckpoint, SigningKey, VerifierKey};
use makegood_ledger::proof::{Receipt, TreeHead, verify_consistency, verify_inclusion};
use makegood_ledger::tree::Hash;
use makegood_proto::v1;
use makegood_proto::v1::get_receipt_request::Entry;
use makegood_sidecar::token::Access;
use tonic::Code;

use crate::support::{Ask, Makegood, Place, Rules, Served, id, makegood};

/// The public keys of the place's ledger.
pub(super) fn keys(place: &Place) -> Vec<VerifierKey> {
    let folder = place.tenant_folder().join("signing");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let publics = files.filter(|path| path.extension().is_some_and(|it| it == "vkey"));
    let read = |path| VerifierKey::parse(std::fs::read_to_string(path).unwrap().trim()).unwrap();
    publics.map(read).collect()
}

/// Flags of a sidecar that is served for real under the keys of the place, and more.
pub(super) fn production(place: &Place, more: &[&str]) -> Vec<String> {
    let kek = place.data().join("development-kek");
    let pem = token_key(place);
    let own = ["--mode", "production", "--kek-file", kek.to_str().unwrap(), "--token-keys"];
    let flags = [own.as_slice(), &[pem.to_str().unwrap()], more].concat();
    flags.into_iter().map(ToOwned::to_owned).collect()
}

/// The public half of the key that signs the place's tokens, as a vendor would hand it in.
fn token_key(place: &Place) -> PathBuf {
    const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
    let pem = std::fs::read_to_string(place.data().join("development-token-key.pem")).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    // PKCS#8 of an Ed25519 key: the seed follows 16 bytes that are always the same.
    let seed: [u8; 32] = STANDARD.decode(body).unwrap()[16..48].try_into().unwrap();
    let key = SigningKey::from_seed("any", KeyKind::Log, &seed).unwrap().verifier().to_string();
    // The last of three parts; its base64 may hold plus signs itself.
    let public = STANDARD.decode(key.splitn(3, '+').nth(2).unwrap()).unwrap();
    let spki = STANDARD.encode([SPKI.as_slice(), &public[1..]].concat());
    let file = place.beside("development.pem");
    let text = format!("-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----\n");
    std::fs::write(&file, text).unwrap();
    file
}

pub(super) fn serve<'a>(place: &'a Place, flags: &[String]) -> Makegood<'a> {
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    Makegood::serve_with(place, &flags)
}

/// Copies a folder that nobody writes to.
pub(super) fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(copied.success());
}

fn hashes(stored: &[Vec<u8>]) -> Vec<Hash> {
    stored.iter().map(|hash| hash.as_slice().try_into().unwrap()).collect()
}

fn head(size: i64, root: &[u8]) -> TreeHead {
    TreeHead { size: size.cast_unsigned(), root: root.try_into().unwrap() }
}

async fn receipt(served: &Served<'_>, entry: Entry) -> v1::GetReceiptResponse {
    let mut client = served.client("R-1", Access::Auditor, None);
    let request = v1::GetReceiptRequest { entry: Some(entry) };
    client.ledger.get_receipt(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn proves_a_gift_right_after_it_was_acknowledged() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let (spend, answered) = call.given(12_50).await;
    for entry in [Entry::Position(answered.ledger_position), Entry::SpendId(spend)] {
        let got = receipt(&served, entry).await;
        let text = Receipt::parse(&got.receipt).unwrap();
        let leaf: Hash = got.leaf_hash.as_slice().try_into().unwrap();
        text.verify(&keys(&place), Some(leaf)).unwrap();
        assert_eq!(got.position, answered.ledger_position);
        assert_eq!(got.leaf_hash, answered.leaf_hash);
    }
    served.stop().await;
}

#[tokio::test]
async fn proves_inclusion_and_consistency_up_to_the_newest_checkpoint() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    for _ in 0..3 {
        call.give(call.gift(1_00)).await.unwrap();
    }
    let last = served.house().ledger_state().entry_count() - 1;
    receipt(&served, Entry::Position(last.cast_signed())).await;
    let mut client = served.client("R-1", Access::Auditor, None).ledger;
    let newest = client.get_checkpoint(v1::GetCheckpointRequest {}).await.unwrap().into_inner();
    let checkpoint = SignedCheckpoint::parse(&newest.checkpoint).unwrap();
    checkpoint.verify(&keys(&place)).unwrap();
    assert_eq!(checkpoint.checkpoint().origin, "makegood.invalid/house/ledger");
    assert_eq!(head(newest.size, &newest.root_hash), checkpoint.head());
    for position in 0..newest.size {
        let request = v1::GetInclusionProofRequest { position, size: 0 };
        let proof = client.get_inclusion_proof(request).await.unwrap().into_inner();
        let head = head(proof.size, &proof.root_hash);
        let leaf = proof.leaf_hash.as_slice().try_into().unwrap();
        let path = hashes(&proof.hashes);
        let index = position.cast_unsigned();
        verify_inclusion(&leaf, index, head.size, &path, &head.root).unwrap();
        assert_eq!(head, checkpoint.head());
    }
    for old_size in 1..=newest.size {
        let request = v1::GetConsistencyProofRequest { old_size, size: 0 };
        let proof = client.get_consistency_proof(request).await.unwrap().into_inner();
        let old = head(old_size, &proof.old_root_hash);
        verify_consistency(old, checkpoint.head(), &hashes(&proof.hashes)).unwrap();
    }
    let beyond = v1::GetInclusionProofRequest { position: newest.size, size: 0 };
    assert_eq!(
        client.get_inclusion_proof(beyond).await.unwrap_err().code(),
        Code::FailedPrecondition
    );
    let negative = v1::GetConsistencyProofRequest { old_size: -1, size: 0 };
    let refused = client.get_consistency_proof(negative).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    served.stop().await;
}

#[tokio::test]
async fn gives_agents_the_receipts_of_their_own_entries_alone() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let (spend, _) = call.given(5_00).await;
    let request = || v1::GetReceiptRequest { entry: Some(Entry::SpendId(spend.clone())) };
    call.client.ledger.clone().get_receipt(request()).await.unwrap();
    let mut other = served.client("A-2", Access::Agent, Some("call-2")).ledger;
    let refused = other.get_receipt(request()).await.unwrap_err();
    let unknown = v1::GetReceiptRequest { entry: Some(Entry::SpendId(id())) };
    let not_found = other.get_receipt(unknown).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(refused.message(), not_found.message(), "nobody learns that it is somebody else's");
    served.stop().await;
}

#[tokio::test]
async fn serves_the_tree_as_files_to_reviewers_alone() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    call.give(call.gift(5_00)).await.unwrap();
    let size = served.house().ledger_state().entry_count();
    receipt(&served, Entry::Position(size.cast_signed() - 1)).await;
    let paths = [
        "/tlog/checkpoint".to_owned(),
        format!("/tlog/tile/0/000.p/{size}"),
        format!("/tlog/tile/entries/000.p/{size}"),
    ];
    let token = |access| format!("Bearer {}", place.token("R-1", access, None));
    for path in &paths {
        let plain = Ask::get(path);
        assert_eq!(plain.send(served.address()).await.status, 401, "{path}");
        let agent = format!("Bearer {}", place.token("A-1", Access::Agent, Some("call-1")));
        let asked = Ask::get(path).with("authorization", &agent);
        assert_eq!(asked.send(served.address()).await.status, 403, "{path}");
        let asked = Ask::get(path).with("authorization", &token(Access::Auditor));
        let answer = asked.send(served.address()).await;
        assert_eq!(answer.status, 200, "{path}");
        let file = place.tenant_folder().join("tree").join(path.trim_start_matches("/tlog/"));
        assert_eq!(answer.body, std::fs::read(file).unwrap(), "{path}");
    }
    for path in
        ["/tlog/tile/0/001", "/tlog/tile/0/000.p/255", "/tlog/tile/0/../../keys", "/tlog/keys"]
    {
        let asked = Ask::get(path).with("authorization", &token(Access::Auditor));
        assert_eq!(asked.send(served.address()).await.status, 404, "{path}");
    }
    served.stop().await;
}

#[tokio::test]
async fn makes_receipts_from_the_files_alone() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let (spend, given) = call.given(5_00).await;
    let held = call.hold(3_00);
    let held_spend = held.spend_id.clone();
    let reserved = call.reserve(held).await.unwrap().receipt.unwrap();
    served.stop().await;
    let data = place.data();
    let data = data.to_str().unwrap();
    let run = |args: &[&str]| {
        let output = makegood(args).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run(&["checkpoint", "receipt", "--spend", &spend, "--data", data]);
    let position = |text: &str| Receipt::parse(text).unwrap().index.cast_signed();
    assert_eq!(position(&text), given.ledger_position, "a gift is proved, not its reservation");
    let of_hold = run(&["checkpoint", "receipt", "--spend", &held_spend, "--data", data]);
    assert_eq!(position(&of_hold), reserved.ledger_position);
    let first = run(&["checkpoint", "receipt", "--entry", "0", "--data", data]);
    assert_eq!(position(&first), 0);
    let file = place.beside("gift.tlog-proof");
    std::fs::write(&file, &text).unwrap();
    let listed = run(&["checkpoint", "keys", "--json", "--data", data]);
    let listed: serde_json::Value = serde_json::from_str(listed.trim()).unwrap();
    let key = listed["vkey"].as_str().unwrap();
    let verified = run(&["checkpoint", "verify", file.to_str().unwrap(), "--key", key]);
    assert!(verified.contains("makegood.invalid/house/ledger"), "{verified}");
    let shown = run(&["checkpoint", "show", "--data", data]);
    SignedCheckpoint::parse(&shown).unwrap().verify(&keys(&place)).unwrap();
}
