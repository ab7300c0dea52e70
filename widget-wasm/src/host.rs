//! The desktop around the panel: the handshake, the messages of the port, and the tokens that the
//! host's back end makes. A token lives in memory alone.

use std::cell::RefCell;

use makegood_proto::v1 as pb;
use makegood_proto::v1::lookup::By;
use wasm_bindgen::prelude::*;

use crate::js::{
    Target, after, atob, field, flag, from_js, listener, now, object, page, parse_json,
    random_uuid, set, text, to_js,
};
use crate::model::{Context, Host, Shortcuts, Tell, Value};

#[wasm_bindgen]
extern "C" {
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
pub(crate) type WithToken = Box<dyn FnOnce(Option<String>)>;

struct Wanted {
    rid: String,
    call: String,
    then: Vec<WithToken>,
}

/// The line to the host.
pub(crate) struct Line {
    port: RefCell<Option<Target>>,
    tokens: RefCell<Vec<Token>>,
    wanted: RefCell<Vec<Wanted>>,
    hear: Box<dyn Fn(Message)>,
}

impl Line {
    /// Greets the host that the page was opened for, and hears what it says from then on.
    pub(crate) fn open(hear: Box<dyn Fn(Message)>) -> &'static Line {
        let line: &'static Line = Box::leak(Box::new(Line {
            port: RefCell::default(),
            tokens: RefCell::default(),
            wanted: RefCell::default(),
            hear,
        }));
        let page = page();
        let parent = field(&page, "parent");
        let query = URLSearchParams::new(&text(&field(&page, "location"), "search"));
        let Some(host) = query.get("host").filter(|_| parent != page) else {
            return line;
        };
        let nonce = random_uuid();
        let hello = object()
            .value("makegood", &1.into())
            .text("type", "hello")
            .text("nonce", &nonce)
            .done();
        parent.unchecked_ref::<Target>().post_to(&hello, &host);
        let on_message = listener(move |event| {
            let data = field(&event, "data");
            let from_host = field(&event, "source") == parent && text(&event, "origin") == host;
            let ours = field(&data, "makegood") == 1 && text(&data, "type") == "welcome";
            if from_host && ours && text(&data, "nonce") == nonce {
                line.take_port(field(&field(&event, "ports"), "0"));
            }
        });
        page.unchecked_ref::<Target>().listen("message", &on_message);
        line
    }

    fn take_port(&'static self, port: JsValue) {
        if port.is_undefined() {
            return;
        }
        let on_message = listener(move |event| {
            let data = field(&event, "data");
            if text(&data, "type") == "token" {
                self.take_token(&data);
            } else if let Some(message) = read(&data) {
                (self.hear)(message);
            }
        });
        set(&port, "onmessage", &on_message);
        self.port.replace(Some(port.unchecked_into()));
        self.tell(&Tell::new("ready").text("version", env!("CARGO_PKG_VERSION")));
        (self.hear)(Message::Model(Host::Joined));
    }

    /// Tells the host something.
    pub(crate) fn tell(&self, tell: &Tell) {
        if let Some(port) = &*self.port.borrow() {
            port.post(&written(tell));
        }
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
        self.tell(&Tell::new("token").text("rid", &rid).text("interaction_id", call));
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
        let call = self
            .wanted
            .borrow()
            .iter()
            .find(|wanted| wanted.rid == rid)
            .map(|wanted| wanted.call.clone());
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
        let Some(at) = wanted.iter().position(|wanted| wanted.rid == rid) else {
            return;
        };
        let Wanted { call, mut then, .. } = wanted.swap_remove(at);
        drop(wanted);
        while let Some(then) = then.pop() {
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
    parse_json(&atob(&payload).ok()?).ok()
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

/// How an identifier is looked up.
type Way = fn(String) -> By;

/// The surest of the ways in which the host knows the caller.
fn lookup(data: &JsValue) -> Option<pb::Lookup> {
    let ways: &[(&str, Way); 4] = &[
        ("external_id", By::ExternalId),
        ("account_number", By::AccountNumber),
        ("ani", By::Phone),
        ("email", By::Email),
    ];
    let by = ways.iter().find_map(|(name, by)| {
        let value = text(data, name);
        (!value.is_empty()).then(|| by(value))
    });
    by.map(|by| pb::Lookup { by: Some(by) })
}

fn written(tell: &Tell) -> JsValue {
    let (kind, fields) = tell.parts();
    let mut message = object().text("type", kind);
    for (name, value) in fields {
        message = match value {
            Value::Text(text) => message.text(name, text),
            Value::Number(number) => message.value(name, &to_js(*number).into()),
            Value::Flag(flag) => message.value(name, &(*flag).into()),
        };
    }
    message.done()
}
