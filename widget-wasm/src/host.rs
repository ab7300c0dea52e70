//! The desktop around the panel: the handshake, the messages of the port, and the tokens that the
//! host's back end makes. A token lives in memory alone.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, JSON, Object, Promise, Reflect};
use makegood_proto::v1 as pb;
use makegood_proto::v1::lookup::By;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, MessagePort, Window};

use crate::clock;
use crate::model::{Context, Host, Shortcuts, Tell};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
    pub(crate) fn random_uuid() -> String;
    #[wasm_bindgen(catch)]
    fn atob(text: &str) -> Result<String, JsValue>;
    type URLSearchParams;
    #[wasm_bindgen(constructor)]
    fn new(text: &str) -> URLSearchParams;
    #[wasm_bindgen(method)]
    fn get(this: &URLSearchParams, name: &str) -> Option<String>;
}

/// How long the host may take to bring a token.
const TOKEN_WAIT_MS: i64 = 5_000;
/// A token is replaced this long before it ends.
const TOKEN_SPARE_MS: i64 = 20_000;

/// Whom a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The tenant.
    pub(crate) tenant: String,
    /// The host's id of the agent.
    pub(crate) agent: String,
}

/// What the host can say, apart from the answer to a request for a token.
pub(crate) enum Message {
    /// Something for the model.
    Model(Host),
    /// How the panel shall look.
    Theme(JsValue),
    /// The language and its direction.
    Locale {
        /// A BCP 47 tag.
        locale: String,
        /// `ltr` or `rtl`.
        dir: String,
    },
    /// How close the lines stand.
    Density(String),
    /// Take the focus.
    Focus,
}

struct Token {
    call: String,
    text: String,
    expires_at: i64,
}

struct Wanted {
    rid: String,
    call: String,
    come: Promise,
    done: Option<Function>,
}

/// The line to the host.
pub(crate) struct Line {
    port: RefCell<Option<MessagePort>>,
    tokens: RefCell<Vec<Token>>,
    wanted: RefCell<Vec<Wanted>>,
}

impl Line {
    /// Greets the host that the page was opened for, and hears what it says from then on.
    pub(crate) fn open(
        window: &Window,
        hear: impl Fn(Message) + 'static,
    ) -> Result<Rc<Line>, JsValue> {
        let line = Rc::new(Line {
            port: RefCell::default(),
            tokens: RefCell::default(),
            wanted: RefCell::default(),
        });
        let query = URLSearchParams::new(&window.location().search()?);
        let (Some(host), Some(parent)) = (query.get("host"), window.parent()?) else {
            return Ok(line);
        };
        if parent.loose_eq(window) {
            return Ok(line);
        }
        let nonce = random_uuid();
        let hear = Rc::new(hear);
        let greeted: Closure<dyn Fn(MessageEvent)> = Closure::new({
            let (line, host, nonce, parent) = (line.clone(), host.clone(), nonce.clone(), parent.clone());
            move |event: MessageEvent| {
                let from_parent = event.source().is_some_and(|source| source.loose_eq(&parent));
                let data = event.data();
                let welcome = text(&data, "type") == "welcome" && text(&data, "nonce") == nonce;
                if from_parent && event.origin() == host && welcome && is_ours(&data) {
                    if let Ok(port) = event.ports().get(0).dyn_into::<MessagePort>() {
                        line.take_port(port, hear.clone());
                    }
                }
            }
        });
        window.add_event_listener_with_callback("message", greeted.as_ref().unchecked_ref())?;
        greeted.forget();
        let hello = object(&[("type", "hello".into()), ("nonce", (&nonce).into())]);
        Reflect::set(&hello, &"makegood".into(), &1.into())?;
        parent.post_message(&hello, &host)?;
        Ok(line)
    }

    fn take_port(self: &Rc<Self>, port: MessagePort, hear: Rc<impl Fn(Message) + 'static>) {
        let line = self.clone();
        let heard = hear.clone();
        let on_message: Closure<dyn Fn(MessageEvent)> = Closure::new(move |event: MessageEvent| {
            let data = event.data();
            if text(&data, "type") == "token" {
                line.take_token(&data);
            } else if let Some(message) = read(&data) {
                heard(message);
            }
        });
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
        self.port.replace(Some(port));
        self.post(&object(&[("type", "ready".into()), ("version", env!("CARGO_PKG_VERSION").into())]));
        hear(Message::Model(Host::Joined));
    }

