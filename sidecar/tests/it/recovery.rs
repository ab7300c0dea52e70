//! What survives: restarts, a damaged read model, and what stops a start.

use std::fs;
use std::path::{Path, PathBuf};

use makegood_core::ledger::EntryBody;
use makegood_core::ledger::invariants::check_replay;
use makegood_proto::records::v1::{Envelope, RecordKind};
use makegood_proto::v1;
use makegood_sidecar::journal::reader::Reader;
use makegood_sidecar::journal::{Config, Journal};
use makegood_sidecar::records;
use makegood_sidecar::token::Access;

use crate::support::{Call, Makegood, Place, Rules, StoredLedger, until};

/// A call with a story: a gift, a hold that goes on, an action and a note.
async fn tell_story(call: &Call) -> v1::Panel {
    let gift = v1::GiveSpendRequest {
        note: "the parcel came twice too late".to_owned(),
        ..call.gift(4_500)
    };
    call.give(gift).await.unwrap();
    call.reserve(call.hold(1_000)).await.unwrap();
    let action = v1::LogActionRequest {
        action_id: crate::support::id(),
        interaction_id: call.interaction.clone(),
        customer_id: call.customer.clone(),
        kind: v1::ActionKind::Apologised.into(),
        ..v1::LogActionRequest::default()
    };
    call.client
        .advocacy
        .clone()
        .log_action(action)
        .await
        .unwrap();
    call.panel().await
}

/// What a panel shows, without the moment at which it was made.
fn shown(panel: v1::Panel) -> v1::Panel {
    v1::Panel {
        as_of_time: None,
        revision: None,
        ..panel
    }
}

/// The panel, once history is there.
async fn panel_when_ready(call: &Call) -> v1::Panel {
    let mut panel = None;
    until("history is ready", async || {
        let found = call.try_panel().await.ok();
        panel = found.filter(|it| it.history_state() == v1::HistoryState::Ready);
        panel.is_some()
    })
    .await;
    panel.unwrap()
}

#[tokio::test]
async fn serves_the_same_after_a_restart_and_replays_to_the_live_state() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let before = tell_story(&call).await;
    let live = served.house().ledger_state().rows().clone();
    served.stop().await;
    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    check_replay(&ledger.entries, &live).unwrap();

    let served = place.serve().await;
    let call = Call {
        client: served.client("A-1", Access::Agent, Some("call-1")),
        ..call
    };
    assert_eq!(shown(call.panel().await), shown(before));
    assert_eq!(call.available().await, 200_000 - 5_500);
    assert_eq!(*served.house().ledger_state().rows(), live);
    served.stop().await;
}

type Damage = fn(&Path);

/// Ways in which the folder of the read model can be lost between two runs.
const DAMAGES: [(&str, Damage); 5] = [
    ("deleted", |folder| fs::remove_dir_all(folder).unwrap()),
    ("emptied", |folder| {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                fs::remove_dir_all(path).unwrap();
            } else {
                fs::remove_file(path).unwrap();
            }
        }
    }),
    ("truncated", |folder| {
        let file = fs::OpenOptions::new().write(true).open(folder.join("db"));
        file.unwrap().set_len(700).unwrap();
    }),
    ("overwritten", |folder| {
        let path = folder.join("db");
        let mut bytes = fs::read(&path).unwrap();
        let length = bytes.len().min(1 << 20);
        bytes[..length]
            .iter_mut()
            .step_by(7)
            .for_each(|byte| *byte ^= 0x5a);
        fs::write(path, bytes).unwrap();
    }),
    ("replaced by a file", |folder| {
        fs::remove_dir_all(folder).unwrap();
        fs::write(folder, b"not a folder").unwrap();
    }),
];

#[tokio::test]
async fn rebuilds_a_read_model_that_was_lost_between_two_runs() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    let before = tell_story(&call).await;
    let mut sidecar = Some(sidecar);
    for (what, damage) in DAMAGES {
        let running = sidecar.take().unwrap();
        running.end().await;
        damage(&place.tenant_folder().join("read-model"));
        let running = Makegood::serve(&place);
        let call = running.resume(&call, "A-1").await;
        let panel = panel_when_ready(&call).await;
        assert_eq!(
            shown(panel),
            shown(before.clone()),
            "{what}\n{}",
            running.log()
        );
        assert_eq!(call.available().await, 200_000 - 5_500, "{what}");
        sidecar = Some(running);
    }
}

/// Ways in which it can be lost under a sidecar that runs.
const LIVE_DAMAGES: [(&str, Damage); 2] = [DAMAGES[0], DAMAGES[1]];

