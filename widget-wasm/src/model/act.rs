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
                let digits = self.shown().map_or(0, |call| env.fmt.digits(call.currency()));
                if let Some(draft) = self.draft_mut() {
                    draft.amount = plain_amount(minor, env.fmt.decimal(), digits);
                }
            }
            Action::Gesture(code) => {
                if let Some(draft) = self.draft_mut() {
                    draft.gesture = code;
                }
            }
            Action::Reason(index) => self.choose_reason(index),
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
            Action::AskAgain(id) => self.step(&id, Op::Ask, 0, env),
            Action::Withdraw(id) => self.withdraw(&id, env),
            Action::Decide(index, answer) => self.decide(index, answer, env),
            Action::KeepHolding(id) => self.keep_holding(&id, env),
            Action::HoldAgain(id) => self.hold_again(&id, env),
            Action::ArmRelease(id) => {
                if let Some(line) = self.line_mut(&id) {
                    line.armed = true;
                }
            }
            Action::AskBack(id) => {
                if let Some(line) = self.line_mut(&id) {
                    line.asking_back = !line.asking_back;
                }
            }
            Action::Dismiss(id) => {
                if let Some(line) = self.line_mut(&id) {
                    line.dismissed = true;
                    line.asking_back = false;
                    line.message.clear();
                }
            }
            Action::CheckAgain(id) => {
                if let Some(line) = self.line_mut(&id) {
                    line.phase = Phase::Unknown { since: env.now, next: env.now };
                }
                self.tick_lines(env);
            }
            action => self.act_on_notes(action, env),
        }
    }

    fn line_mut(&mut self, id: &str) -> Option<&mut Line> {
        self.shown_mut()?.line_mut(id)
    }

    fn choose_reason(&mut self, index: usize) {
        let policy = self.shown().and_then(super::Call::policy);
        let code = policy.and_then(|policy| Some(policy.reasons.get(index)?.code.clone()));
        if let (Some(code), Some(draft)) = (code, self.draft_mut()) {
            draft.reason = code;
        }
    }

    fn act_on_notes(&mut self, action: Action, env: &mut Env<'_>) {
        match action {
            Action::ToggleLog => self.with_shown(|call| {
                call.log_open = !call.log_open;
                call.form = None;
            }),
            Action::Log(kind) => self.log(kind, env),
            Action::Due(days) => {
                if let Some(form) = self.form_mut() {
                    form.due_days = days;
                }
            }
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
            Field::Amount => {
                if let Some(draft) = self.draft_mut() {
                    draft.amount = text;
                    draft.error.clear();
                }
            }
            Field::Note => {
                if let Some(draft) = self.draft_mut() {
                    draft.note = text;
                }
            }
            Field::Search => self.with_shown(|call| {
                call.search.text = text;
                call.search.nobody = false;
            }),
            Field::Words => {
                if let Some(form) = self.form_mut() {
                    form.words = text;
                }
            }
            Field::Value => {
                if let Some(form) = self.form_mut() {
                    form.value = text;
                }
            }
            Field::Approval(index) => self.edit_card(index, text),
        }
    }
}
