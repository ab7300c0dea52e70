//! The keyboard inside the panel: single keys work only while the panel has the focus, never in a
//! field, and the host can turn them off. Escape never releases anything.

use makegood_proto::v1 as pb;

use super::event::{Action, Field, Key, Shortcuts};
use super::line::Op;
use super::{Env, Focus, Model};

impl Model {
    /// Does what a key stands for.
    pub(super) fn press(&mut self, key: &Key, env: &mut Env<'_>) {
        let action = match key.name.as_str() {
            "Enter" => self.enter(key),
            "Escape" => self.escape(env),
            _ if key.control || key.field.is_some() || self.shortcuts == Shortcuts::Off => None,
            name => self.single_key(name, env),
        };
        if let Some(action) = action {
            self.act(action, env);
        }
    }

    fn enter(&self, key: &Key) -> Option<Action> {
        // A question is answered without a call too, and Control there gives nothing of one's own.
        if let Some(Field::Approval(index)) = key.field {
            return Some(Action::Decide(index, pb::ConsultAnswer::Approve));
        }
        let call = self.shown()?;
        match key.field {
            _ if key.control && call.draft.is_some() => Some(Action::GiveNow),
            _ if key.control => call.held_line().map(|line| Action::Give(line.spend_id.clone())),
            Some(Field::Search) => Some(Action::Search),
            Some(Field::Words | Field::Value) => Some(Action::SaveForm),
            Some(Field::Amount | Field::Note) => Some(Action::Hold),
            None if key.on_button => None,
            _ => call.draft.as_ref().map(|_| Action::Hold),
        }
    }

    fn escape(&mut self, env: &mut Env<'_>) -> Option<Action> {
        if std::mem::take(&mut self.help) {
            env.focus(Focus::Top);
            return None;
        }
        let call = self.shown_mut()?;
        if call.draft.is_some() {
            return Some(Action::CloseDraft);
        }
        for line in &mut call.lines {
            line.armed = false;
            line.asking_back = false;
        }
        call.remember_open = false;
        call.log_open = false;
        call.form = None;
        None
    }

    fn single_key(&mut self, name: &str, env: &mut Env<'_>) -> Option<Action> {
        if self.has_moved() {
            // What is typed into a field that has just gone is no command, up to the first pause.
            self.moved_at = env.now;
            return None;
        }
        match name {
            "?" => return Some(Action::ToggleHelp),
            "/" => env.focus(Focus::Search),
            "t" | "T" => env.focus(Focus::Timeline),
            "g" | "G" => return Some(Action::Compose),
            "a" | "A" => {
                let call = self.shown()?;
                let asks = call.draft.as_ref()?.main(call, env.fmt) == Op::Ask;
                return asks.then_some(Action::Hold);
            }
            "r" | "R" => {
                let line = self.shown()?.held_line()?;
                let id = line.spend_id.clone();
                return Some(if line.armed { Action::Release(id) } else { Action::ArmRelease(id) });
            }
            digit => {
                let &[digit @ b'1'..=b'9'] = digit.as_bytes() else {
                    return None;
                };
                let composing = self.shown()?.draft.is_some();
                let index = usize::from(digit - b'1');
                return Some(if composing { Action::Reason(index) } else { Action::Card(index) });
            }
        }
        None
    }
}
