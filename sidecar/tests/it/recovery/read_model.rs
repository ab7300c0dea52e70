//! The read model may be lost in any way and at any time: it is rebuilt, and giving goes on.

use std::fs;
use std::path::Path;

use makegood_proto::v1;
use makegood_sidecar::token::Access;

use super::{panel_when_ready, shown, tell_story};
use crate::support::{Call, Makegood, Place, Rules, id, until};

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
        bytes[..length].iter_mut().step_by(7).for_each(|byte| *byte ^= 0x5a);
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
        assert_eq!(shown(panel), shown(before.clone()), "{what}\n{}", running.log());
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
            call.give(call.gift(1)).await.unwrap_or_else(|status| panic!("{what}: {status:?}"));
            given += 1;
            sidecar.log().matches("read model ready").count() > rebuilds
        })
        .await;
        let panel = panel_when_ready(&call).await;
        let context = panel.context.unwrap();
        assert_eq!(context.customer.unwrap().display_name, "Maria Okafor", "{what}");
        assert_eq!(panel.actions.len(), 1, "{what}");
        assert_eq!(call.available().await, 200_000 - given, "{what}");
    }
    assert!(sidecar.log().contains("read model lost"), "{}", sidecar.log());
}

#[tokio::test]
async fn tells_open_desks_when_the_story_is_back() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    tell_story(&call).await;
    let request = v1::WatchDeskRequest {
        desk_id: id(),
        topics: vec![v1::DeskTopic { interaction_id: "call-1".to_owned(), lookup: None }],
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
    let start = v1::StartInteractionRequest { lookup: None, ..Call::start("call-1", "unused") };
    let mut after = None;
    until("the desk is answered", async || {
        let answer = client.interactions.clone().start_interaction(start.clone()).await;
        after = answer.ok().and_then(|it| it.into_inner().interaction);
        after.is_some()
    })
    .await;
    assert_eq!(after, before);
}
