//! Writes a tree as text, so that tests read what an agent would.

use super::node::{Element, Node};

/// Everything that is shown, one line a block; buttons in brackets, those that do nothing with a
/// dash, fields with what they hold.
pub(crate) fn text(element: &Element) -> String {
    let mut out = String::new();
    write(element, &mut out);
    let lines = out.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn attribute<'a>(element: &'a Element, name: &str) -> &'a str {
    let found = element.attributes.iter().find(|(known, _)| *known == name);
    found.map_or("", |(_, value)| value)
}

fn write(element: &Element, out: &mut String) {
    let block = !matches!(element.tag, "span" | "b" | "strong" | "kbd" | "q" | "button" | "input");
    if block {
        out.push('\n');
    }
    match element.tag {
        "button" => {
            let off = attribute(element, "aria-disabled") == "true";
            let on = attribute(element, "aria-pressed") == "true";
            out.push_str(if off {
                " [-"
            } else if on {
                " [*"
            } else {
                " ["
            });
            children(element, out);
            out.push(']');
        }
        "input" => {
            let (label, value) = (attribute(element, "aria-label"), attribute(element, "value"));
            out.push_str(&[" <", label, ": ", value, ">"].concat());
        }
        "q" => {
            out.push_str(" “");
            children(element, out);
            out.push('”');
        }
        _ => {
            if !block && !out.ends_with(['[', '\n', ' ', '“']) {
                out.push(' ');
            }
            children(element, out);
        }
    }
    if block {
        out.push('\n');
    }
}

fn children(element: &Element, out: &mut String) {
    for child in &element.children {
        match child {
            Node::Text(text) => out.push_str(text),
            Node::Element(child) => write(child, out),
        }
    }
}