    fn post(&self, message: &Object) {
        if let Some(port) = &*self.port.borrow() {
            // A port that is gone has nobody left to be told.
            drop(port.post_message(message));
        }
    }

    /// Tells the host something.
    pub(crate) fn tell(&self, tell: &Tell) {
        self.post(&written(tell));
    }

    /// Tells the host how high the content is.
    pub(crate) fn tell_height(&self, height: i32) {
        self.post(&object(&[("type", "resize".into()), ("height", height.into())]));
    }

    /// A token for an interaction, asked of the host if none is at hand. `None` if it has none.
    pub(crate) async fn token(&self, call: &str) -> Option<String> {
        if let Some(token) = self.known_token(call) {
            return Some(token);
        }
        let come = self.ask_token(call);
        // It is only ever fulfilled.
        drop(JsFuture::from(come).await);
        self.wanted.borrow_mut().retain(|wanted| wanted.call != call);
        self.known_token(call)
    }

    fn known_token(&self, call: &str) -> Option<String> {
        let now = clock::now();
        let tokens = self.tokens.borrow();
        let fits = |token: &&Token| token.call == call && token.expires_at - TOKEN_SPARE_MS > now;
        tokens.iter().find(fits).map(|token| token.text.clone())
    }

    fn ask_token(&self, call: &str) -> Promise {
        let mut wanted = self.wanted.borrow_mut();
        if let Some(known) = wanted.iter().find(|wanted| wanted.call == call) {
            return known.come.clone();
        }
        let mut done = None;
        let come = Promise::new(&mut |resolve, _| done = Some(resolve));
        let rid = random_uuid();
        self.post(&object(&[
            ("type", "token".into()),
            ("rid", (&rid).into()),
            ("interaction_id", call.into()),
        ]));
        let late = done.clone();
        clock::after(TOKEN_WAIT_MS, move || fulfil(late.as_ref()));
        wanted.push(Wanted { rid, call: call.to_owned(), come: come.clone(), done });
        come
    }

    fn take_token(&self, data: &JsValue) {
        let rid = text(data, "rid");
        let mut wanted = self.wanted.borrow_mut();
        let Some(at) = wanted.iter().position(|wanted| wanted.rid == rid) else { return };
        let Wanted { call, done, .. } = wanted.remove(at);
        let token = text(data, "token");
        if !token.is_empty() {
            let expires_at = claims(&token).map_or(0, |claims| {
                let seconds = Reflect::get(&claims, &"exp".into()).ok();
                seconds.and_then(|seconds| seconds.as_f64()).map_or(0, |seconds| {
                    crate::intl::from_js(seconds * 1_000.0)
                })
            });
            self.forget_token(&call);
            self.tokens.borrow_mut().push(Token { call, text: token, expires_at });
        }
        fulfil(done.as_ref());
    }

    /// Lets the next call ask for a new token.
    pub(crate) fn forget_token(&self, call: &str) {
        self.tokens.borrow_mut().retain(|token| token.call != call);
    }
}

/// Fulfils a promise by the function that its constructor gave us.
pub(crate) fn fulfil(done: Option<&Function>) {
    // It is the promise's own and cannot throw.
    drop(done.map(|done| done.call0(&JsValue::NULL)));
}

/// Whom a token stands for.
pub(crate) fn identity(token: &str) -> Option<Identity> {
    let claims = claims(token)?;
    Some(Identity { tenant: text(&claims, "ten"), agent: text(&claims, "sub") })
}

/// The claims of a token. They are only read to name locks: the sidecar alone verifies.
fn claims(token: &str) -> Option<JsValue> {
    let payload = token.split('.').nth(1)?.chars().map(|letter| match letter {
        '-' => '+',
        '_' => '/',
        letter => letter,
    });
    JSON::parse(&atob(&payload.collect::<String>()).ok()?).ok()
}

fn is_ours(data: &JsValue) -> bool {
    Reflect::get(data, &"makegood".into()).is_ok_and(|version| version == 1)
}

/// A field as text. Empty if it is none.
pub(crate) fn text(data: &JsValue, name: &str) -> String {
    let value = Reflect::get(data, &name.into()).unwrap_or_default();
    value.as_string().unwrap_or_default()
}

fn flag(data: &JsValue, name: &str) -> bool {
    Reflect::get(data, &name.into()).is_ok_and(|value| value.is_truthy())
}

/// A plain object.
pub(crate) fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // A plain object takes every field.
        drop(Reflect::set(&object, &(*name).into(), value));
    }
    object
}

