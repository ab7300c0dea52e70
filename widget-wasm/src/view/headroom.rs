//! What the agent may give without asking anyone: the number, the meter, what was used, and when
//! new room comes.

use makegood_proto::v1 as pb;

use super::node::{Element, div, el, p, section, span};
use super::{Scene, why_not};
use crate::copy;
use crate::format::{joined, number};
use crate::model::Sum;
use crate::model::panel::paused;

/// The headroom.
pub(super) fn headroom(scene: Scene<'_>) -> Element {
    let Some(room) = scene.call.headroom() else {
        // It follows in a moment: its height is kept, so that nothing moves under the hand.
        return section("room", "skeleton").child(div("bone big")).child(div("bone meter"));
    };
    let offline = scene.model.link.is_offline();
    let old = offline || scene.model.is_stale(scene.call);
    let mut part = section("headroom", "room")
        .attr("aria-label", copy::YOU_CAN_GIVE)
        .attr("data-state", if old || room.pause.is_some() { "old" } else { "fresh" });
    if room.limit_id.is_empty() {
        part.push(p("caution", copy::NO_ROOM_RULE));
        return part;
    }
    let title = match scene.known_at() {
        at if offline => copy::could_give(&at),
        at if old => copy::stale(&at),
        _ => copy::YOU_CAN_GIVE.to_owned(),
    };
    let reset = scene.day(room.reset_time.as_ref());
    let new_room = if reset.is_empty() { String::new() } else { copy::new_room(&reset) };
    part.push(label(&title, &room.label));
    part.push(big(scene, room));
    part.push(meter(scene, room));
    part.push(label(&used(scene, room), &new_room));
    let counts_gestures = |limit: &&pb::LimitState| {
        limit.limit_id == room.limit_id && limit.counts() == pb::LimitCounts::Times
    };
    if let Some(limit) = room.limits.iter().find(counts_gestures) {
        let used = limit.given_minor + limit.held_minor;
        part.push(p("caution", &copy::times(used, limit.cap_minor, &room.label)));
    } else if room.available_minor <= 0 && room.held_minor == 0 {
        part.push(p("caution", &copy::used_up(scene.call.first_name(), &reset)));
    }
    if let Some(pause) = &room.pause {
        part.push(p("caution", &paused(pause, scene.model.skew, scene.fmt)));
    }
    if !scene.call.race.is_empty() {
        part.push(p("caution", &scene.call.race));
    }
    let why = why_not(scene);
    if !why.is_empty() {
        part.push(p("meta", why));
    }
    part
}

fn label(start: &str, end: &str) -> Element {
    div("label").child(span("", start)).child(span("end", end))
}

/// The number: what is left now, or what the composer would leave.
fn big(scene: Scene<'_>, room: &pb::Headroom) -> Element {
    let mut amount = room.available_minor;
    let mut after = scene.call.held_minor() > 0;
    if let Some(draft) = &scene.call.draft
        && let Sum::Fits { leaves, .. } = draft.sum(scene.call, scene.fmt)
    {
        (amount, after) = (leaves, true);
    }
    let cap = copy::of_cap(&scene.money(room.cap_minor));
    p("big", "")
        .child(el("strong").text(&scene.money(amount)))
        .child(span("", if after { copy::AFTER_THIS } else { &cap }))
}

fn meter(scene: Scene<'_>, room: &pb::Headroom) -> Element {
    let used_minor = (room.given_minor + room.held_minor).min(room.cap_minor);
    let text = joined(&[&used(scene, room), " ", &copy::of_cap(&scene.money(room.cap_minor))]);
    div("meter")
        .part("meter")
        .attr("role", "meter")
        .attr("aria-label", copy::YOU_CAN_GIVE)
        .attr("aria-valuemin", "0")
        .attr("aria-valuemax", &number(room.cap_minor))
        .attr("aria-valuenow", &number(used_minor))
        .attr("aria-valuetext", &text)
        .child(div("given").fill(percent(room.given_minor, room.cap_minor)))
        .child(div("held").fill(percent(room.held_minor, room.cap_minor)))
}

/// A part in percent, never invisible and never more than the whole.
fn percent(part: i64, whole: i64) -> i64 {
    if part <= 0 || whole <= 0 {
        return 0;
    }
    (part.saturating_mul(100) / whole).clamp(1, 100)
}

fn used(scene: Scene<'_>, room: &pb::Headroom) -> String {
    let held = if room.held_minor > 0 { scene.money(room.held_minor) } else { String::new() };
    copy::given_and_held(&scene.money(room.given_minor), &held)
}
