//! The form of something that needs an amount or words before it can be logged.

use makegood_proto::v1::ActionKind;

use super::Scene;
use super::give::choice;
use super::node::{Element, button, div, group, input, p};
use crate::copy;
use crate::model::logging::{Asks, Form, LogKind};
use crate::model::{Action, Field};

/// The form.
pub(super) fn form(scene: Scene<'_>, form: &Form) -> Element {
    let (question, longest) = match form.kind {
        LogKind::Action(ActionKind::SavedMoney) => (copy::HOW_MUCH_SAVED, "20"),
        LogKind::Action(ActionKind::LowerMargin) => (copy::MARGIN_GIVEN_UP, "20"),
        LogKind::Action(ActionKind::RaisedInside) => (copy::WITH_WHOM, "80"),
        LogKind::Action(ActionKind::CompetitorReferral) => (copy::WHERE_TO, "80"),
        LogKind::Promise => (copy::WHAT_PROMISED, "200"),
        LogKind::Action(_) | LogKind::Preference => (copy::IN_WORDS, "200"),
    };
    let field = if form.kind.asks() == Asks::Amount {
        input("form", question, &form.value, Field::Value).attr("inputmode", "decimal")
    } else {
        input("form", question, &form.words, Field::Words)
    };
    let mut part = div("form").child(field.class("line").attr("maxlength", longest));
    if form.kind == LogKind::Promise {
        part.push(days(form.due_days));
    }
    if !form.error.is_empty() {
        part.push(p("caution", form.error));
    }
    let save = button("save", "button main", copy::SAVE, Action::SaveForm);
    let buttons = div("buttons")
        .child(button("cancel", "button", copy::CANCEL, Action::CloseForm))
        .child(save.only_if(scene.may_note()));
    part.child(buttons)
}

fn days(chosen: i64) -> Element {
    let mut days = group(copy::BY_WHEN);
    for (day, label) in
        &[(0, copy::TODAY), (1, copy::TOMORROW), (3, copy::IN_THREE_DAYS), (7, copy::IN_A_WEEK)]
    {
        days.push(choice("due", *day == chosen, label, Action::Due(*day)));
    }
    days
}
