//! What agents write down: free actions in a tap or two, promises with a day, preferences. Each
//! becomes a note, which waits while the sidecar is away.

use makegood_proto::v1 as pb;
use makegood_proto::v1::ActionKind;

use super::notes::{Note, NoteKind};
use super::{Env, Focus, Model, Tell, money, timestamp};
use crate::copy;
use crate::format::{AmountError, Format, parse_amount};
use crate::rpc::wire::encode;

/// What can be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogKind {
    /// An action of this kind.
    Action(ActionKind),
    /// A promise with a day.
    Promise,
    /// A preference in words.
    Preference,
}

/// What can be logged, most usual first: the kind, the words on its chip, and its name for tests.
pub(crate) const KINDS: [(LogKind, &str, &str); 10] = [
    (LogKind::Action(ActionKind::SavedMoney), copy::SAVED_MONEY, "log-saved-money"),
    (LogKind::Action(ActionKind::RaisedInside), copy::RAISED_INSIDE, "log-raised-inside"),
    (LogKind::Action(ActionKind::Explained), copy::EXPLAINED, "log-explained"),
    (LogKind::Action(ActionKind::Listened), copy::LISTENED, "log-listened"),
    (LogKind::Promise, copy::PROMISE, "log-promise"),
    (LogKind::Action(ActionKind::Apologised), copy::APOLOGISED, "log-apologised"),
    (LogKind::Action(ActionKind::PreferredHour), copy::PREFERRED_HOUR, "log-preferred-hour"),
    (LogKind::Action(ActionKind::LowerMargin), copy::LOWER_MARGIN, "log-lower-margin"),
    (LogKind::Action(ActionKind::CompetitorReferral), copy::COMPETITOR, "log-competitor"),
    (LogKind::Action(ActionKind::Other), copy::OTHER_ACTION, "log-other"),
];

/// An action in words.
pub(crate) fn action_words(kind: ActionKind, note: &str) -> String {
    let label = match kind {
        ActionKind::Promised => copy::PROMISED,
        // What has no kind of its own is said by its words alone.
        ActionKind::Other if !note.is_empty() => return note.to_owned(),
        kind => {
            let known = KINDS.iter().find(|(known, _, _)| *known == LogKind::Action(kind));
            known.map_or(copy::OTHER_ACTION, |(_, label, _)| label)
        }
    };
    if note.is_empty() { label.to_owned() } else { copy::said(label, note) }
}

/// What stands beside an action: what it was worth, or with whom.
pub(crate) fn action_aside(
    kind: ActionKind,
    value: Option<&pb::Money>,
    counterpart: &str,
    fmt: &dyn Format,
) -> String {
    if let Some(value) = value {
        let amount = fmt.money(value.amount_minor, &value.currency_code);
        return if kind == ActionKind::SavedMoney { copy::saved(&amount) } else { amount };
    }
    if kind == ActionKind::RaisedInside && !counterpart.is_empty() {
        return copy::with(counterpart);
    }
    counterpart.to_owned()
}

/// The form of what is being logged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Form {
    /// What it logs.
    pub(crate) kind: LogKind,
    /// The words as typed.
    pub(crate) words: String,
    /// The amount as typed.
    pub(crate) value: String,
    /// The day of a promise, counted from today.
    pub(crate) due_days: i64,
    /// What is missing. Empty if nothing is.
    pub(crate) error: &'static str,
}

/// What a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Nothing: one tap logs it.
    Nothing,
    /// An amount.
    Amount,
    /// Words.
    Words,
    /// Words and a day.
    Promise,
}

impl LogKind {
    /// What has to be asked before it can be logged.
    pub(crate) fn asks(self) -> Asks {
        use ActionKind::{CompetitorReferral, LowerMargin, Other, RaisedInside, SavedMoney};
        match self {
            LogKind::Action(SavedMoney | LowerMargin) => Asks::Amount,
            LogKind::Action(RaisedInside | CompetitorReferral | Other) | LogKind::Preference => {
                Asks::Words
            }
            LogKind::Action(_) => Asks::Nothing,
            LogKind::Promise => Asks::Promise,
        }
    }
}

