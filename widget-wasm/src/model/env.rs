//! What an event brings with it, and what it asks to be done.

use std::rc::Rc;

use makegood_proto::v1 as pb;

use crate::format::Format;
use crate::rpc::request::Request;

/// Clock, locale and ids for one event; collects what has to be done.
pub(crate) struct Env<'a> {
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    /// The reader's locale.
    pub(crate) fmt: &'a dyn Format,
    ids: &'a mut dyn FnMut() -> String,
    effects: Vec<Effect>,
    pub(super) polite: Option<String>,
    pub(super) urgent: Option<String>,
}

/// Something to be done outside the model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Make a call with the token of an interaction, and bring the answer.
    Send {
        /// The interaction whose token is used.
        call: String,
        /// The call.
        request: Rc<Request>,
    },
    /// Open the stream.
    OpenStream {
        /// The interaction whose token is used.
        call: String,
        /// What to watch.
        request: Box<pb::WatchDeskRequest>,
    },
    /// Learn who the agent is, where no call has said so yet.
    Meet,
    /// Ask the leading panel again which desk it has.
    AskForDesk,
    /// Take the lock that says which panel of an interaction may act.
    Acquire {
        /// The interaction.
        call: String,
        /// Whether it is taken from another panel that has it.
        steal: bool,
    },
    /// Let that lock go.
    Abandon {
        /// The interaction.
        call: String,
    },
    /// Ask the host for a new token before the next call.
    ForgetToken {
        /// The interaction.
        call: String,
    },
    /// Keep these bytes for this tab.
    Save(Vec<u8>),
    /// Come back after so many milliseconds.
    Wake(i64),
    /// Move the focus once the screen is painted.
    Focus(Focus),
    /// Tell the host.
    Tell(Tell),
}

/// Where the focus can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    /// The amount of the composer.
    Amount,
    /// The first field of an open form.
    Form,
    /// The main button of the tray.
    Tray,
    /// The search field.
    Search,
    /// What is left of the questions, if what had the focus is gone.
    Rest,
    /// The heading of what was done.
    Did,
    /// The heading of the timeline.
    Timeline,
    /// The heading of the whole panel.
    Top,
}

/// Something that the host learns: its kind and its fields, by their names in the protocol. It is a
/// pointer, so that building one moves no more than that.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tell(Box<(&'static str, Vec<(&'static str, Value)>)>);

/// What a field says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Words, or an id.
    Text(String),
    /// A count, or an amount in minor units.
    Number(i64),
    /// Yes or no.
    Flag(bool),
}

impl Tell {
    /// One without fields.
    pub(crate) fn new(kind: &'static str) -> Tell {
        Tell(Box::new((kind, Vec::new())))
    }

    #[inline(never)]
    pub(crate) fn text(mut self, name: &'static str, text: &str) -> Tell {
        self.0.1.push((name, Value::Text(text.to_owned())));
        self
    }

    pub(crate) fn number(mut self, name: &'static str, number: i64) -> Tell {
        self.0.1.push((name, Value::Number(number)));
        self
    }

    pub(crate) fn flag(mut self, name: &'static str, flag: bool) -> Tell {
        self.0.1.push((name, Value::Flag(flag)));
        self
    }

    /// The kind, and the fields.
    pub(crate) fn parts(&self) -> (&'static str, &[(&'static str, Value)]) {
        (self.0.0, &self.0.1)
    }
}

impl<'a> Env<'a> {
    /// An event's surroundings.
    pub(crate) fn new(
        now: i64,
        fmt: &'a dyn Format,
        ids: &'a mut dyn FnMut() -> String,
    ) -> Env<'a> {
        Env { now, fmt, ids, effects: Vec::new(), polite: None, urgent: None }
    }

    /// A new UUID.
    pub(crate) fn new_id(&mut self) -> String {
        (self.ids)()
    }

    pub(super) fn send(&mut self, call: &str, request: Request) {
        self.push(Effect::Send { call: call.to_owned(), request: Rc::new(request) });
    }

    pub(super) fn save(&mut self, bytes: Vec<u8>) {
        self.push(Effect::Save(bytes));
    }

    pub(super) fn tell(&mut self, tell: Tell) {
        self.push(Effect::Tell(tell));
    }

    pub(super) fn focus(&mut self, focus: Focus) {
        self.push(Effect::Focus(focus));
    }

    pub(super) fn wake(&mut self, after_ms: i64) {
        self.push(Effect::Wake(after_ms));
    }

    pub(super) fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Lets a screen reader say something when it has time.
    pub(super) fn say(&mut self, words: impl Into<String>) {
        self.polite = Some(words.into());
    }

    /// Lets a screen reader say something at once.
    pub(super) fn cry(&mut self, words: impl Into<String>) {
        self.urgent = Some(words.into());
    }

    pub(super) fn into_effects(self) -> Vec<Effect> {
        self.effects
    }
}
