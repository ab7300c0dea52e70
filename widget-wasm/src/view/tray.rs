//! The tray at the bottom: what is held and waits for a word, what was just given and can be
//! undone, and what is not known yet. It stays in sight while the agent scrolls.

use makegood_proto::v1::{ConsultState, ReverseReason};

use super::node::{Element, button, div, p, section, sign, span};
use super::{Scene, dotted};
use crate::copy;
use crate::format::short_span;
use crate::model::Action;
use crate::model::line::{Line, Op, Phase};

/// The tray, if there is anything in it.
pub(super) fn tray(scene: Scene<'_>) -> Option<Element> {
    let mut tray = section("tray", "tray")
        .attr("id", "tray")
        .attr("tabindex", "-1")
        .attr("aria-label", copy::GIVE_SECTION);
    for line in &scene.call.lines {
        if line.in_tray(scene.model.now) {
            tray.push(block(scene, line));
        }
    }
    if !scene.call.notice.is_empty() {
        tray.push(p("title", &scene.call.notice));
    }
    (!tray.is_empty()).then_some(tray)
}

fn block(scene: Scene<'_>, line: &Line) -> Element {
    let block = div("line").key(&line.spend_id);
    if line.is_pending() {
        pending(scene, line, block.attr("data-state", "checking"))
    } else if line.asking_back {
        taking_back(scene, line, block.attr("data-state", "open"))
    } else if line.is_held() && line.consult_state() == ConsultState::Open {
        asking(scene, line, block.attr("data-state", "asking"))
    } else if line.is_held() {
        held(scene, line, block.attr("data-state", "held"))
    } else if line.has_lapsed() || line.spend.is_none() {
        lapsed(scene, line, block.attr("data-state", "ended"))
    } else {
        given(scene, line, block.attr("data-state", "given"))
    }
}

/// The gesture and its amount, as the tray names it.
pub(super) fn gesture(scene: Scene<'_>, line: &Line) -> String {
    copy::gesture(&label(scene, line), &amount(scene, line))
}

fn label(scene: Scene<'_>, line: &Line) -> String {
    let mut label = line.spend.as_ref().map_or("", |spend| &spend.gesture_label);
    if label.is_empty()
        && let Some(policy) = scene.call.policy()
    {
        let code = &line.want.gesture_code;
        let known = policy.gestures.iter().find(|gesture| gesture.code == *code);
        label = known.map_or("", |gesture| &gesture.label);
    }
    label.to_owned()
}

fn amount(scene: Scene<'_>, line: &Line) -> String {
    scene.fmt.money(line.amount_minor(), line.currency())
}

fn held(scene: Scene<'_>, line: &Line, block: Element) -> Element {
    let call = scene.call;
    let (id, amount) = (&line.spend_id, amount(scene, line));
    let can_give = line.held_minor() > 0;
    let title = if !can_give {
        gesture(scene, line)
    } else if call.gate {
        copy::still_held(&amount, call.first_name())
    } else {
        copy::held_for(call.first_name(), &gesture(scene, line))
    };
    let talking = call.is_live();
    let until = copy::held_until(&scene.fmt.clock(line.expires_at));
    let answer = line.answer(scene.fmt);
    let advice = if !line.message.is_empty() {
        &line.message
    } else if !answer.is_empty() {
        &answer
    } else if scene.model.link.is_offline() {
        copy::NOT_CONFIRMED
    } else if talking {
        copy::OFFER_THEN_CONFIRM
    } else {
        &until
    };
    let release = Action::Release(id.clone());
    let release = if line.armed {
        button("release-confirm", "button", &copy::release(&amount), release)
    } else {
        button("release", "button", copy::RELEASE, release)
    };
    let release = release.attr("aria-keyshortcuts", "R").only_if(scene.may_hold());
    let mut buttons = div("buttons").child(release);
    if !talking {
        let keep = Action::KeepHolding(id.clone());
        let keep = button("keep-holding", "button", copy::KEEP_HOLDING, keep);
        buttons.push(keep.only_if(scene.may_hold()));
    }
    if line.may_ask_again() {
        let again = button("ask-again", "button", copy::ASK_AGAIN, Action::AskAgain(id.clone()));
        buttons.push(again.only_if(scene.may_begin()));
    }
    if can_give {
        buttons.push(give(scene, line, "button main"));
    }
    block.child(p("title", &title)).child(p("meta", advice)).child(buttons)
}

/// Gives what is held.
fn give(scene: Scene<'_>, line: &Line, class: &'static str) -> Element {
    let words = copy::give(&scene.fmt.money(line.held_minor(), line.currency()));
    button("give", class, &words, Action::Give(line.spend_id.clone()))
        .attr("aria-keyshortcuts", "Control+Enter")
        .only_if(scene.may_give())
}

