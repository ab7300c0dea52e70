//! How the panel looks in its host: theme, colours and sizes by value only, language, direction.

use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Document, HtmlElement};

use crate::js::{field, text};

/// The custom properties that a host may set.
const PROPERTIES: [&str; 15] = [
    "--makegood-font",
    "--makegood-font-size",
    "--makegood-radius",
    "--makegood-gap",
    "--makegood-surface",
    "--makegood-surface-raised",
    "--makegood-text",
    "--makegood-text-quiet",
    "--makegood-border",
    "--makegood-accent",
    "--makegood-accent-text",
    "--makegood-positive",
    "--makegood-caution",
    "--makegood-critical",
    "--makegood-focus-ring",
];

/// The functions that a value may call: none of them fetches or reads anything.
const FUNCTIONS: [&str; 8] = ["calc", "rgb", "rgba", "hsl", "hsla", "oklch", "oklab", "color-mix"];

/// The longest value that is taken.
const MAX_VALUE: usize = 200;

/// Takes a theme and its custom properties.
pub(crate) fn dress(document: &Document, message: &JsValue) -> Result<(), JsValue> {
    let Some(root) = document.document_element() else { return Ok(()) };
    let theme = text(message, "theme");
    if ["auto", "light", "dark", "contrast"].contains(&theme.as_str()) {
        root.set_attribute("data-theme", &theme)?;
    }
    let style = root.unchecked_ref::<HtmlElement>().style();
    let wanted = field(message, "vars");
    for property in PROPERTIES {
        let value = text(&wanted, property);
        // An empty value takes the property away.
        style.set_property(property, if is_plain(&value) { &value } else { "" })?;
    }
    Ok(())
}

/// Sets an attribute of the whole document.
pub(crate) fn set_root(document: &Document, name: &str, value: &str) -> Result<(), JsValue> {
    match document.document_element() {
        Some(root) if !value.is_empty() => root.set_attribute(name, value),
        _ => Ok(()),
    }
}

/// Whether a value is a colour, a length or a font, and nothing that could fetch or break out.
fn is_plain(value: &str) -> bool {
    let bytes = value.as_bytes();
    let mut word = 0;
    for (at, letter) in bytes.iter().enumerate() {
        match letter {
            b'(' if !FUNCTIONS.iter().any(|name| name.as_bytes() == &bytes[word..at]) => return false,
            b'a'..=b'z' | b'-' => continue,
            b'A'..=b'Z' | b'0'..=b'9' => {}
            b' ' | b'#' | b'%' | b'.' | b',' | b'(' | b')' | b'+' | b'/' | b'"' | b'\'' => {}
            _ => return false,
        }
        word = at + 1;
    }
    bytes.len() <= MAX_VALUE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_colours_lengths_and_fonts() {
        for value in ["#0b6b57", "rgb(11 107 87 / 50%)", "13px", "\"Segoe UI\", sans-serif", "calc(1px + 2px)"] {
            assert!(is_plain(value), "{value}");
        }
    }

    #[test]
    fn refuses_what_fetches_or_breaks_out() {
        let values = [
            "url(https://example.test)",
            "URL (x)",
            "image-set(\"a\" 1x)",
            "var(--secret)",
            "red; background: blue",
            "red}",
            "expression(alert(1))",
            "\\75rl(x)",
            "red!important",
        ];
        for value in values {
            assert!(!is_plain(value), "{value}");
        }
        assert!(!is_plain(&"a".repeat(201)));
    }
}
