//! The receipt of the newest gift, as a stranger verifies it: one file and the public key.

use std::fs;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use makegood_core::ledger::EntryBody;
use makegood_ledger::codec;
use serde_json::{Value, json};

use super::{Verdict, apart, command};
use crate::demo::Demo;

/// How far back the newest gift is looked for.
const LOOKED_AT: u64 = 1_000;

pub(in crate::demo) async fn serve(State(demo): State<Arc<Demo>>) -> Result<Json<Value>, Response> {
    demo.everything_is_signed().await;
    apart(&demo, prove).await.map(Json)
}

fn prove(demo: &Demo) -> anyhow::Result<Value> {
    let (position, stored) = newest_gift(demo)?.context("nothing was given yet")?;
    let spend = codec::decode(&stored)?.body.spend().context("a gift is of a gesture")?;
    let book = demo.house.book().context("the ledger is not proved yet; come again")?;
    let receipt = book.receipt(position, stored)?.to_string();
    let folder = demo.audit_folder();
    fs::create_dir_all(&folder)?;
    let file = folder.join("gesture.tlog-proof");
    fs::write(&file, &receipt)?;
    let keys = demo.public_keys()?;
    let proved = makegood_verify::receipt::verify(&file, &keys);
    let verdict = match proved {
        Ok(proved) => Verdict { is_ok: true, text: proved.to_string() },
        Err(wrong) => Verdict { is_ok: false, text: wrong.to_string() },
    };
    let key = keys.first().map(ToString::to_string).unwrap_or_default();
    let (data, makegood) = (demo.data.display(), command("makegood"));
    Ok(json!({
        "position": position,
        "receipt": receipt,
        "verdict": verdict,
        "by_hand": [
            format!("{makegood} checkpoint keys --data {data}"),
            format!("{makegood} checkpoint receipt --spend {spend} --data {data} > gesture.tlog-proof"),
            format!("{} receipt gesture.tlog-proof --key '{key}'", command("makegood-verify")),
        ],
    }))
}

/// The newest entry by which something was given, with its stored bytes.
fn newest_gift(demo: &Demo) -> anyhow::Result<Option<(u64, Vec<u8>)>> {
    let end = demo.house.ledger_state().entry_count();
    for position in (end.saturating_sub(LOOKED_AT)..end).rev() {
        let stored = demo.house.stored_entry(position)?.context("an entry that was written")?;
        if matches!(codec::decode(&stored)?.body, EntryBody::Committed { .. }) {
            return Ok(Some((position, stored)));
        }
    }
    Ok(None)
}
