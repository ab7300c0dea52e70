//! What survives: restarts, a damaged read model, and what stops a start.

mod journals;
mod read_model;

use makegood_proto::v1;

use crate::support::{Call, id, until};

/// A call with a story: a gift, a hold that goes on, an action and a note.
async fn tell_story(call: &Call) -> v1::Panel {
    let gift = v1::GiveSpendRequest {
        note: "the parcel came twice too late".to_owned(),
        ..call.gift(4_500)
    };
    call.give(gift).await.unwrap();
    call.reserve(call.hold(1_000)).await.unwrap();
    let action = v1::LogActionRequest {
        action_id: id(),
        interaction_id: call.interaction.clone(),
        customer_id: call.customer.clone(),
        kind: v1::ActionKind::Apologised.into(),
        ..v1::LogActionRequest::default()
    };
    call.client.advocacy.clone().log_action(action).await.unwrap();
    call.panel().await
}

/// What a panel shows, without the moment at which it was made.
fn shown(panel: v1::Panel) -> v1::Panel {
    v1::Panel { as_of_time: None, revision: None, ..panel }
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