impl Model {
    /// Logs with one tap what needs no more words, and opens a form for the rest.
    pub(super) fn log(&mut self, kind: LogKind, env: &mut Env<'_>) {
        if !self.shown().is_some_and(|call| self.may_note(call)) {
            return;
        }
        if let (Asks::Nothing, LogKind::Action(kind)) = (kind.asks(), kind) {
            self.log_action(kind, new_log(kind), env);
            return;
        }
        let form =
            Form { kind, words: String::new(), value: String::new(), due_days: 1, error: "" };
        self.with_shown(|call| call.form = Some(form));
        env.focus(Focus::Form);
    }

    /// Logs a suggestion that costs nothing.
    pub(super) fn log_free(&mut self, log: pb::LogActionRequest, env: &mut Env<'_>) {
        if self.shown().is_some_and(|call| self.may_note(call)) {
            self.log_action(log.kind(), log, env);
        }
    }

    fn log_action(&mut self, kind: ActionKind, mut log: pb::LogActionRequest, env: &mut Env<'_>) {
        // What is written down while the sidecar is away says when it was done.
        log.act_time = self.link.is_offline().then(|| timestamp(env.now + self.skew));
        let Some(call) = self.shown_mut() else { return };
        call.log_open = false;
        log.action_id = env.new_id();
        log.interaction_id.clone_from(&call.id);
        call.customer_id().clone_into(&mut log.customer_id);
        let chip = KINDS.iter().find(|(known, _, _)| *known == LogKind::Action(kind));
        let name = chip.map_or("other", |(_, _, act)| act.strip_prefix("log-").unwrap_or(act));
        env.tell(Tell::new("log").text("action_id", &log.action_id).text("kind", name));
        let value = log.customer_value.as_ref().or(log.margin_given_up.as_ref());
        let aside = action_aside(kind, value, &log.counterpart, env.fmt);
        let words = action_words(kind, &log.note);
        let body = encode(&log);
        let note = Note::new(NoteKind::LogAction, log.action_id, body);
        self.write(note.shown_as(words, aside), env);
        env.focus(Focus::Did);
    }

    /// The open form, to be changed: what was missing is forgotten.
    pub(super) fn form_mut(&mut self) -> Option<&mut Form> {
        let form = self.shown_mut()?.form.as_mut()?;
        form.error = "";
        Some(form)
    }

    /// Saves what the open form says, or says what is missing.
    pub(super) fn save_form(&mut self, env: &mut Env<'_>) {
        let Some(call) = self.shown().filter(|call| self.may_note(call)) else {
            return;
        };
        let Some(form) = call.form.clone() else {
            return;
        };
        let currency = call.currency().to_owned();
        let words = form.words.trim_ascii().to_owned();
        match form.kind.asks() {
            Asks::Amount => {
                let digits = env.fmt.digits(&currency);
                match parse_amount(&form.value, env.fmt.decimal(), digits) {
                    Ok(minor) => self.log_value(form.kind, money(minor, &currency), env),
                    Err(error) => self.fail_form(amount_words(error), env),
                }
            }
            _ if words.is_empty() => self.fail_form(copy::IN_WORDS, env),
            Asks::Promise => self.promise(words, form.due_days, env),
            _ => self.log_words(form.kind, words, env),
        }
    }

    fn fail_form(&mut self, words: &'static str, env: &mut Env<'_>) {
        if let Some(form) = self.form_mut() {
            form.error = words;
        }
        env.say(words);
        env.focus(Focus::Form);
    }

    fn log_value(&mut self, kind: LogKind, value: pb::Money, env: &mut Env<'_>) {
        let LogKind::Action(kind) = kind else { return };
        let mut request = new_log(kind);
        if kind == ActionKind::LowerMargin {
            request.margin_given_up = Some(value);
        } else {
            request.customer_value = Some(value);
        }
        self.log_action(kind, request, env);
    }