#[tokio::test]
async fn goes_on_giving_while_a_read_model_is_lost_and_rebuilt() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    tell_story(&call).await;
    let mut given = 5_500;
    for (what, damage) in LIVE_DAMAGES {
        let rebuilds = sidecar.log().matches("read model ready").count();
        damage(&place.tenant_folder().join("read-model"));
        // It is noticed at the next sync at the latest.
        until("the read model is rebuilt", async || {
            call.give(call.gift(1))
                .await
                .unwrap_or_else(|status| panic!("{what}: {status:?}"));
            given += 1;
            sidecar.log().matches("read model ready").count() > rebuilds
        })
        .await;
        let panel = panel_when_ready(&call).await;
        let context = panel.context.unwrap();
        assert_eq!(
            context.customer.unwrap().display_name,
            "Maria Okafor",
            "{what}"
        );
        assert_eq!(panel.actions.len(), 1, "{what}");
        assert_eq!(call.available().await, 200_000 - given, "{what}");
    }
    assert!(
        sidecar.log().contains("read model lost"),
        "{}",
        sidecar.log()
    );
}

#[tokio::test]
async fn tells_open_desks_when_the_story_is_back() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    tell_story(&call).await;
    let request = v1::WatchDeskRequest {
        desk_id: crate::support::id(),
        topics: vec![v1::DeskTopic {
            interaction_id: "call-1".to_owned(),
            lookup: None,
        }],
        resume_revision: None,
    };
    let desk = call.client.desk.clone().watch_desk(request).await;
    let mut desk = desk.unwrap().into_inner();
    let first = desk.message().await.unwrap().unwrap();
    assert_eq!(first.panels.len(), 1);

    fs::remove_dir_all(place.tenant_folder().join("read-model")).unwrap();
    // Nobody does anything meanwhile: heartbeats have no panels.
    let again = loop {
        let mut message = desk.message().await.unwrap().unwrap();
        let ready = |it: &v1::Panel| it.history_state() == v1::HistoryState::Ready;
        if message.panels.first().is_some_and(ready) {
            break message.panels.remove(0);
        }
    };
    assert_eq!(shown(again), shown(first.panels[0].clone()));
    assert!(sidecar.log().matches("read model ready").count() > 1);
}

/// The one segment of a journal.
fn segment(journal: &Path) -> PathBuf {
    let mut files = fs::read_dir(journal).unwrap().map(|it| it.unwrap().path());
    files
        .find(|it| it.extension().is_some_and(|it| it == "seg"))
        .unwrap()
}

/// Where the payload of an entry begins in the file.
fn find(haystack: &[u8], needle: &[u8]) -> usize {
    haystack
        .windows(needle.len())
        .position(|it| it == needle)
        .unwrap()
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
    let payload = Reader::open(&ledger)
        .unwrap()
        .get(position)
        .unwrap()
        .unwrap()
        .payload;
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
    for (what, bytes) in [
        ("flipped", flipped),
        ("zeroed", zeroed),
        ("truncated", truncated),
    ] {
        fs::write(&file, &bytes).unwrap();
        let refused = Makegood::refuses(&place);
        let said = String::from_utf8(refused.stderr).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        for text in [name, &format!("position {position}"), "nothing was changed"] {
            assert!(said.contains(text), "{what}: {text} is not in\n{said}");
        }
        assert_eq!(
            fs::read(&file).unwrap(),
            bytes,
            "{what}: a refused start changed the file"
        );
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
    let [note] = stored.as_slice() else {
        panic!("{} notes", stored.len())
    };
    let ledger = StoredLedger::read(&place.tenant_folder());
    let position = usize::try_from(note.ledger_position).unwrap();
    assert_eq!(note.ledger_leaf_hash, ledger.leaves[position]);
    assert!(matches!(
        ledger.entries[position].body,
        EntryBody::Reserved { .. }
    ));

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
    let call = Call {
        client: served.client("A-1", Access::Agent, Some("call-1")),
        ..call
    };
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

#[tokio::test]
async fn never_begins_a_call_anew_that_history_has_not_reached_yet() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    place.crowd(2_000).await;
    let served = place.serve().await;
    let client = served.client("A-1", Access::Agent, Some("call-1"));
    let start = v1::StartInteractionRequest {
        case_id: "case-1".to_owned(),
        reason: "a late parcel".to_owned(),
        ..Call::start("call-1", "C-1")
    };
    let started = client.interactions.clone().start_interaction(start).await;
    let before = started.unwrap().into_inner().interaction;
    served.stop().await;

    fs::remove_dir_all(place.tenant_folder().join("read-model")).unwrap();
    let sidecar = Makegood::serve(&place);
    let client = sidecar.client("A-1", Access::Agent, Some("call-1")).await;
    // A desk that comes back says again what rings there, as soon as it is let.
    let start = v1::StartInteractionRequest {
        lookup: None,
        ..Call::start("call-1", "unused")
    };
    let mut after = None;
    until("the desk is answered", async || {
        let answer = client
            .interactions
            .clone()
            .start_interaction(start.clone())
            .await;
        after = answer.ok().and_then(|it| it.into_inner().interaction);
        after.is_some()
    })
    .await;
    assert_eq!(after, before);
}
