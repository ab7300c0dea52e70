//! Choosing what to give: up to three suggestions, or the composer for anything else.

use makegood_proto::v1 as pb;
use makegood_proto::v1::GestureValue;

use super::Scene;
use super::node::{Element, button, div, el, group, heading, input, p, section, span};
use crate::copy;
use crate::format::{AmountError, joined, number};
use crate::model::line::Op;
use crate::model::logging::amount_words;
use crate::model::{Action, CARDS, Draft, Field, PRESETS_MINOR, Sum};

/// The suggestions, or the composer once it is open.
pub(super) fn give(scene: Scene<'_>) -> Option<Element> {
    let policy = scene.call.policy()?;
    if let Some(draft) = &scene.call.draft {
        return Some(composer(scene, policy, draft));
    }
    let mut part = section("give", "give");
    if !scene.call.cards_hidden() {
        let mut cards = div("cards");
        for (index, gesture) in policy.gestures.iter().take(CARDS).enumerate() {
            cards.push(card(scene, index, gesture));
        }
        part = part.child(heading("give", copy::TRY_THIS)).child(cards);
    }
    let more = button("something-else", "more", copy::ADD_SOMETHING_ELSE, Action::Compose)
        .attr("aria-keyshortcuts", "G")
        .child(el("kbd").attr("aria-hidden", "true").text("G"))
        .only_if(scene.may_begin());
    Some(part.child(more))
}

/// The digit of the key that chooses the thing with this index.
fn digit(index: usize) -> String {
    number(i64::try_from(index).unwrap_or(0) + 1)
}

fn card(scene: Scene<'_>, index: usize, gesture: &pb::GestureCard) -> Element {
    // What costs nothing needs no room, and no sidecar to hold it.
    let free = gesture.value() == GestureValue::Free;
    let allowed = if free { scene.may_note() } else { scene.may_begin() };
    let value = match &gesture.amount {
        _ if free => copy::FREE.to_owned(),
        Some(amount) => scene.fmt.money(amount.amount_minor, &amount.currency_code),
        None => String::new(),
    };
    let digit = digit(index);
    button(&joined(&["card-", &digit]), "card", "", Action::Card(index))
        .attr("aria-keyshortcuts", &digit)
        .child(el("kbd").attr("aria-hidden", "true").text(&digit))
        .child(el("b").text(&gesture.label))
        .child(span("value", &value))
        .child(span("why", &gesture.why))
        .only_if(allowed)
}

fn composer(scene: Scene<'_>, policy: &pb::PolicyView, draft: &Draft) -> Element {
    let sum = draft.sum(scene.call, scene.fmt);
    let mut part = section("composer", "compose").key("give");
    part.push(heading("give", copy::SOMETHING_ELSE));
    part.push(amount_row(scene, draft, sum));
    let mut gestures = group(copy::WHAT);
    for gesture in &policy.gestures {
        if gesture.value() == GestureValue::Free {
            continue;
        }
        let chosen = gesture.code == draft.gesture;
        let action = Action::Gesture(gesture.code.clone());
        gestures.push(choice("gesture", chosen, &gesture.label, action));
    }
    part.push(gestures);
    let mut reasons = group(copy::REASON);
    let mut standard = "";
    for (index, reason) in policy.reasons.iter().enumerate() {
        let chosen = reason.code == draft.reason;
        if chosen {
            standard = &reason.standard;
        }
        let digit = digit(index);
        let label = joined(&[&digit, " ", &reason.label]);
        let choice = choice("reason", chosen, &label, Action::Reason(index));
        reasons.push(choice.attr("aria-keyshortcuts", &digit));
    }
    part.push(reasons);
    if !standard.is_empty() {
        part.push(p("meta", standard));
    }
    let note = input("note", copy::NOTE_OPTIONAL, &draft.note, Field::Note);
    let longest = number(i64::from(policy.note_max_characters));
    part.push(note.class("line").attr("maxlength", &longest));
    super::push(&mut part, verdict(scene, draft, sum));
    part.child(buttons(scene, draft, sum))
}

fn amount_row(scene: Scene<'_>, draft: &Draft, sum: Sum) -> Element {
    let wrong = matches!(sum, Sum::Wrong(error) if error != AmountError::Empty);
    let mut presets = div("pills");
    for minor in &PRESETS_MINOR {
        presets.push(button("preset", "pill", &scene.money(*minor), Action::Preset(*minor)));
    }
    let amount = input("amount", copy::AMOUNT, &draft.amount, Field::Amount)
        .attr("inputmode", "decimal")
        .attr("aria-describedby", "verdict")
        .flag("aria-invalid", wrong);
    div("amount").child(amount).child(presets)
}

/// A button of a group, chosen or not.
pub(super) fn choice(act: &str, chosen: bool, label: &str, action: Action) -> Element {
    button(act, "choice", label, action).flag("aria-pressed", chosen)
}

/// What the amount comes to, before anything is pressed.
fn verdict(scene: Scene<'_>, draft: &Draft, sum: Sum) -> Option<Element> {
    let (class, words) = match sum {
        Sum::Over { excess, left } => ("caution", over(scene, draft, excess, left)),
        _ if !draft.error.is_empty() => ("caution", draft.error.clone()),
        Sum::Wrong(AmountError::Empty) => return None,
        Sum::Wrong(error) => ("caution", amount_words(error).to_owned()),
        Sum::Fits { leaves, .. } => {
            let mut words = copy::leaves(&scene.money(leaves));
            if draft.reason.is_empty() {
                words.push(' ');
                words.push_str(copy::PICK_REASON);
            }
            ("meta", words)
        }
    };
    Some(p(class, &words).attr("id", "verdict"))
}

/// By how much it is too much, what can be given now, and who could be asked.
fn over(scene: Scene<'_>, draft: &Draft, excess: i64, left: i64) -> String {
    let now = if left > 0 { scene.money(left) } else { String::new() };
    let words = copy::over(&scene.money(excess), &now);
    let more = if draft.reason.is_empty() {
        copy::PICK_REASON
    } else if draft.approver.is_empty() {
        copy::NOBODY_THERE
    } else {
        copy::STAYS_HELD
    };
    joined(&[&words, " ", more])
}

fn buttons(scene: Scene<'_>, draft: &Draft, sum: Sum) -> Element {
    let asks = draft.main(scene.call, scene.fmt) == Op::Ask;
    let minor = sum.holdable();
    let ready = minor > 0 && !draft.reason.is_empty();
    let amount = if minor > 0 { scene.money(minor) } else { String::new() };
    let (hold, give) = (copy::hold(&amount), copy::give(&amount));
    div("buttons")
        .child(
            button("cancel", "button", copy::CANCEL, Action::CloseDraft)
                .attr("aria-keyshortcuts", "Escape"),
        )
        .child(
            button("give-now", "button", give.trim_ascii_end(), Action::GiveNow)
                .attr("aria-keyshortcuts", "Control+Enter")
                .only_if(ready && scene.may_begin() && scene.may_give()),
        )
        .child(if asks {
            button("ask", "button main", &copy::ask(&draft.approver), Action::Hold)
                .attr("aria-keyshortcuts", "Enter A")
                .only_if(!draft.reason.is_empty() && scene.may_begin())
        } else {
            button("hold", "button main", hold.trim_ascii_end(), Action::Hold)
                .attr("aria-keyshortcuts", "Enter")
                .only_if(ready && scene.may_begin())
        })
}
