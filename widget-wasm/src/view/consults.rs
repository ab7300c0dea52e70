//! The questions that wait for this agent: who asks, for how much above which limit, and the answer.

use makegood_proto::v1::ConsultAnswer;

use super::dotted;
use super::node::{Element, button, div, el, heading, input, p, section, span};
use crate::copy;
use crate::format::{Format, short_span};
use crate::model::queue::Card;
use crate::model::{Action, Field, Model};

/// The cards, if anything waits. They belong to the desk and not to the call on the screen.
pub(super) fn consults(model: &Model, fmt: &dyn Format) -> Option<Element> {
    let mut part = section("consults", "consults").child(heading("consults", copy::FOR_YOU));
    for (index, card) in model.queue.iter().enumerate() {
        part.push(block(model, fmt, index, card));
    }
    (!model.queue.is_empty()).then_some(part)
}

fn block(model: &Model, fmt: &dyn Format, index: usize, card: &Card) -> Element {
    let consult = &card.consult;
    let money = |minor| fmt.money(minor, card.currency());
    let asked = money(card.asked_minor());
    let title = copy::asks(&consult.agent_name, &asked, &consult.customer_name);
    let block = div("consult").key(&consult.consult_id).attr("role", "group");
    let block = block.attr("aria-label", &title);
    let until = consult.answer_expire_time.as_ref();
    let left_ms = until.map_or(0, |until| model.local_ms(until) - model.now);
    let clock = copy::left(&short_span(left_ms));
    let clock = if card.has_ended() { "" } else { &clock };
    let title = p("title", "").child(span("what", &title)).child(span("aside", clock));
    let held = card.held_minor();
    let why = dotted(&[
        &copy::above(&money(card.asked_minor() - held), &consult.limit_label),
        &consult.reason_label,
    ]);
    let ended = card.has_ended();
    let why = if ended { &card.message } else { &why };
    let mut block = block.child(title).child(p("meta", why));
    if !consult.note.is_empty() {
        block.push(el("q").text(&consult.note));
    }
    let amount =
        input("", copy::AMOUNT, &card.amount, Field::Approval(index)).attr("inputmode", "decimal");
    if ended {
        // Nothing moves, and what is being typed does not become commands.
        return block.child(div("buttons").child(amount.attr("readonly", "")));
    }
    let minor = card.approvable(fmt);
    let wrong = copy::between(&money(held), &asked);
    let message = if minor == 0 && card.message.is_empty() { &wrong } else { &card.message };
    if !message.is_empty() {
        block.push(p("caution", message));
    }
    let approve = copy::approve(&if minor > 0 { money(minor) } else { String::new() });
    let open = model.may_answer() && !card.sent;
    let decide = |answer| Action::Decide(index, answer);
    let buttons = div("buttons")
        .child(amount.flag("aria-invalid", minor == 0))
        .child(
            button("decline", "button", copy::DECLINE, decide(ConsultAnswer::Decline))
                .only_if(open),
        )
        .child(
            button(
                "approve",
                "button main",
                approve.trim_ascii_end(),
                decide(ConsultAnswer::Approve),
            )
            .only_if(open && minor > 0),
        );
    block.child(buttons.flag("aria-busy", card.sent))
}