fn read(data: &JsValue) -> Option<Message> {
    Some(match text(data, "type").as_str() {
        "interaction" => Message::Model(read_interaction(data)),
        "readonly" => Message::Model(Host::ReadOnly(flag(data, "readonly"))),
        "shortcuts" => {
            let off = text(data, "shortcuts") == "off";
            Message::Model(Host::Shortcuts(if off { Shortcuts::Off } else { Shortcuts::On }))
        }
        "wrapupgate" => Message::Model(Host::WrapUpGate { rid: text(data, "rid") }),
        "theme" => Message::Theme(data.clone()),
        "locale" => Message::Locale { locale: text(data, "locale"), dir: text(data, "dir") },
        "density" => Message::Density(text(data, "density")),
        "focus" => Message::Focus,
        _ => return None,
    })
}

fn read_interaction(data: &JsValue) -> Host {
    let id = text(data, "id");
    if id.is_empty() {
        return Host::NoInteraction;
    }
    let state = match text(data, "state").as_str() {
        "connected" => pb::CallState::Connected,
        "on_hold" => pb::CallState::OnHold,
        "wrapup" => pb::CallState::WrapUp,
        "ended" => pb::CallState::Ended,
        _ => pb::CallState::Offered,
    };
    let channel = match text(data, "channel").as_str() {
        "chat" => pb::Channel::Chat,
        "email" => pb::Channel::Email,
        "store" => pb::Channel::Store,
        "web" => pb::Channel::Web,
        "field" => pb::Channel::Field,
        _ => pb::Channel::Phone,
    };
    Host::Interaction(Context {
        id,
        state,
        channel,
        lookup: lookup(data),
        case_id: text(data, "case_id"),
        reason: text(data, "reason"),
    })
}

/// The surest of the ways in which the host knows the caller.
fn lookup(data: &JsValue) -> Option<pb::Lookup> {
    let ways: [(&str, fn(String) -> By); 4] = [
        ("external_id", By::ExternalId),
        ("account_number", By::AccountNumber),
        ("ani", By::Phone),
        ("email", By::Email),
    ];
    let by = ways.into_iter().find_map(|(name, by)| {
        let value = text(data, name);
        (!value.is_empty()).then(|| by(value))
    });
    by.map(|by| pb::Lookup { by: Some(by) })
}

fn written(tell: &Tell) -> Object {
    let count = |count: usize| JsValue::from(u32::try_from(count).unwrap_or(u32::MAX));
    match tell {
        Tell::State(state) => object(&[("type", "state".into()), ("state", (*state).into())]),
        Tell::Match { status, count: found } => object(&[
            ("type", "match".into()),
            ("status", (*status).into()),
            ("count", count(*found)),
        ]),
        Tell::Attention(holds) => object(&[("type", "attention".into()), ("count", count(*holds))]),
        Tell::Reserved(id) => object(&[("type", "reserve".into()), ("spend_id", id.into())]),
        Tell::Voided(id) => object(&[("type", "void".into()), ("spend_id", id.into())]),
        Tell::Committed { reference, amount_minor, currency_code, reason_code } => object(&[
            ("type", "commit".into()),
            ("ref", reference.into()),
            ("amount_minor", crate::intl::to_js(*amount_minor).into()),
            ("currency", currency_code.into()),
            ("reason_code", reason_code.into()),
        ]),
        Tell::Logged { action_id, kind } => object(&[
            ("type", "log".into()),
            ("action_id", action_id.into()),
            ("kind", kind.into()),
        ]),
        Tell::Gate { rid, reason } => object(&[
            ("type", "wrapupgate".into()),
            ("rid", rid.into()),
            ("allow", reason.is_none().into()),
            ("reason", reason.as_deref().unwrap_or_default().into()),
        ]),
        Tell::Error { code, retryable } => object(&[
            ("type", "error".into()),
            ("code", code.into()),
            ("retryable", (*retryable).into()),
        ]),
    }
}

/// The fields of a plain object, as names and values.
pub(crate) fn entries(data: &JsValue, name: &str) -> Vec<(String, String)> {
    let value = Reflect::get(data, &name.into()).unwrap_or_default();
    let Some(object) = value.dyn_ref::<Object>() else { return Vec::new() };
    let pairs = Object::entries(object);
    pairs
        .iter()
        .map(|pair| {
            let pair: Array = pair.unchecked_into();
            (pair.get(0).as_string().unwrap_or_default(), pair.get(1).as_string().unwrap_or_default())
        })
        .collect()
}
