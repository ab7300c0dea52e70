//! The tree that the view makes: plain data, so that it is tested on the host. Text is only ever
//! text, and attributes come from a list.

use std::ops::Deref;

use crate::model::{Action, Field};

/// Every attribute that the panel sets. None of them can carry a script, a style or an address.
pub(crate) const ATTRIBUTES: [&str; 32] = [
    "aria-busy",
    "aria-checked",
    "aria-describedby",
    "aria-disabled",
    "aria-expanded",
    "aria-hidden",
    "aria-invalid",
    "aria-keyshortcuts",
    "aria-label",
    "aria-labelledby",
    "aria-live",
    "aria-modal",
    "aria-pressed",
    "aria-valuemax",
    "aria-valuemin",
    "aria-valuenow",
    "aria-valuetext",
    "autocomplete",
    "class",
    "data-act",
    "data-part",
    "data-state",
    "dir",
    "id",
    "inputmode",
    "maxlength",
    "placeholder",
    "readonly",
    "role",
    "tabindex",
    "type",
    "value",
];

/// One node.
#[derive(Debug, PartialEq)]
pub(crate) enum Node {
    /// Words.
    Text(String),
    /// An element.
    Element(Element),
}

/// One element. It is a pointer, so that building a tree moves no more than that.
#[derive(Debug, PartialEq)]
pub(crate) struct Element(Box<Inner>);

/// What an element is made of.
#[derive(Debug, PartialEq)]
pub(crate) struct Inner {
    /// Its name.
    pub(crate) tag: &'static str,
    /// What makes it the same element from one tree to the next. Empty: its place does.
    pub(crate) key: String,
    /// Its attributes.
    pub(crate) attributes: Vec<(&'static str, String)>,
    /// What a click does.
    pub(crate) action: Option<Action>,
    /// What typing changes.
    pub(crate) field: Option<Field>,
    /// How much of a bar it fills, in percent.
    pub(crate) fill: Option<i64>,
    /// What is in it.
    pub(crate) children: Vec<Node>,
}

impl Deref for Element {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// An element of this name.
pub(crate) fn el(tag: &'static str) -> Element {
    Element(Box::new(Inner {
        tag,
        key: String::new(),
        attributes: Vec::new(),
        action: None,
        field: None,
        fill: None,
        children: Vec::new(),
    }))
}

/// A `div` of this class.
pub(crate) fn div(class: &'static str) -> Element {
    el("div").class(class)
}

/// A `span` of this class.
pub(crate) fn span(class: &'static str, text: &str) -> Element {
    el("span").class(class).text(text)
}

/// A sign that a screen reader skips: the words beside it say the same.
pub(crate) fn sign(text: &str) -> Element {
    span("sign", text).attr("aria-hidden", "true")
}

/// A paragraph of this class.
pub(crate) fn p(class: &'static str, text: &str) -> Element {
    el("p").class(class).text(text)
}

/// A button of this name that does something.
pub(crate) fn button(act: &str, class: &'static str, text: &str, action: Action) -> Element {
    el("button").attr("type", "button").attr("data-act", act).class(class).text(text).on(action)
}

/// A section of this name and class; the name tells it from the others.
pub(crate) fn section(part: &'static str, class: &'static str) -> Element {
    el("section").class(class).attr("data-part", part).key(part)
}

/// A heading of a section, which the focus can be sent to.
pub(crate) fn heading(id: &'static str, text: &str) -> Element {
    el("h2").attr("id", id).attr("tabindex", "-1").text(text)
}

/// A group of buttons of which some are chosen.
pub(crate) fn group(label: &str) -> Element {
    div("chips").attr("role", "group").attr("aria-label", label)
}

/// A field for one line of words. Without an id where there can be several.
pub(crate) fn input(id: &'static str, label: &str, value: &str, field: Field) -> Element {
    let input = if id.is_empty() { el("input") } else { el("input").attr("id", id) };
    let mut input = input
        .attr("type", "text")
        .attr("autocomplete", "off")
        .attr("aria-label", label)
        .attr("placeholder", label)
        .attr("value", value);
    input.0.field = Some(field);
    input
}

impl Element {
    pub(crate) fn class(self, class: &'static str) -> Element {
        self.attr("class", class)
    }

    #[inline(never)]
    pub(crate) fn attr(mut self, name: &'static str, value: &str) -> Element {
        debug_assert!(ATTRIBUTES.contains(&name), "{name} is not in the list");
        self.0.attributes.push((name, value.to_owned()));
        self
    }

    /// Sets an attribute that is either true or false.
    pub(crate) fn flag(self, name: &'static str, value: bool) -> Element {
        self.attr(name, if value { "true" } else { "false" })
    }

    /// Names a part of the panel, for style sheets and tests.
    pub(crate) fn part(self, part: &'static str) -> Element {
        self.attr("data-part", part)
    }

    #[inline(never)]
    pub(crate) fn key(mut self, key: &str) -> Element {
        key.clone_into(&mut self.0.key);
        self
    }

    #[inline(never)]
    pub(crate) fn text(mut self, text: &str) -> Element {
        if !text.is_empty() {
            self.0.children.push(Node::Text(text.to_owned()));
        }
        self
    }

    /// Adds a child at the end.
    #[inline(never)]
    pub(crate) fn push(&mut self, child: Element) {
        self.0.children.push(Node::Element(child));
    }

    pub(crate) fn child(mut self, child: Element) -> Element {
        self.push(child);
        self
    }

    pub(crate) fn maybe(mut self, child: Option<Element>) -> Element {
        if let Some(child) = child {
            self.push(child);
        }
        self
    }

    #[inline(never)]
    pub(crate) fn on(mut self, action: Action) -> Element {
        self.0.action = Some(action);
        self
    }

    pub(crate) fn fill(mut self, percent: i64) -> Element {
        self.0.fill = Some(percent);
        self
    }

    /// Keeps the button where it is and the focus on it, but lets it do nothing.
    #[inline(never)]
    pub(crate) fn only_if(mut self, allowed: bool) -> Element {
        if allowed {
            return self;
        }
        self.0.action = None;
        self.attr("aria-disabled", "true")
    }

    /// The child with this index, if it is an element.
    pub(crate) fn child_mut(&mut self, index: usize) -> Option<&mut Element> {
        match self.0.children.get_mut(index) {
            Some(Node::Element(child)) => Some(child),
            _ => None,
        }
    }

    /// Takes out what a click does.
    pub(crate) fn take_action(&mut self) -> Option<Action> {
        self.0.action.take()
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.children.is_empty()
    }
}
