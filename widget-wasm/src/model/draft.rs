//! The composer: what the agent is about to hold, and what that would leave.

use makegood_proto::v1 as pb;
use makegood_proto::v1::GestureValue;

use super::{Call, Env, Focus, Model, money};
use crate::copy;
use crate::format::{AmountError, Format, parse_amount, plain_amount};
use crate::model::line::Op;
use crate::model::logging::free_log;

/// Amounts to tap, in minor units of any currency: with two decimals 25, 50 and 100.
pub(crate) const PRESETS_MINOR: [i64; 3] = [2_500, 5_000, 10_000];

/// What the agent is about to hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Draft {
    /// The amount as typed.
    pub(crate) amount: String,
    /// The note as typed.
    pub(crate) note: String,
    /// The code of the gesture.
    pub(crate) gesture: String,
    /// The code of the reason. Empty until it is chosen.
    pub(crate) reason: String,
    /// The code of the suggestion that was taken. May be empty.
    suggestion: String,
    /// Why the last try was refused. Empty if it was not.
    pub(crate) error: String,
    /// Who would be asked for more than there is room for. Empty if nobody is known to be there.
    pub(crate) approver: String,
    /// When that is asked next.
    pub(super) preview_at: i64,
}

/// What the typed amount comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sum {
    /// It cannot be used.
    Wrong(AmountError),
    /// There is room for it.
    Fits {
        /// The amount.
        minor: i64,
        /// What would be left.
        leaves: i64,
    },
    /// There is no room for all of it.
    Over {
        /// By how much it is too much.
        excess: i64,
        /// What can be given.
        left: i64,
    },
}

impl Sum {
    /// The whole amount. 0 if it cannot be used.
    pub(crate) fn wished(self) -> i64 {
        match self {
            Sum::Over { excess, left } => excess + left,
            sum => sum.holdable(),
        }
    }

    /// The amount that can be held now. 0 if none can.
    pub(crate) fn holdable(self) -> i64 {
        match self {
            Sum::Wrong(_) => 0,
            Sum::Fits { minor, .. } => minor,
            Sum::Over { left, .. } => left,
        }
    }
}

impl Draft {
    /// What Enter does: asks where there is too little room and somebody to ask, else holds.
    pub(crate) fn main(&self, call: &Call, fmt: &dyn Format) -> Op {
        let over = matches!(self.sum(call, fmt), Sum::Over { .. });
        if over && !self.approver.is_empty() { Op::Ask } else { Op::Reserve }
    }

    /// The same again after it was refused: nothing has to be typed twice.
    pub(super) fn again(want: &pb::ReserveSpendRequest, error: &str, fmt: &dyn Format) -> Draft {
        let amount = match &want.amount {
            Some(amount) if amount.amount_minor > 0 => {
                let digits = fmt.digits(&amount.currency_code);
                plain_amount(amount.amount_minor, fmt.decimal(), digits)
            }
            _ => String::new(),
        };
        Draft {
            amount,
            note: want.note.clone(),
            gesture: want.gesture_code.clone(),
            reason: want.reason_code.clone(),
            suggestion: want.suggestion_code.clone(),
            error: error.to_owned(),
            ..Draft::default()
        }
    }

    /// What the amount comes to against the headroom.
    pub(crate) fn sum(&self, call: &Call, fmt: &dyn Format) -> Sum {
        let available = call.headroom().map_or(0, |headroom| headroom.available_minor);
        match parse_amount(&self.amount, fmt.decimal(), fmt.digits(call.currency())) {
            Err(error) => Sum::Wrong(error),
            Ok(minor) if minor > available => {
                Sum::Over { excess: minor - available, left: available.max(0) }
            }
            Ok(minor) => Sum::Fits { minor, leaves: available - minor },
        }
    }
}

