//! What the agent does: each action leads to the part of the model that answers for it.

use makegood_proto::v1 as pb;

use super::event::{Action, Field};
use super::line::{Line, Op, Phase};
use super::{Env, Focus, Model};
use crate::format::plain_amount;

impl Model {
    /// Does what the agent asks.
    pub(super) fn act(&mut self, action: Action, env: &mut Env<'_>) {
        match action {
            Action::Card(index) => self.take_card(index, env),
            Action::Compose => self.compose(env),
            Action::CloseDraft => {
                if let Some(call) = self.shown_mut() {
                    call.draft = None;
                    env.focus(Focus::Top);
                }
            }
            Action::Edit(field, text) => self.edit(field, text),
            Action::Preset(minor) => {
                let (decimal, fmt) = (env.fmt.decimal(), env.fmt);
                self.with_draft(|draft, call| {
                    draft.amount = plain_amount(minor, decimal, fmt.digits(call.currency()));
                });
            }
            Action::Gesture(code) => self.with_draft(|draft, _| draft.gesture = code),
            Action::Reason(index) => self.with_draft(|draft, call| {
                if let Some(reason) = call.policy().and_then(|policy| policy.reasons.get(index)) {
                    draft.reason.clone_from(&reason.code);
                }
            }),
            Action::Hold => self.submit_draft(Op::Reserve, env),
            Action::GiveNow => self.submit_draft(Op::Give, env),
            Action::Give(id) => self.step(&id, Op::Commit, 0, env),
            Action::Release(id) => {
                self.step(&id, Op::Void, pb::VoidReason::CustomerDeclined as i32, env);
            }
            Action::Undo(id) => {
                self.step(&id, Op::Reverse, pb::ReverseReason::MisEntry as i32, env);
            }
            Action::TakeBack(id, why) => self.step(&id, Op::Reverse, why, env),
            Action::KeepHolding(id) => self.keep_holding(&id, env),
            Action::HoldAgain(id) => self.hold_again(&id, env),
            Action::ArmRelease(id) => self.with_line(&id, |line| line.armed = true),
            Action::AskBack(id) => self.with_line(&id, |line| line.asking_back = !line.asking_back),
            Action::Dismiss(id) => self.with_line(&id, |line| {
                line.dismissed = true;
                line.asking_back = false;
                line.message.clear();
            }),
            Action::CheckAgain(id) => {
                let now = env.now;
                self.with_line(&id, |line| line.phase = Phase::Unknown { since: now, next: now });
                self.tick_lines(env);
            }
            action => self.act_on_notes(action, env),
        }
    }

    fn with_line(&mut self, id: &str, change: impl FnOnce(&mut Line)) {
        if let Some(line) = self.shown_mut().and_then(|call| call.line_mut(id)) {
            change(line);
        }
    }

    fn act_on_notes(&mut self, action: Action, env: &mut Env<'_>) {
        match action {
            Action::ToggleLog => self.with_shown(|call| {
                call.log_open = !call.log_open;
                call.form = None;
            }),
            Action::Log(kind) => self.log(kind, env),
            Action::Due(days) => self.with_form(|form| form.due_days = days),
            Action::SaveForm => self.save_form(env),
            Action::CloseForm => self.with_shown(|call| {
                call.form = None;
                call.remember_open = false;
            }),
            Action::ToggleRemember => {
                self.with_shown(|call| call.remember_open = !call.remember_open);
            }
            Action::Remember(index) => self.remember(index, env),
            Action::Retire(id) => self.retire(id, env),
            Action::KeepPromise(id) => self.keep_promise(id, env),
            Action::ToggleSettled => self.with_shown(|call| call.resolved = !call.resolved),
            action => self.act_on_match(action, env),
        }
    }

    fn act_on_match(&mut self, action: Action, env: &mut Env<'_>) {
        match action {
            Action::NotThem => self.rule_out(env),
            Action::Pick(id) => self.pick(id, env),
            Action::Search => self.search(env),
            Action::StartByHand => self.start_by_hand(env),
            Action::Without => self.with_shown(|call| call.without = true),
            Action::UseHere => self.take_over(env),
            Action::SignIn => self.sign_in(env),
            Action::Retry => self.retry(env),
            Action::MoreTimeline => self.more_timeline(env),
            Action::ToggleHelp => self.help = !self.help,
            _ => {}
        }
    }

    pub(super) fn with_shown(&mut self, change: impl FnOnce(&mut super::Call)) {
        if let Some(call) = self.shown_mut() {
            change(call);
        }
    }

    fn edit(&mut self, field: Field, text: String) {
        match field {
            Field::Amount => self.with_draft(|draft, _| {
                draft.amount = text;
                draft.error.clear();
            }),
            Field::Note => self.with_draft(|draft, _| draft.note = text),
            Field::Search => self.with_shown(|call| {
                call.search.text = text;
                call.search.nobody = false;
            }),
            Field::Words => self.with_form(|form| form.words = text),
            Field::Value => self.with_form(|form| form.value = text),
        }
    }
}
