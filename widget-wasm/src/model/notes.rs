//! What waits to be written down: each note has its id and its bytes before it is sent, waits while
//! the sidecar is away, and is sent again as it was.

use makegood_proto::v1 as pb;

use super::{Acting, Call, Env, Model};
use crate::copy;
use crate::rpc::fault::{Code, Fault};
pub(crate) use crate::rpc::request::NoteKind;
use crate::rpc::request::{Reply, Request};

/// Something that the sidecar has not acknowledged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Note {
    /// The interaction it belongs to.
    pub(crate) call: String,
    /// What it writes down.
    pub(crate) kind: NoteKind,
    /// The id of what it is about, chosen before it is sent.
    pub(crate) id: String,
    /// The encoded request: the same bytes each time it is sent.
    pub(crate) body: Vec<u8>,
    /// What the panel shows of it while it waits.
    pub(crate) words: String,
    /// And beside that.
    pub(crate) aside: String,
    /// Whether an answer is awaited.
    pub(crate) sent: bool,
}

impl Note {
    pub(super) fn new(kind: NoteKind, id: String, body: Vec<u8>) -> Note {
        Note {
            call: String::new(),
            kind,
            id,
            body,
            words: String::new(),
            aside: String::new(),
            sent: false,
        }
    }

    pub(super) fn shown_as(mut self, words: String, aside: String) -> Note {
        self.words = words;
        self.aside = aside;
        self
    }
}

impl Model {
    /// Keeps a note, then sends it.
    pub(super) fn write(&mut self, mut note: Note, env: &mut Env<'_>) {
        let Some(call) = self.shown_mut() else {
            return;
        };
        call.form = None;
        note.call.clone_from(&call.id);
        self.notes.push(note);
        self.save(env);
        self.flush_notes(env);
    }

    /// Sends what waits, unless the sidecar is away.
    pub(super) fn flush_notes(&mut self, env: &mut Env<'_>) {
        if self.link.is_offline() {
            return;
        }
        for note in self.notes.iter_mut().filter(|note| !note.sent) {
            note.sent = true;
            env.send(&note.call, Request::Note(note.kind, note.body.clone()));
        }
    }

    pub(super) fn hear_note(
        &mut self,
        id: &str,
        request: &Request,
        result: Result<Reply, Fault>,
        env: &mut Env<'_>,
    ) {
        let Request::Note(kind, body) = request else {
            return;
        };
        let answered = |note: &Note| note.kind == *kind && note.body == *body;
        let Some(at) = self.notes.iter().position(answered) else {
            return;
        };
        match result {
            Err(fault) if may_wait(&fault) => self.notes[at].sent = false,
            Err(fault) => {
                self.notes.remove(at);
                let words = if fault.words.is_empty() { copy::REFUSED } else { &fault.words };
                env.say(words);
                self.with_shown(|call| call.notify(words, env.now));
                self.save(env);
            }
            Ok(reply) => {
                self.notes.remove(at);
                if let (Reply::Action(action), Some(call)) = (reply, self.call_mut(id)) {
                    call.take_action(*action);
                }
                self.save(env);
                if !self.link.is_live() {
                    self.ask_panel(id, env);
                }
            }
        }
    }

    /// Whether a note of this kind about this thing waits.
    pub(crate) fn has_note(&self, kind: NoteKind, id: &str) -> bool {
        self.notes.iter().any(|note| note.kind == kind && note.id == id)
    }
}

impl Call {
    fn take_action(&mut self, action: pb::AdvocacyAction) {
        let Some(panel) = &mut self.panel else { return };
        if !panel.actions.iter().any(|known| known.action_id == action.action_id) {
            panel.actions.insert(0, action);
        }
    }

    /// Whether another panel acts on this interaction.
    pub(crate) fn is_mirror(&self) -> bool {
        self.acting == Acting::Elsewhere
    }
}

/// Whether a note is kept for another try.
fn may_wait(fault: &Fault) -> bool {
    matches!(fault.code, Code::Unknown | Code::ResourceExhausted | Code::Unauthenticated)
}