/// A hold that is not yet anybody's.
pub(super) fn wish(gesture: &str, reason: &str, amount: pb::Money) -> pb::ReserveSpendRequest {
    pb::ReserveSpendRequest {
        amount: Some(amount),
        reason_code: reason.to_owned(),
        gesture_code: gesture.to_owned(),
        ..pb::ReserveSpendRequest::default()
    }
}

/// The gesture that "something else" stands for: the first whose amount the agent names, else the
/// first that is not free.
fn default_gesture(policy: &pb::PolicyView) -> String {
    let mut code = "";
    for card in &policy.gestures {
        match card.value() {
            GestureValue::Asked => return card.code.clone(),
            GestureValue::Fixed if code.is_empty() => code = &card.code,
            _ => {}
        }
    }
    code.to_owned()
}

/// How many gestures are shown as cards.
pub(crate) const CARDS: usize = 3;

impl Model {
    /// Takes a suggestion: holds its amount, logs it if it is free, or opens the composer where
    /// there is no room for it.
    pub(super) fn take_card(&mut self, index: usize, env: &mut Env<'_>) {
        let Some(call) = self.shown() else { return };
        let gestures = call.policy().map_or(&[][..], |policy| &policy.gestures);
        let Some(card) = gestures.get(index).filter(|_| index < CARDS && !call.cards_hidden())
        else {
            return;
        };
        if card.value() == GestureValue::Free {
            let log = free_log(card);
            self.log_free(log, env);
            return;
        }
        let room = call.headroom().map_or(0, |headroom| headroom.available_minor);
        let amount = card.amount.clone().unwrap_or_default();
        let ready = (1..=room).contains(&amount.amount_minor) && !card.reason_code.is_empty();
        let mut want = wish(&card.code, &card.reason_code, amount);
        want.suggestion_code.clone_from(&card.code);
        if ready {
            self.begin(Op::Reserve, want, env);
        } else {
            self.open_draft(Draft::again(&want, "", env.fmt), env);
        }
    }

    /// Opens the empty composer.
    pub(super) fn compose(&mut self, env: &mut Env<'_>) {
        let Some(policy) = self.shown().and_then(Call::policy) else {
            return;
        };
        let draft = Draft { gesture: default_gesture(policy), ..Draft::default() };
        self.open_draft(draft, env);
    }

    fn open_draft(&mut self, draft: Draft, env: &mut Env<'_>) {
        let allowed = self.shown().is_some_and(|call| self.may_begin(call));
        if let Some(call) = self.shown_mut().filter(|_| allowed) {
            call.form = None;
            call.draft = Some(draft);
            env.focus(Focus::Amount);
        }
    }

    /// The open composer, to be changed: who would be asked is looked up anew.
    pub(super) fn draft_mut(&mut self) -> Option<&mut Draft> {
        let draft = self.shown_mut()?.draft.as_mut()?;
        draft.preview_at = 0;
        Some(draft)
    }

    /// Holds, holds and gives, or holds and asks for, what the composer says.
    pub(super) fn submit_draft(&mut self, op: Op, env: &mut Env<'_>) {
        let Some(call) = self.shown() else { return };
        let Some(draft) = &call.draft else { return };
        let sum = draft.sum(call, env.fmt);
        let op = if op == Op::Reserve { draft.main(call, env.fmt) } else { op };
        let minor = if op == Op::Ask { sum.wished() } else { sum.holdable() };
        if minor == 0 || draft.reason.is_empty() {
            let missing = minor != 0;
            let words = if missing { copy::PICK_REASON } else { copy::NOT_AN_AMOUNT };
            env.say(words);
            return;
        }
        let mut want = wish(&draft.gesture, &draft.reason, money(minor, call.currency()));
        draft.note.trim_ascii().clone_into(&mut want.note);
        want.suggestion_code.clone_from(&draft.suggestion);
        self.begin(op, want, env);
    }
}

impl Call {
    /// Whether the suggestions give way to something that has begun.
    pub(crate) fn cards_hidden(&self) -> bool {
        self.draft.is_some() || self.lines.iter().any(|line| line.is_held() || line.is_pending())
    }
}
