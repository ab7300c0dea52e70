//! A pause: seen by everybody, and nothing new is held while what is held goes on.

use makegood_core::ids::{AgentPid, RequestId};
use makegood_core::ledger::{Access, Act, Action, Caller, PauseReason};
use makegood_proto::v1;
use tonic::Code;

use super::scene::{Desk, RULES, Scene, approve, ask, decline};
use crate::support::{Expected, Place, Served, assert_refused};

/// Does something as an admin, as it comes to the house.
fn act(served: &Served<'_>, number: u8, act: Act) {
    let caller = Caller {
        agent: AgentPid::from_bytes([9; 15]),
        access: Access::Admin,
        role: "admin".parse().unwrap(),
        team: None,
        tenure_days: 0,
    };
    let action = Action::Act { request: Some(RequestId::from_bytes([number; 16])), act };
    // The writer is waited for, and no runtime may be.
    std::thread::scope(|scope| {
        scope.spawn(|| served.house().act(caller, action).unwrap());
    });
}

#[tokio::test]
async fn is_seen_at_once_and_forbids_what_is_new() {
    let place = Place::new(RULES);
    let scene = Scene::begin(&place).await;
    let (call, served) = (&scene.call, scene.served());
    let (request, consult) = scene.asked(1_500).await;
    let mut desk = Desk::open(served, "A-1", &["call-1"]).await;
    act(served, 1, Act::Pause { reason: PauseReason::Fraud, note: None });
    let panel = desk.next().await.panels.remove(0);
    assert_eq!(panel.pause.unwrap().reason(), v1::PauseReason::Fraud);
    assert!(panel.headroom.unwrap().pause.is_some());

    let paused =
        Expected { code: Code::FailedPrecondition, reason: "PAUSED", keys: &["pause_reason"] };
    let refused = call.give(call.gift(1)).await.unwrap_err();
    assert_refused("a gift", &refused, paused);
    let refused = call.ask(ask(call, 1_500)).await.unwrap_err();
    assert_refused("a question", &refused, paused);
    let refused = scene.lead().answer(approve(&consult, 1_500)).await.unwrap_err();
    assert_refused("an approval", &refused, paused);
    scene.lead().answer(decline(&consult)).await.unwrap();
    call.commit(&request.spend_id, 500).await.unwrap();

    act(served, 2, Act::Resume { note: None });
    let resumed = loop {
        let panel = desk.next().await.panels.remove(0);
        if panel.pause.is_none() {
            break panel;
        }
    };
    assert!(resumed.headroom.unwrap().pause.is_none());
    call.give(call.gift(1)).await.unwrap();
    drop(desk);
    scene.end().await;
}
