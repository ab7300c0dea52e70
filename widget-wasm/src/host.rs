//! The desktop around the panel: the handshake, the messages of the port, and the tokens that the
//! host's back end makes. A token lives in memory alone.

use std::cell::RefCell;

use js_sys::{JSON, Object};
use makegood_proto::v1 as pb;
use makegood_proto::v1::lookup::By;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort, Window};

use crate::js::{after, field, from_js, listener, now, object, text, to_js};
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

/// What is run once the host has answered.
type WithToken = Box<dyn FnOnce(Option<String>)>;

struct Wanted {
    rid: String,
    call: String,
    then: Vec<WithToken>,
}

/// The line to the host.
pub(crate) struct Line {
    port: RefCell<Option<MessagePort>>,
    tokens: RefCell<Vec<Token>>,
    wanted: RefCell<Vec<Wanted>>,
    hear: Box<dyn Fn(Message)>,
}

impl Line {
    /// Greets the host that the page was opened for, and hears what it says from then on.
    pub(crate) fn open(
        window: &Window,
        hear: Box<dyn Fn(Message)>,
    ) -> Result<&'static Line, JsValue> {
        let line: &'static Line = Box::leak(Box::new(Line {
            port: RefCell::default(),
            tokens: RefCell::default(),
            wanted: RefCell::default(),
            hear,
        }));
        let query = URLSearchParams::new(&window.location().search()?);
        let (Some(host), Some(parent)) = (query.get("host"), window.parent()?) else {
            return Ok(line);
        };
        if parent.loose_eq(window) {
            return Ok(line);
        }
        let nonce = random_uuid();
        let hello = object(&[
            ("makegood", 1.into()),
            ("type", "hello".into()),
            ("nonce", (&nonce).into()),
        ]);
        parent.post_message(&hello, &host)?;
        let on_message = listener(move |event| {
            let event: MessageEvent = event.unchecked_into();
            let data = event.data();
            let from_parent = event.source().is_some_and(|source| source.loose_eq(&parent));
            let ours = field(&data, "makegood") == 1 && text(&data, "type") == "welcome";
            if from_parent && event.origin() == host && ours && text(&data, "nonce") == nonce {
                line.take_port(&field(&event.ports(), "0"));
            }
        });
        window.add_event_listener_with_callback("message", &on_message)?;
        Ok(line)
    }

    fn take_port(&'static self, port: &JsValue) {
        let Some(port) = port.dyn_ref::<MessagePort>() else { return };
        let on_message = listener(move |event| {
            let data = field(&event, "data");
            if text(&data, "type") == "token" {
                self.take_token(&data);
            } else if let Some(message) = read(&data) {
                (self.hear)(message);
            }
        });
        port.set_onmessage(Some(&on_message));
        self.port.replace(Some(port.clone()));
        self.post(&object(&[("type", "ready".into()), ("version", env!("CARGO_PKG_VERSION").into())]));
        (self.hear)(Message::Model(Host::Joined));
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

    /// Brings a token for an interaction, asked of the host if none is at hand; nothing if it has
    /// none.
    pub(crate) fn token(&'static self, call: &str, then: WithToken) {
        let token = self.known_token(call);
        if token.is_some() {
            return then(token);
        }
        let mut wanted = self.wanted.borrow_mut();
        if let Some(known) = wanted.iter_mut().find(|wanted| wanted.call == call) {
            return known.then.push(then);
        }
        let rid = random_uuid();
        self.post(&object(&[
            ("type", "token".into()),
            ("rid", (&rid).into()),
            ("interaction_id", call.into()),
        ]));
        let late = rid.clone();
        after(TOKEN_WAIT_MS, move || self.answer(&late));
        wanted.push(Wanted { rid, call: call.to_owned(), then: vec![then] });
    }

    fn known_token(&self, call: &str) -> Option<String> {
        let now = now();
        let tokens = self.tokens.borrow();
        let fits = |token: &&Token| token.call == call && token.expires_at - TOKEN_SPARE_MS > now;
        tokens.iter().find(fits).map(|token| token.text.clone())
    }

    fn take_token(&self, data: &JsValue) {
        let rid = text(data, "rid");
        let token = text(data, "token");
        let call = self.wanted.borrow().iter().find(|wanted| wanted.rid == rid).map(|wanted| wanted.call.clone());
        let Some(call) = call else { return };
        if let Some(claims) = claims(&token) {
            let seconds = field(&claims, "exp").as_f64().unwrap_or_default();
            self.forget_token(&call);
            let expires_at = from_js(seconds * 1_000.0);
            self.tokens.borrow_mut().push(Token { call, text: token, expires_at });
        }
        self.answer(&rid);
    }

    /// Runs what waits for the answer to a question.
    fn answer(&self, rid: &str) {
        let mut wanted = self.wanted.borrow_mut();
        let Some(at) = wanted.iter().position(|wanted| wanted.rid == rid) else { return };
        let Wanted { call, then, .. } = wanted.swap_remove(at);
        drop(wanted);
        for then in then {
            then(self.known_token(&call));
        }
    }

    /// Lets the next call ask for a new token.
    pub(crate) fn forget_token(&self, call: &str) {
        let mut tokens = self.tokens.borrow_mut();
        if let Some(at) = tokens.iter().position(|token| token.call == call) {
            tokens.swap_remove(at);
        }
    }
}

/// Whom a token stands for.
pub(crate) fn identity(token: &str) -> Option<Identity> {
    let claims = claims(token)?;
    Some(Identity { tenant: text(&claims, "ten"), agent: text(&claims, "sub") })
}

/// The claims of a token. They are only read to name locks: the sidecar alone verifies.
fn claims(token: &str) -> Option<JsValue> {
    let mut payload = String::new();
    let mut dots = 0;
    for letter in token.chars() {
        match letter {
            '.' => dots += 1,
            _ if dots != 1 => {}
            // Tokens have the letters of addresses, the browser those of mail.
            '-' => payload.push('+'),
            '_' => payload.push('/'),
            letter => payload.push(letter),
        }
    }
    JSON::parse(&atob(&payload).ok()?).ok()
}

fn flag(data: &JsValue, name: &str) -> bool {
    field(data, name).is_truthy()
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
            ("amount_minor", to_js(*amount_minor).into()),
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
