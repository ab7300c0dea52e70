//! The ledger as the demo's page shows it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use makegood_core::ids::Digest;
use serde_json::{Value, json};

use super::Demo;
use crate::ledger::line::Line;

/// The page shows the newest entries.
const SHOWN: usize = 200;

pub(super) async fn serve(State(demo): State<Arc<Demo>>) -> Result<Json<Value>, StatusCode> {
    let lines = demo.house.newest_lines(SHOWN).map_err(|error| {
        tracing::error!(%error, "cannot list the ledger");
        StatusCode::INTERNAL_SERVER_ERROR
    })?;
    let rows = lines.iter().map(|(line, leaf)| row(&demo, line, leaf));
    Ok(Json(json!({ "rows": rows.collect::<Vec<_>>() })))
}

pub(super) fn row(demo: &Demo, line: &Line, leaf: &[u8; 32]) -> Value {
    let time = Timestamp::from_nanosecond(line.at.as_nanos().into());
    let headroom = line.headroom.as_ref();
    json!({
        "position": line.position,
        "time": time.map(|time| time.to_string()).unwrap_or_default(),
        "kind": line.kind,
        "who": line.agent.map(|pid| demo.house.agent_name(&pid)).unwrap_or_default(),
        "for_whom": line.customer.map(|pid| demo.house.customer_name(&pid)).unwrap_or_default(),
        "why": demo.house.reason_label(&line.why),
        "amount_minor": line.amount_minor,
        "currency_code": line.currency.map_or("USD", |(code, _)| code),
        "before_minor": headroom.map(|(_, before, _)| before),
        "after_minor": headroom.map(|(_, _, after)| after),
        "leaf_hash": Digest::from_bytes(*leaf).to_string(),
    })
}
