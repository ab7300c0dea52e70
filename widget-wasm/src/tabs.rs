//! The panels of one agent in one browser: which of them reads the stream for all, and which of
//! them may act on an interaction. Web Locks decide; a channel passes the stream on.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::format::joined;
use crate::host::Identity;
use crate::js::{
    Abort, Deferred, Target, bytes, copy_out, defer, field, function, listener, object, page, set,
    text, when,
};
use crate::model::Acting;

#[wasm_bindgen]
extern "C" {
    /// `navigator.locks`; missing outside secure contexts.
    type Locks;
    #[wasm_bindgen(method)]
    fn request(this: &Locks, name: &str, options: &JsValue, run: &JsValue) -> JsValue;
}

/// What the other panels say.
pub(crate) enum News {
    /// This panel leads.
    Lead,
    /// Another panel leads, with this desk; without one if the id is empty.
    Desk(String),
    /// A message of the stream, as bytes.
    Stream(Vec<u8>),
    /// Another panel asks for the desk.
    Asked,
    /// Who may act on an interaction.
    Acting(String, Acting),
}

struct Held {
    call: String,
    /// Gives up waiting for the lock.
    waiting: Abort,
    /// Lets the lock go, once it is had.
    release: Option<Deferred>,
}

/// The line to the other panels.
pub(crate) struct Tabs {
    names: String,
    channel: Target,
    held: RefCell<Vec<Held>>,
    tell: Box<dyn Fn(News)>,
}

impl Tabs {
    /// Joins the panels of an agent, and asks to lead them.
    pub(crate) fn join(who: &Identity, tell: Box<dyn Fn(News)>) -> &'static Tabs {
        let names = joined(&["makegood:", &who.tenant, ":", &who.agent]);
        let channel = Target::channel(&names);
        let tabs = Tabs { names, channel, held: RefCell::default(), tell };
        let tabs: &'static Tabs = Box::leak(Box::new(tabs));
        let heard = listener(move |event| tabs.hear(&field(&event, "data")));
        set(&tabs.channel, "onmessage", &heard);
        tabs.ask_for_desk();
        tabs
    }

    /// Asks to lead, and leads from then on for as long as the page lives.
    pub(crate) fn ask_to_lead(&'static self) {
        let Some(locks) = locks() else {
            (self.tell)(News::Lead);
            return;
        };
        let run = function(Box::new(move |_| {
            (self.tell)(News::Lead);
            defer().promise()
        }));
        locks.request(&joined(&[&self.names, ":lead"]), &object().done(), &run);
    }

    fn hear(&self, data: &JsValue) {
        if let Some(bytes) = bytes(data) {
            (self.tell)(News::Stream(bytes));
        } else if text(data, "type") == "desk" {
            (self.tell)(News::Desk(text(data, "desk")));
        } else if text(data, "type") == "ask" {
            (self.tell)(News::Asked);
        }
    }

    /// Asks the leading panel which desk it has.
    pub(crate) fn ask_for_desk(&self) {
        self.channel.post(&object().text("type", "ask").done());
    }

    /// Says which desk this panel reads. Empty: its stream is gone.
    pub(crate) fn announce(&self, desk_id: &str) {
        self.channel.post(&object().text("type", "desk").text("desk", desk_id).done());
    }

    /// Passes a message of the stream on.
    pub(crate) fn pass_on(&self, bytes: &[u8]) {
        self.channel.post(&copy_out(bytes));
    }

    /// Asks for the lock of an interaction: at once, else by waiting for it or by taking it.
    pub(crate) fn acquire(&'static self, call: &str, steal: bool) {
        self.abandon(call);
        let Some(locks) = locks() else {
            (self.tell)(News::Acting(call.to_owned(), Acting::Here));
            return;
        };
        let waiting = Abort::new();
        self.held.borrow_mut().push(Held { call: call.to_owned(), waiting, release: None });
        let option = if steal { "steal" } else { "ifAvailable" };
        self.request(&locks, call, &object().value(option, &true.into()).done());
    }

    fn request(&'static self, locks: &Locks, call: &str, options: &JsValue) {
        let name = joined(&[&self.names, ":act:", call]);
        let id = call.to_owned();
        let run = function(Box::new(move |lock| self.take_lock(&id, &lock)));
        let id = call.to_owned();
        let outcome = locks.request(&name, options, &run);
        when(
            &outcome,
            Box::new(move |outcome| {
                // It is broken when another panel has taken the lock, or the wait was given up.
                let mine =
                    self.held.borrow().iter().any(|held| held.call == id && held.release.is_some());
                if outcome.is_err() && mine {
                    self.wait(&id);
                }
            }),
        );
    }

    /// The lock was granted, or it is not to be had at once. The lock is held until the promise
    /// that is returned is kept.
    fn take_lock(&'static self, call: &str, lock: &JsValue) -> JsValue {
        if lock.is_null() {
            self.wait(call);
            return JsValue::UNDEFINED;
        }
        let release = defer();
        let promise = release.promise();
        match self.held.borrow_mut().iter_mut().find(|held| held.call == call) {
            Some(held) => held.release = Some(release),
            None => return JsValue::UNDEFINED,
        }
        (self.tell)(News::Acting(call.to_owned(), Acting::Here));
        promise
    }

    /// Another panel acts; this one waits for its turn.
    fn wait(&'static self, call: &str) {
        (self.tell)(News::Acting(call.to_owned(), Acting::Elsewhere));
        let Some(locks) = locks() else { return };
        let signal = {
            let mut held = self.held.borrow_mut();
            let Some(held) = held.iter_mut().find(|held| held.call == call) else {
                return;
            };
            held.release = None;
            held.waiting.signal()
        };
        self.request(&locks, call, &object().value("signal", &signal).done());
    }

    /// Lets the lock of an interaction go, or stops waiting for it.
    pub(crate) fn abandon(&self, call: &str) {
        let mut all = self.held.borrow_mut();
        let Some(at) = all.iter().position(|held| held.call == call) else {
            return;
        };
        let held = all.swap_remove(at);
        drop(all);
        held.waiting.abort();
        if let Some(release) = held.release {
            release.keep();
        }
    }
}

fn locks() -> Option<Locks> {
    let locks = field(&field(&page(), "navigator"), "locks");
    locks.is_truthy().then(|| locks.unchecked_into())
}
