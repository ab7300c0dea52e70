//! How the panel looks in its host: theme, colours and sizes by value only, language, direction.

use wasm_bindgen::JsValue;

use crate::js::{field, find, set_style, text};

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

/// The themes that there are.
const THEMES: [&str; 4] = ["auto", "light", "dark", "contrast"];

/// The longest value that is taken.
const MAX_VALUE: usize = 200;

/// Takes a theme and its custom properties.
pub(crate) fn dress(message: &JsValue) {
    let theme = text(message, "theme");
    if THEMES.iter().any(|known| *known == theme) {
        set_root("data-theme", &theme);
    }
    let wanted = field(message, "vars");
    let Some(root) = find(":root") else { return };
    for property in &PROPERTIES {
        let value = text(&wanted, property);
        // An empty value takes the property away.
        set_style(&root, property, if is_plain(&value) { &value } else { "" });
    }
}

/// Sets an attribute of the whole document.
pub(crate) fn set_root(name: &str, value: &str) {
    if let (Some(root), false) = (find(":root"), value.is_empty()) {
        root.set_attribute(name, value);
    }
}

/// Whether a value is a colour, a length or a font, and nothing that could fetch or break out.
fn is_plain(value: &str) -> bool {
    let bytes = value.as_bytes();
    let mut word = 0;
    for (at, letter) in bytes.iter().enumerate() {
        match letter {
            b'(' if !FUNCTIONS.iter().any(|name| name.as_bytes() == &bytes[word..at]) => {
                return false;
            }
            b'a'..=b'z' | b'-' => continue,
            b'A'..=b'Z'
            | b'0'..=b'9'
            | b' '
            | b'#'
            | b'%'
            | b'.'
            | b','
            | b'('
            | b')'
            | b'+'
            | b'/'
            | b'"'
            | b'\'' => {}
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
        for value in [
            "#0b6b57",
            "rgb(11 107 87 / 50%)",
            "13px",
            "\"Segoe UI\", sans-serif",
            "calc(1px + 2px)",
        ] {
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
