//! What the agent sees, made from the model alone: one function a section, from the strip at the
//! top to the tray at the bottom.

mod consults;
mod customer;
mod did;
mod form;
mod give;
mod headroom;
pub(crate) mod node;
#[cfg(test)]
pub(crate) mod render;
mod states;
mod story;
mod strip;
#[cfg(test)]
mod tests;
mod tray;

use makegood_proto::v1 as pb;
use node::{Element, div, el, p, sign, span};

use crate::copy;
use crate::format::Format;
use crate::model::{Call, Model};

/// What a section of the view is made from.
#[derive(Clone, Copy)]
struct Scene<'a> {
    model: &'a Model,
    call: &'a Call,
    fmt: &'a dyn Format,
}

impl Scene<'_> {
    fn money(&self, minor: i64) -> String {
        self.fmt.money(minor, self.call.currency())
    }

    fn day(&self, time: Option<&prost_types::Timestamp>) -> String {
        match time {
            Some(time) => self.fmt.day(self.model.local_ms(time)),
            None => String::new(),
        }
    }

    /// When what is shown was known to be true.
    fn known_at(&self) -> String {
        if self.call.panel.is_none() {
            return String::new();
        }
        self.fmt.clock(self.model.fresh_at(self.call))
    }

    fn may_note(&self) -> bool {
        self.model.may_note(self.call)
    }

    fn may_hold(&self) -> bool {
        self.model.may_hold(self.call)
    }

    fn may_begin(&self) -> bool {
        self.model.may_begin(self.call)
    }

    fn may_give(&self) -> bool {
        self.model.may_give(self.call)
    }
}

/// The whole panel.
pub(crate) fn view(model: &Model, fmt: &dyn Format) -> Element {
    let scene = model.shown().map(|call| Scene { model, call, fmt });
    let mut body = div("body");
    match &scene {
        // Everything below the strip belongs to one interaction, and goes when it goes.
        Some(scene) => {
            body = body.key(&scene.call.id);
            sections(*scene, &mut body);
        }
        None => body.push(states::no_call(model)),
    }
    div("panel")
        .child(strip::strip(model, scene))
        .maybe(model.help.then(strip::help))
        .maybe(consults::consults(model, fmt))
        .child(body)
        .child(live("status", "polite", &model.polite))
        .child(live("alert", "assertive", &model.urgent))
}

/// A region that a screen reader reads out when it changes.
fn live(role: &'static str, politeness: &'static str, words: &str) -> Element {
    div("unseen").key(role).attr("role", role).attr("aria-live", politeness).text(words)
}

fn sections(scene: Scene<'_>, body: &mut Element) {
    let call = scene.call;
    if call.signed_out {
        body.push(states::signed_out(scene));
        return;
    }
    if !call.fault.is_empty() && call.panel.is_none() {
        body.push(states::faulty(scene));
        return;
    }
    if call.is_looking() {
        body.push(states::looking(scene));
        return;
    }
    if call.is_mirror() {
        body.push(states::mirror());
    }
    let sure = matches!(call.status(), pb::MatchStatus::Exact | pb::MatchStatus::Confirmed);
    let known = call.customer().is_some() && sure;
    if known {
        body.push(customer::customer(scene));
        body.push(headroom::headroom(scene));
        push(body, give::give(scene));
    } else if call.without {
        body.push(states::without(scene));
    } else {
        body.push(states::who(scene));
        return;
    }
    body.push(did::did(scene));
    if known {
        body.push(story::remember(scene));
        body.push(story::recent(scene));
    }
    if let Some(policy) = call.policy().filter(|policy| !policy.vision.is_empty()) {
        body.push(p("vision", &policy.vision).key("vision"));
    }
    push(body, tray::tray(scene));
}

fn push(parent: &mut Element, child: Option<Element>) {
    if let Some(child) = child {
        parent.push(child);
    }
}

/// A row: a sign, what it is, and a quiet word at the end.
fn row(mark: &str, what: &str, aside: &str) -> Element {
    el("li").class("row").child(sign(mark)).child(span("what", what)).child(span("aside", aside))
}

/// Signs with a meaning of their own, so that no colour has to carry it.
mod marks {
    pub(super) const DONE: &str = "✓";
    pub(super) const BACK: &str = "↺";
    pub(super) const WAITS: &str = "↥";
    pub(super) const OPEN: &str = "●";
    pub(super) const CLOSED: &str = "○";
    pub(super) const DUE: &str = "◷";
    pub(super) const REPEAT: &str = "↻";
}

/// Joins what is there with a middle dot.
fn dotted(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() && !part.is_empty() {
            text.push_str(" · ");
        }
        text.push_str(part);
    }
    text
}

/// Why nothing can be given now. Empty if it can.
fn why_not(scene: Scene<'_>) -> &'static str {
    if scene.model.link.is_offline() {
        copy::GIVING_WAITS
    } else if scene.model.readonly || scene.call.is_mirror() {
        copy::READ_ONLY
    } else {
        ""
    }
}