/// A second person is asked: who, for how long already, and what can be given meanwhile.
fn asking(scene: Scene<'_>, line: &Line, block: Element) -> Element {
    let consult = line.consult.as_ref();
    let since = consult.and_then(|consult| consult.ask_time.as_ref());
    let waited = since.map_or(0, |since| scene.model.now - scene.model.local_ms(since));
    let title = dotted(&[&copy::asking(line.approver()), &short_span(waited)]);
    let asked = consult.and_then(|consult| consult.asked.as_ref());
    let asked = scene.fmt.money(asked.map_or(0, |asked| asked.amount_minor), line.currency());
    let mut what = copy::gesture(&label(scene, line), &asked);
    if !line.message.is_empty() {
        what.clone_from(&line.message);
    }
    let withdraw = Action::Withdraw(line.spend_id.clone());
    let withdraw = button("withdraw", "button", copy::WITHDRAW, withdraw);
    let mut buttons = div("buttons").child(withdraw.only_if(scene.may_hold()));
    if line.held_minor() > 0 {
        buttons.push(give(scene, line, "button"));
    }
    block.child(p("title", &title)).child(p("meta", &what)).child(buttons)
}

fn pending(scene: Scene<'_>, line: &Line, block: Element) -> Element {
    let amount = amount(scene, line);
    let doing = match line.op {
        Op::Reserve | Op::Ask => copy::holding(&amount),
        Op::Give | Op::Commit => copy::giving(&amount),
        Op::Void => copy::releasing(&amount),
        Op::Reverse => copy::taking_back(&amount),
    };
    let block = block.child(p("title", &gesture(scene, line)));
    match line.phase {
        Phase::Settled | Phase::Sent => block.child(p("meta", &doing).flag("aria-busy", true)),
        Phase::Unknown { .. } => block.child(p("meta", copy::CHECKING)),
        Phase::Stuck => {
            let check = Action::CheckAgain(line.spend_id.clone());
            let check = button("check-again", "button main", copy::CHECK_AGAIN, check);
            block.child(p("meta", copy::STILL_UNSURE)).child(div("buttons").child(check))
        }
    }
}

/// A hold that ended by time, or that never came to be.
fn lapsed(scene: Scene<'_>, line: &Line, block: Element) -> Element {
    let id = &line.spend_id;
    let message = if line.message.is_empty() { copy::HOLD_ENDED } else { &line.message };
    let again =
        if matches!(line.op, Op::Give | Op::Ask) { copy::TRY_AGAIN } else { copy::HOLD_AGAIN };
    let again = button("hold-again", "button main", again, Action::HoldAgain(id.clone()));
    let buttons = div("buttons")
        .child(button("dismiss", "button", copy::LET_GO, Action::Dismiss(id.clone())))
        .child(again.only_if(scene.may_begin()));
    block.child(p("title", &gesture(scene, line))).child(p("meta", message)).child(buttons)
}

fn given(scene: Scene<'_>, line: &Line, block: Element) -> Element {
    let id = &line.spend_id;
    let can_undo = line.can_undo(scene.model.now);
    let left_ms = if can_undo { line.undo_until - scene.model.now } else { 0 };
    let words = copy::given((left_ms + 999) / 1_000);
    let words = if line.message.is_empty() { &words } else { &line.message };
    let title = p("title", "")
        .child(sign("✓"))
        .child(span("what", words))
        .child(span("aside", line.reference()));
    let undo = button("undo", "button", copy::UNDO, Action::Undo(id.clone()));
    let buttons = div("buttons").child(undo.only_if(can_undo && scene.may_hold())).child(button(
        "dismiss",
        "button",
        copy::CLOSE,
        Action::Dismiss(id.clone()),
    ));
    block.child(title).child(p("meta", &gesture(scene, line))).child(buttons)
}

fn taking_back(scene: Scene<'_>, line: &Line, block: Element) -> Element {
    let id = &line.spend_id;
    let mut reasons = div("chips");
    for (reason, label) in &[
        (ReverseReason::CustomerReturned, copy::RETURNED),
        (ReverseReason::Duplicate, copy::TWICE),
        (ReverseReason::Other, copy::OTHER_REASON),
    ] {
        let action = Action::TakeBack(id.clone(), *reason as i32);
        reasons.push(button("take-back", "choice", label, action).only_if(scene.may_hold()));
    }
    let cancel = button("cancel", "button", copy::CANCEL, Action::AskBack(id.clone()));
    block
        .child(p("title", copy::WHY_BACK))
        .child(p("meta", &gesture(scene, line)))
        .child(reasons)
        .child(div("buttons").child(cancel))
}
