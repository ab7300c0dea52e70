//! Who sits at the demo's desks and who can call.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Demo;
use crate::generate;

/// How many desks the page shows.
const DESK_COUNT: u32 = 2;

pub(super) async fn serve(State(demo): State<Arc<Demo>>) -> Json<Value> {
    // The first employees are the same under every seed.
    let agents = generate::staff(0, DESK_COUNT);
    let agents = agents
        .iter()
        .take(DESK_COUNT as usize)
        .map(|agent| json!({ "id": agent.id, "name": agent.name, "role": agent.role }));
    let callers = generate::cast();
    let callers = callers.iter().map(|caller| {
        let story = match caller.id {
            generate::MARIA => "call",
            generate::INES => "over",
            _ => "",
        };
        json!({ "name": caller.name, "phone": caller.phone, "note": caller.note, "story": story })
    });
    Json(json!({
        "agents": agents.collect::<Vec<_>>(),
        "callers": callers.collect::<Vec<_>>(),
        "sidecar": demo.sidecar(),
    }))
}
