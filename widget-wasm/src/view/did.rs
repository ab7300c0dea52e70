//! What the agent did for the customer: gifts, free actions, promises, and the notes that wait.

use makegood_proto::v1 as pb;
use makegood_proto::v1::ActionKind;

use super::give::choice;
use super::node::{Element, button, div, el, heading, section};
use super::tray::gesture;
use super::{Scene, form, marks, row};
use crate::copy;
use crate::model::Action;
use crate::model::line::Line;
use crate::model::logging::{KINDS, LogKind, action_aside, action_words};
use crate::model::notes::NoteKind;

/// How many kinds are one tap away.
const QUICK: usize = 5;

/// The section.
pub(super) fn did(scene: Scene<'_>) -> Element {
    let call = scene.call;
    let asking = copy::what_did_you_do(call.first_name());
    let title = if call.is_live() { copy::WHAT_YOU_DID } else { &asking };
    let mut part = section("did", "did").child(heading("did", title));
    let rows = rows(scene);
    if !rows.is_empty() {
        part.push(rows);
    }
    match &call.form {
        Some(form) if form.kind != LogKind::Preference => part.push(form::form(scene, form)),
        _ => part.push(chips(scene)),
    }
    if !call.is_live() {
        part.push(choice("settled", call.resolved, copy::SETTLED, Action::ToggleSettled));
    }
    part
}

fn rows(scene: Scene<'_>) -> Element {
    let mut rows = el("ul");
    let mut waiting = 0_i64;
    for note in scene.model.notes.iter().filter(|note| note.call == scene.call.id) {
        waiting += 1;
        if matches!(note.kind, NoteKind::LogAction | NoteKind::MakePromise) {
            rows.push(row(marks::WAITS, &note.words, &note.aside).key(&note.id));
        }
    }
    for line in &scene.call.lines {
        super::push(&mut rows, line_row(scene, line));
    }
    if let Some(panel) = &scene.call.panel {
        for spend in panel.spends.iter().filter(|spend| !spend.own) {
            super::push(&mut rows, other_row(scene, spend));
        }
        // A gesture of the ledger is shown by its spend.
        for action in panel.actions.iter().filter(|action| action.kind() != ActionKind::Gesture) {
            rows.push(action_row(scene, action));
        }
    }
    if waiting > 0 && scene.model.link.is_offline() {
        rows.push(row(marks::WAITS, &copy::notes_waiting(waiting), ""));
    }
    rows
}

fn line_row(scene: Scene<'_>, line: &Line) -> Option<Element> {
    if line.is_pending() || line.in_tray(scene.model.now) {
        return None;
    }
    let words = gesture(scene, line);
    if line.state() == pb::SpendState::Reversed {
        return Some(row(marks::BACK, &words, copy::TAKEN_BACK));
    }
    let back = Action::AskBack(line.spend_id.clone());
    let back = button("ask-back", "link", copy::TAKE_BACK, back).only_if(scene.may_hold());
    line.is_given().then(|| row(marks::DONE, &words, line.reference()).child(back))
}

fn other_row(scene: Scene<'_>, spend: &pb::Spend) -> Option<Element> {
    let given = spend.committed_minor - spend.reversed_minor;
    let amount = spend.held_minor + given;
    let mark = if given > 0 { marks::DONE } else { marks::CLOSED };
    let words = copy::gesture(&spend.gesture_label, &scene.money(amount));
    (amount > 0).then(|| row(mark, &words, &copy::by(&spend.agent_name)))
}

fn action_row(scene: Scene<'_>, action: &pb::AdvocacyAction) -> Element {
    let value = action.customer_value.as_ref().or(action.margin_given_up.as_ref());
    let aside = action_aside(action.kind(), value, &action.counterpart, scene.fmt);
    row(marks::DONE, &action_words(action.kind(), &action.note), &aside)
}

fn chips(scene: Scene<'_>) -> Element {
    let open = scene.call.log_open;
    let shown = if open { KINDS.len() } else { QUICK };
    let mut chips = div("chips");
    for (kind, label, act) in KINDS.iter().take(shown) {
        // A promise is made to somebody.
        if *kind != LogKind::Promise || scene.call.customer().is_some() {
            let log = button(act, "choice", label, Action::Log(*kind));
            chips.push(log.only_if(scene.may_note()));
        }
    }
    let more = if open { copy::LESS } else { copy::MORE_KINDS };
    chips.child(button("log-more", "choice", more, Action::ToggleLog).flag("aria-expanded", open))
}
