//! What a tab keeps across a reload, in its own storage: notes that wait and spends
//! whose outcome is open. Never a token.

use wasm_bindgen::prelude::*;

use crate::format::joined;
use crate::host::Identity;
use crate::js::{from_binary, to_binary};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = sessionStorage, js_name = getItem, catch)]
    fn get_item(key: &str) -> Result<Option<String>, JsValue>;
    #[wasm_bindgen(js_namespace = sessionStorage, js_name = setItem, catch)]
    fn set_item(key: &str, text: &str) -> Result<(), JsValue>;
}

fn key(who: &Identity) -> String {
    joined(&["makegood:", &who.tenant, ":", &who.agent])
}

/// Keeps bytes for an agent.
pub(crate) fn keep(who: &Identity, bytes: &[u8]) {
    // A full or forbidden store is no reason not to send what it was to survive.
    drop(set_item(&key(who), &to_binary(bytes)));
}

/// What was kept for an agent.
pub(crate) fn recall(who: &Identity) -> Vec<u8> {
    let text = get_item(&key(who)).ok().flatten();
    text.and_then(|text| from_binary(&text)).unwrap_or_default()
}
