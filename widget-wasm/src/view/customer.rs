//! Who is calling, how they felt last time, and the one thing that we owe them.

use makegood_proto::v1 as pb;
use makegood_proto::v1::lookup::By;

use super::node::{Element, button, div, el, section, sign, span};
use super::{Scene, dotted, marks};
use crate::copy;
use crate::model::Action;
use crate::model::notes::NoteKind;

const YEAR_MS: i64 = 31_557_600_000;

/// Identity, score and debt: what the first two seconds are for.
pub(super) fn customer(scene: Scene<'_>) -> Element {
    section("customer", "who")
        .attr("aria-labelledby", "top")
        .child(name(scene))
        .child(found_by(scene))
        .child(scores(scene))
        .maybe(owed(scene))
}

fn name(scene: Scene<'_>) -> Element {
    let identity = div("name").part("identity");
    let Some(customer) = scene.call.customer() else {
        return identity;
    };
    let since = customer.customer_since_time.as_ref();
    let years = since.map_or(0, |since| (scene.model.now - scene.model.local_ms(since)) / YEAR_MS);
    let years = if years > 0 { copy::years(years) } else { String::new() };
    identity
        .child(top(&customer.display_name))
        .child(span("tier", &dotted(&[&customer.tier, &years])))
}

/// The heading of the whole panel, which the focus can be sent to.
pub(super) fn top(text: &str) -> Element {
    el("h1").attr("id", "top").attr("tabindex", "-1").text(text)
}

fn found_by(scene: Scene<'_>) -> Element {
    let call = scene.call;
    let phone = call.customer().map_or("", |customer| &customer.phone);
    let by = call.context.lookup.as_ref().and_then(|lookup| lookup.by.as_ref());
    let how = match by {
        _ if call.status() == pb::MatchStatus::Confirmed => copy::BY_YOU,
        Some(By::Phone(_)) => copy::BY_NUMBER,
        Some(By::Email(_)) => copy::BY_MAIL,
        Some(By::ExternalId(_)) => copy::BY_ID,
        Some(By::AccountNumber(_)) => copy::BY_ACCOUNT,
        None => "",
    };
    let not_them = copy::not_them(call.first_name());
    div("meta")
        .child(span("", &dotted(&[phone, how])))
        .child(button("not-them", "link", &not_them, Action::NotThem).only_if(scene.may_note()))
}

fn scores(scene: Scene<'_>) -> Element {
    let line = div("score").part("score");
    let Some(context) = scene.call.customer_context() else {
        return line;
    };
    let Some(last) = context.recent_scores.first() else {
        return line.child(span("chip", copy::NO_SCORE));
    };
    let mut line = line.child(chip(last, context.trend())).child(span("meta", &when(scene, last)));
    for other in &context.recent_scores {
        if other.kind != last.kind {
            line.push(span("chip", &dotted(&[&value(other), word(other)])));
            break;
        }
    }
    if !last.words.is_empty() {
        line.push(el("q").text(&last.words));
    }
    line
}

/// The score as shape, number and word; the colour only repeats them.
fn chip(score: &pb::Score, trend: pb::Trend) -> Element {
    let (shape, direction) = match trend {
        pb::Trend::Down => ("▼", copy::DOWN),
        pb::Trend::Up => ("▲", copy::UP),
        pb::Trend::Same => ("=", copy::SAME),
        pb::Trend::First | pb::Trend::Unspecified => ("•", copy::FIRST),
    };
    let mood = match score.band() {
        pb::Band::Opponent => "bad",
        pb::Band::Advocate => "good",
        _ if trend == pb::Trend::Down => "bad",
        _ => "even",
    };
    span("chip", "")
        .attr("data-state", mood)
        .child(sign(shape))
        .child(span("unseen", direction))
        .child(span("", &value(score)))
        .child(span("word", word(score)))
}

fn value(score: &pb::Score) -> String {
    if score.kind() == pb::ScoreKind::YesNo {
        return if score.value == 0 { copy::NO } else { copy::YES }.to_owned();
    }
    copy::out_of(score.value, score.max_value)
}

fn word(score: &pb::Score) -> &'static str {
    match (score.band(), score.kind()) {
        (pb::Band::Advocate, _) => copy::ADVOCATE,
        (pb::Band::Passive, _) => copy::PASSIVE,
        (pb::Band::Opponent, _) => copy::OPPONENT,
        (_, pb::ScoreKind::Satisfaction) => copy::SATISFACTION,
        (_, pb::ScoreKind::Effort) => copy::EASE,
        _ => "",
    }
}

/// When it was said, and what it was before.
fn when(scene: Scene<'_>, score: &pb::Score) -> String {
    let day = scene.day(score.respond_time.as_ref());
    match score.previous_value {
        Some(previous) => copy::was(&day, previous),
        None => day,
    }
}

/// The most urgent thing alone: what was promised, else that it is not the first time.
fn owed(scene: Scene<'_>) -> Option<Element> {
    let context = scene.call.customer_context()?;
    if let Some(promise) = &context.owed
        && !scene.model.has_note(NoteKind::KeepPromise, &promise.promise_id)
    {
        let due = scene.day(promise.due_time.as_ref());
        let words = copy::we_owe(&promise.text, &due, i64::from(promise.late_days));
        let state = if promise.late_days > 0 { "late" } else { "due" };
        let kept = Action::KeepPromise(promise.promise_id.clone());
        let kept = button("keep-promise", "small", copy::KEPT_IT, kept).only_if(scene.may_note());
        return Some(owe(marks::DUE, state, &words).child(kept));
    }
    let repeats = i64::from(context.repeat_contact_count);
    (repeats > 0).then(|| owe(marks::REPEAT, "late", &copy::repeats(repeats + 1)))
}

fn owe(mark: &str, state: &'static str, words: &str) -> Element {
    div("owe").part("owed").attr("data-state", state).child(sign(mark)).child(span("what", words))
}