    fn log_words(&mut self, kind: LogKind, words: String, env: &mut Env<'_>) {
        let LogKind::Action(kind) = kind else {
            self.save_preference(pb::PreferenceKind::Other as i32, &words, env);
            return;
        };
        let mut request = new_log(kind);
        if kind == ActionKind::Other {
            request.note = words;
        } else {
            request.counterpart = words;
        }
        self.log_action(kind, request, env);
    }

    fn promise(&mut self, text: String, due_days: i64, env: &mut Env<'_>) {
        let due = env.fmt.day_end(env.now, due_days);
        let due_time = Some(timestamp(due + self.skew));
        let Some(call) = self.shown_mut() else { return };
        call.log_open = false;
        let words = copy::said(copy::PROMISED, &text);
        let request = pb::MakePromiseRequest {
            promise_id: env.new_id(),
            customer_id: call.customer_id().to_owned(),
            interaction_id: call.id.clone(),
            text,
            due_time,
        };
        let body = encode(&request);
        let note = Note::new(NoteKind::MakePromise, request.promise_id, body);
        self.write(note.shown_as(words, env.fmt.day(due)), env);
        env.focus(Focus::Did);
    }

    /// Remembers one of the ready preferences.
    pub(super) fn remember(&mut self, index: usize, env: &mut Env<'_>) {
        if let Some((kind, words)) = copy::PREFERENCES.get(index) {
            self.save_preference(*kind, words, env);
        }
    }

    fn save_preference(&mut self, kind: i32, text: &str, env: &mut Env<'_>) {
        let Some(customer_id) = self.noted_customer() else {
            return;
        };
        let Some(call) = self.shown_mut() else { return };
        call.remember_open = false;
        let request = pb::SavePreferenceRequest {
            preference_id: env.new_id(),
            customer_id,
            kind,
            text: text.to_owned(),
            interaction_id: call.id.clone(),
            ..pb::SavePreferenceRequest::default()
        };
        let body = encode(&request);
        let note = Note::new(NoteKind::SavePreference, request.preference_id, body);
        self.write(note.shown_as(request.text, String::new()), env);
    }

    pub(super) fn retire(&mut self, id: String, env: &mut Env<'_>) {
        let Some(customer_id) = self.noted_customer() else {
            return;
        };
        let request = pb::RetirePreferenceRequest { preference_id: id.clone(), customer_id };
        self.write(Note::new(NoteKind::RetirePreference, id, encode(&request)), env);
    }

    pub(super) fn keep_promise(&mut self, id: String, env: &mut Env<'_>) {
        let Some(customer_id) = self.noted_customer() else {
            return;
        };
        let request = pb::KeepPromiseRequest { promise_id: id.clone(), customer_id };
        self.write(Note::new(NoteKind::KeepPromise, id, encode(&request)), env);
    }

    /// The customer on the screen, if notes about them are taken.
    fn noted_customer(&self) -> Option<String> {
        let call = self.shown().filter(|call| self.may_note(call))?;
        let customer_id = call.customer_id();
        (!customer_id.is_empty()).then(|| customer_id.to_owned())
    }
}

/// A logged action of which nothing is known but its kind.
fn new_log(kind: ActionKind) -> pb::LogActionRequest {
    pb::LogActionRequest { kind: kind as i32, ..pb::LogActionRequest::default() }
}

/// What is logged of a suggestion that costs nothing.
pub(super) fn free_log(card: &pb::GestureCard) -> pb::LogActionRequest {
    let mut log = new_log(match card.action_kind() {
        ActionKind::Unspecified => ActionKind::Other,
        kind => kind,
    });
    log.note.clone_from(&card.label);
    log.suggestion_code.clone_from(&card.code);
    log
}

/// What is wrong with an amount, in words.
pub(crate) fn amount_words(error: AmountError) -> &'static str {
    match error {
        AmountError::Empty | AmountError::NotANumber => copy::NOT_AN_AMOUNT,
        AmountError::TooFine => copy::TOO_FINE,
        AmountError::TooLarge => copy::TOO_LARGE,
    }
}
