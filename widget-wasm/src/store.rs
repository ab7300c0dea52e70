//! What a tab keeps across a reload, as hexadecimal in its own storage: notes that wait and spends
//! whose outcome is open. Never a token.

use web_sys::Storage;

use crate::host::Identity;

fn storage() -> Option<Storage> {
    // A browser may forbid it: then nothing survives a reload.
    web_sys::window()?.session_storage().ok().flatten()
}

fn key(who: &Identity) -> String {
    ["makegood:", &who.tenant, ":", &who.agent].concat()
}

/// Keeps bytes for an agent; nothing is kept of nothing.
pub(crate) fn keep(who: &Identity, bytes: &[u8]) {
    let Some(storage) = storage() else { return };
    let key = key(who);
    // A full store is no reason not to send what it was to survive.
    drop(if bytes.is_empty() { storage.remove_item(&key) } else { storage.set_item(&key, &to_hex(bytes)) });
}

/// What was kept for an agent.
pub(crate) fn recall(who: &Identity) -> Vec<u8> {
    let text = storage().and_then(|storage| storage.get_item(&key(who)).ok().flatten());
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
