//! The customer's story: what to remember, and what happened lately, open matters first.

use makegood_proto::v1 as pb;
use makegood_proto::v1::{PreferenceKind, PreferenceSource};

use super::node::{Element, button, div, el, heading, p, section, span};
use super::{Scene, dotted, form, marks, row};
use crate::copy;
use crate::format::joined;
use crate::model::Action;
use crate::model::logging::LogKind;
use crate::model::notes::NoteKind;

/// Preferences, each with its source and date.
pub(super) fn remember(scene: Scene<'_>) -> Element {
    let call = scene.call;
    let mut rows = el("ul");
    for note in scene.model.notes.iter().filter(|note| note.call == call.id) {
        if note.kind == NoteKind::SavePreference {
            rows.push(row(marks::WAITS, &note.words, "").key(&note.id));
        }
    }
    if let Some(context) = call.customer_context() {
        for preference in &context.preferences {
            if !scene.model.has_note(NoteKind::RetirePreference, &preference.preference_id) {
                rows.push(known(scene, preference));
            }
        }
    }
    let mut part = section("remember", "story").child(heading("remember", copy::REMEMBER));
    if !rows.is_empty() {
        part.push(rows);
    }
    if let Some(form) = call.form.as_ref().filter(|form| form.kind == LogKind::Preference) {
        return part.child(form::form(scene, form));
    }
    part.push(
        button("remember", "more", copy::REMEMBER_MORE, Action::ToggleRemember)
            .flag("aria-expanded", call.remember_open)
            .only_if(scene.may_note()),
    );
    if call.remember_open {
        part.push(ready(scene));
    }
    part
}

fn ready(scene: Scene<'_>) -> Element {
    let mut chips = div("chips");
    for (index, (_, words)) in copy::PREFERENCES.iter().enumerate() {
        let chip = button("remember-ready", "choice", words, Action::Remember(index));
        chips.push(chip.only_if(scene.may_note()));
    }
    let own = Action::Log(LogKind::Preference);
    let own = button("remember-words", "choice", copy::IN_WORDS, own);
    chips.child(own.only_if(scene.may_note()))
}

fn known(scene: Scene<'_>, preference: &pb::Preference) -> Element {
    let source = match preference.source() {
        PreferenceSource::ToldUs => copy::TOLD_US,
        PreferenceSource::Noticed => copy::NOTICED,
        PreferenceSource::Imported => copy::IMPORTED,
        PreferenceSource::Unspecified => "",
    };
    let learned = preference.confirmed_time.as_ref().or(preference.learned_time.as_ref());
    let learned = joined(&[source, " ", &scene.day(learned)]);
    let once = if preference.situational { copy::THAT_TIME } else { "" };
    let mut ends = scene.day(preference.expire_time.as_ref());
    if !ends.is_empty() {
        ends = copy::until(&ends);
    }
    let mark = match preference.kind() {
        PreferenceKind::ContactHours => "◔",
        PreferenceKind::Channel => "☎",
        PreferenceKind::Language => "A",
        PreferenceKind::Need => "✚",
        PreferenceKind::Usage => "⚙",
        PreferenceKind::Other | PreferenceKind::Unspecified => "◇",
    };
    let id = &preference.preference_id;
    let label = copy::said(&preference.text, copy::NOT_TRUE);
    let retire = button("retire", "icon", "×", Action::Retire(id.clone()))
        .attr("aria-label", &label)
        .only_if(scene.may_note());
    row(mark, &preference.text, &dotted(&[&learned, once, &ends])).key(id).child(retire)
}

/// The timeline.
pub(super) fn recent(scene: Scene<'_>) -> Element {
    let call = scene.call;
    let mut part = section("timeline", "story").child(heading("recent", copy::RECENT));
    let Some(context) = call.customer_context() else {
        return part;
    };
    let mut rows = el("ul");
    for item in &context.timeline {
        rows.push(happened(scene, item));
    }
    for item in &call.more.items {
        if !context.timeline.iter().any(|shown| shown.item_id == item.item_id) {
            rows.push(happened(scene, item));
        }
    }
    if rows.is_empty() {
        let state = call.panel.as_ref().map(pb::Panel::history_state);
        let rebuilding = state == Some(pb::HistoryState::Rebuilding);
        part.push(p("meta", if rebuilding { copy::REBUILDING } else { copy::NOTHING_YET }));
    } else {
        part.push(rows);
    }
    let ends = call.more.asked && call.more.next_page_token.is_empty();
    if context.timeline.len() >= FULL && !ends {
        part.push(button("more", "more", copy::MORE, Action::MoreTimeline));
    }
    if context.gesture_count > 0 {
        part.push(p("meta", &copy::gestures(i64::from(context.gesture_count))));
    }
    part
}

/// As many rows as a panel brings: there may be more.
const FULL: usize = 5;

fn happened(scene: Scene<'_>, item: &pb::TimelineItem) -> Element {
    let score = match &item.score {
        Some(score) if score.max_value > 1 => copy::out_of(score.value, score.max_value),
        _ => String::new(),
    };
    let aside = dotted(&[&score, &scene.day(item.occur_time.as_ref())]);
    let mark = if item.open { marks::OPEN } else { marks::CLOSED };
    let mut line = row(mark, &item.title, &aside).key(&item.item_id);
    if item.open {
        line.push(span("unseen", copy::STILL_OPEN));
    }
    if !item.quote.is_empty() {
        line.push(el("q").text(&item.quote));
    }
    line
}
