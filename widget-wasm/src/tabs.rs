//! The panels of one agent in one browser: which of them reads the stream for all, and which of
//! them may act on an interaction. Web Locks decide; a channel passes the stream on.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, BroadcastChannel, MessageEvent};

use crate::host::{Identity, fulfil, object, text};
use crate::model::Acting;

#[wasm_bindgen]
extern "C" {
    /// `navigator.locks`; missing outside secure contexts.
    #[wasm_bindgen(thread_local_v2, js_namespace = navigator, js_name = locks)]
    static LOCKS: Option<LockManager>;

    #[derive(Clone)]
    type LockManager;
    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, options: &Object, run: &JsValue) -> Outcome;

    /// The promise that a lock settles when it is let go or lost.
    type Outcome;
    #[wasm_bindgen(method)]
    fn catch(this: &Outcome, run: &JsValue) -> Outcome;
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
    waiting: AbortController,
    /// Lets the lock go, once it is had.
    release: Option<Function>,
}

/// The line to the other panels.
pub(crate) struct Tabs {
    names: String,
    channel: Option<BroadcastChannel>,
    held: RefCell<Vec<Held>>,
    tell: Rc<dyn Fn(News)>,
}

impl Tabs {
    /// Joins the panels of an agent, and asks to lead them.
    pub(crate) fn join(who: &Identity, tell: Rc<dyn Fn(News)>) -> Rc<Tabs> {
        let names = ["makegood:", &who.tenant, ":", &who.agent].concat();
        let channel = BroadcastChannel::new(&names).ok();
        let tabs = Rc::new(Tabs { names, channel, held: RefCell::default(), tell });
        tabs.listen();
        tabs.ask_for_desk();
        let lead = tabs.tell.clone();
        match locks() {
            None => lead(News::Lead),
            Some(locks) => {
                let run = Closure::once_into_js(move |_: JsValue| {
                    lead(News::Lead);
                    // Led for as long as the page lives.
                    Promise::new(&mut |_, _| {})
                });
                // Its promise never settles.
                drop(locks.request(&[&tabs.names, ":lead"].concat(), &Object::new(), &run));
            }
        }
        tabs
    }

    fn listen(self: &Rc<Self>) {
        let Some(channel) = &self.channel else { return };
        let tell = self.tell.clone();
        let heard: Closure<dyn Fn(MessageEvent)> = Closure::new(move |event: MessageEvent| {
            let data = event.data();
            if let Some(bytes) = data.dyn_ref::<Uint8Array>() {
                tell(News::Stream(bytes.to_vec()));
            } else if text(&data, "type") == "desk" {
                tell(News::Desk(text(&data, "desk")));
            } else if text(&data, "type") == "ask" {
                tell(News::Asked);
            }
        });
        channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        heard.forget();
    }

    fn post(&self, message: &JsValue) {
        if let Some(channel) = &self.channel {
            // Only a closed channel throws, and it closes with the page.
            drop(channel.post_message(message));
        }
    }

    /// Asks the leading panel which desk it has.
    pub(crate) fn ask_for_desk(&self) {
        self.post(&object(&[("type", "ask".into())]));
    }

    /// Says which desk this panel reads. Empty: its stream is gone.
    pub(crate) fn announce(&self, desk_id: &str) {
        self.post(&object(&[("type", "desk".into()), ("desk", desk_id.into())]));
    }

    /// Passes a message of the stream on.
    pub(crate) fn pass_on(&self, bytes: &[u8]) {
        self.post(&Uint8Array::from(bytes));
    }

    /// Asks for the lock of an interaction: at once, else by waiting for it or by taking it.
    pub(crate) fn acquire(self: &Rc<Self>, call: &str, steal: bool) {
        self.abandon(call);
        let Some(locks) = locks() else {
            (self.tell)(News::Acting(call.to_owned(), Acting::Here));
            return;
        };
        let Ok(waiting) = AbortController::new() else { return };
        self.held.borrow_mut().push(Held {
            call: call.to_owned(),
            waiting: waiting.clone(),
            release: None,
        });
        let option = if steal { "steal" } else { "ifAvailable" };
        self.request(&locks, call, &object(&[(option, true.into())]));
    }

    fn request(self: &Rc<Self>, locks: &LockManager, call: &str, options: &Object) {
        let name = [&self.names, ":act:", call].concat();
        let (tabs, id) = (self.clone(), call.to_owned());
        let run = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            if lock.is_null() {
                tabs.wait(&id);
                return JsValue::UNDEFINED;
            }
            let mut release = None;
            let kept = Promise::new(&mut |done, _| release = Some(done));
            if let Some(held) = tabs.held.borrow_mut().iter_mut().find(|held| held.call == id) {
                held.release = release;
            }
            (tabs.tell)(News::Acting(id, Acting::Here));
            kept.into()
        });
        let (tabs, id) = (self.clone(), call.to_owned());
        // Another panel has taken it, or the wait was given up.
        let lost = Closure::once_into_js(move |_: JsValue| {
            let mine = tabs.held.borrow().iter().any(|held| held.call == id && held.release.is_some());
            if mine {
                tabs.wait(&id);
            }
        });
        drop(locks.request(&name, options, &run).catch(&lost));
    }

    /// Another panel acts; this one waits for its turn.
    fn wait(self: &Rc<Self>, call: &str) {
        (self.tell)(News::Acting(call.to_owned(), Acting::Elsewhere));
        let Some(locks) = locks() else { return };
        let signal = {
            let mut held = self.held.borrow_mut();
            let Some(held) = held.iter_mut().find(|held| held.call == call) else { return };
            held.release = None;
            held.waiting.signal()
        };
        self.request(&locks, call, &object(&[("signal", signal.into())]));
    }

    /// Lets the lock of an interaction go, or stops waiting for it.
    pub(crate) fn abandon(&self, call: &str) {
        let mut held = self.held.borrow_mut();
        let Some(at) = held.iter().position(|held| held.call == call) else { return };
        let Held { waiting, release, .. } = held.remove(at);
        drop(held);
        waiting.abort();
        fulfil(release.as_ref());
    }
}

fn locks() -> Option<LockManager> {
    LOCKS.with(Clone::clone)
}

