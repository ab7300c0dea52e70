//! What a tab keeps across a reload, as hexadecimal in its own storage: notes that wait and spends
//! whose outcome is open. Never a token.

use wasm_bindgen::prelude::*;

use crate::format::joined;
use crate::host::Identity;

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
    drop(set_item(&key(who), &to_hex(bytes)));
}

/// What was kept for an agent.
pub(crate) fn recall(who: &Identity) -> Vec<u8> {
    let text = get_item(&key(who)).ok().flatten();
    text.and_then(|text| from_hex(&text)).unwrap_or_default()
}

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(if half < 10 { b'0' + half } else { b'a' + half - 10 }));
        }
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut letters = text.chars();
    while let Some(high) = letters.next() {
        let (high, low) = (high.to_digit(16)?, letters.next()?.to_digit(16)?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(from_hex(&to_hex(&bytes)), Some(bytes));
    }

    #[test]
    fn what_was_damaged_is_gone() {
        assert_eq!(from_hex("0"), None);
        assert_eq!(from_hex("0g"), None);
    }
}
