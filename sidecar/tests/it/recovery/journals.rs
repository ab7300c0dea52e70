//! The journals are the truth: they serve the same after a restart, and damage to them stops it.

use std::fs;
use std::path::{Path, PathBuf};

use makegood_core::ledger::EntryBody;
use makegood_core::ledger::invariants::check_replay;
use makegood_ledger::journal::reader::Reader;
use makegood_ledger::journal::{Config, Journal};
use makegood_proto::records::v1::{Envelope, RecordKind};
use makegood_proto::v1;
use makegood_sidecar::records;
use makegood_sidecar::token::Access;

use super::{shown, tell_story};
use crate::support::{Call, Makegood, Place, Rules, StoredLedger};

#[tokio::test]
async fn serves_the_same_after_a_restart_and_replays_to_the_live_state() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let before = tell_story(&call).await;
    let live = served.house().ledger_state().all_rows().unwrap();
    served.stop().await;
    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    check_replay(&ledger.entries, &live).unwrap();

    let served = place.serve().await;
    let call = Call { client: served.client("A-1", Access::Agent, Some("call-1")), ..call };
    assert_eq!(shown(call.panel().await), shown(before));
    assert_eq!(call.available().await, 200_000 - 5_500);
    assert_eq!(served.house().ledger_state().all_rows().unwrap(), live);
    served.stop().await;
}

/// The one segment of a journal.
fn segment(journal: &Path) -> PathBuf {
    let mut files = fs::read_dir(journal).unwrap().map(|it| it.unwrap().path());
    files.find(|it| it.extension().is_some_and(|it| it == "seg")).unwrap()
}

/// Where the payload of an entry begins in the file.
fn find(haystack: &[u8], needle: &[u8]) -> usize {
    haystack.windows(needle.len()).position(|it| it == needle).unwrap()
}

#[tokio::test]
async fn refuses_to_start_on_a_damaged_ledger_and_names_the_place() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    for _ in 0..3 {
        call.give(call.gift(100)).await.unwrap();
    }
    served.stop().await;
    let ledger = place.tenant_folder().join("ledger");
    let (file, position) = (segment(&ledger), 4_u64);
    let sound = fs::read(&file).unwrap();
    let payload = Reader::open(&ledger).unwrap().get(position).unwrap().unwrap().payload;
    let offset = find(&sound, &payload);

    let flipped = {
        let mut bytes = sound.clone();
        bytes[offset + payload.len() / 2] ^= 1;
        bytes
    };
    let zeroed = {
        let mut bytes = sound.clone();
        bytes[offset..offset + payload.len()].fill(0);
        bytes
    };
    let truncated = sound[..offset + 3].to_vec();
    for (what, bytes) in [("flipped", flipped), ("zeroed", zeroed), ("truncated", truncated)] {
        fs::write(&file, &bytes).unwrap();
        let refused = Makegood::refuses(&place);
        let said = String::from_utf8(refused.stderr).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        for text in [name, &format!("position {position}"), "nothing was changed"] {
            assert!(said.contains(text), "{what}: {text} is not in\n{said}");
        }
        assert_eq!(fs::read(&file).unwrap(), bytes, "{what}: a refused start changed the file");
    }
    fs::write(&file, &sound).unwrap();
    let served = place.serve().await;
    assert_eq!(served.entries().await.len(), 3 + 6);
    served.stop().await;
}

#[tokio::test]
async fn lets_no_second_process_on_the_folder() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let refused = Makegood::refuses(&place);
    let said = String::from_utf8(refused.stderr).unwrap();
    let pid = format!("in use by process {}", sidecar.pid());
    assert!(said.contains(&pid), "{said}");
    let error = place.try_open().await.err().unwrap();
    assert!(error.contains(&pid), "{error}");
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    call.give(call.gift(100)).await.unwrap();
    sidecar.kill();
    // A process that was killed leaves no lock behind.
    let served = place.serve().await;
    served.stop().await;
}

/// The notes that the records' journal holds, whether or not they count.
fn notes(place: &Place) -> Vec<Envelope> {
    let reader = Reader::open(&place.tenant_folder().join("records")).unwrap();
    let envelopes = reader.iter_from(0);
    let envelopes = envelopes.map(|it| records::decode(&it.unwrap().payload).unwrap());
    let is_note = |it: &Envelope| it.kind() == RecordKind::GestureNote;
    envelopes.filter(is_note).collect()
}

#[tokio::test]
async fn drops_records_whose_entry_the_ledger_has_not() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    tell_story(&call).await;
    served.stop().await;
    let stored = notes(&place);
    let [note] = stored.as_slice() else { panic!("{} notes", stored.len()) };
    let ledger = StoredLedger::read(&place.tenant_folder());
    let position = usize::try_from(note.ledger_position).unwrap();
    assert_eq!(note.ledger_leaf_hash, ledger.leaves[position]);
    assert!(matches!(ledger.entries[position].body, EntryBody::Reserved { .. }));

    // A crash between the two journals leaves a record behind whose entry was never written.
    let orphan = Envelope {
        ledger_leaf_hash: vec![9; 32],
        record_id: vec![9; 16],
        kind: RecordKind::Action.into(),
        ..note.clone()
    };
    let folder = place.tenant_folder().join("records");
    let (mut journal, _) = Journal::open(&folder, Config::default()).unwrap();
    journal.append(&[records::encode(&orphan)]).unwrap();
    journal.close().unwrap();

    let served = place.serve().await;
    let call = Call { client: served.client("A-1", Access::Agent, Some("call-1")), ..call };
    let request = v1::ListActionsRequest {
        customer_id: call.customer.clone(),
        ..v1::ListActionsRequest::default()
    };
    let listed = call.client.advocacy.clone().list_actions(request).await;
    let actions = listed.unwrap().into_inner().actions;
    assert_eq!(actions.len(), 1, "the record without its entry is dropped");
    assert_eq!(call.available().await, 200_000 - 5_500);
    served.stop().await;
}
