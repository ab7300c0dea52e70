//! The strip at the top: where the call is, whether the sidecar answers, and the shortcuts.

use makegood_proto::v1::CallState;

use super::node::{Element, button, div, el, heading, section, span};
use super::{Scene, dotted};
use crate::copy;
use crate::format;
use crate::model::{Action, Desktop, Model};

/// The strip.
pub(super) fn strip(model: &Model, scene: Option<Scene<'_>>) -> Element {
    let (state, words) = match scene {
        Some(scene) if model.link.is_offline() => {
            let since = scene.fmt.clock(model.link.offline_since());
            ("offline", copy::offline(&since, &scene.known_at()))
        }
        Some(scene) if model.is_stale(scene.call) => ("stale", call_words(scene)),
        Some(scene) => ("live", call_words(scene)),
        None if model.desktop == Desktop::Waiting => ("idle", copy::CONNECTING.to_owned()),
        None => ("idle", copy::NO_CALL.to_owned()),
    };
    el("header")
        .class("strip")
        .key("strip")
        .attr("data-state", state)
        .child(span("dot", "").attr("aria-hidden", "true"))
        .child(span("where", &words))
        .child(
            button("help", "icon", "?", Action::ToggleHelp)
                .attr("aria-label", copy::SHORTCUTS)
                .flag("aria-expanded", model.help)
                .attr("aria-keyshortcuts", "?"),
        )
}

fn call_words(scene: Scene<'_>) -> String {
    let (call, now) = (scene.call, scene.model.now);
    let (words, since) = match call.state {
        CallState::Offered | CallState::Unspecified => (copy::RINGING, call.seen_at),
        CallState::Connected => (copy::ON_CALL, call.connected_at.unwrap_or(call.state_at)),
        CallState::OnHold => (copy::ON_HOLD, call.state_at),
        CallState::WrapUp | CallState::Ended => return copy::WRAPPING_UP.to_owned(),
    };
    dotted(&[words, &format::span(now - since)])
}

/// The list of shortcuts.
pub(super) fn help() -> Element {
    let mut help = section("help", "help").child(heading("help", copy::SHORTCUTS));
    for (keys, what) in &copy::KEYS {
        help.push(div("key").child(el("kbd").text(keys)).child(span("what", what)));
    }
    help.child(button("close", "more", copy::CLOSE, Action::ToggleHelp))
}
