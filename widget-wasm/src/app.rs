//! Joins model, view, document, host, sidecar and the other panels: every event goes through
//! [`App::happen`], which reduces it, paints, and does what was asked for, in this order.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use makegood_proto::v1 as pb;
use wasm_bindgen::prelude::*;

use crate::dom::Dom;
use crate::host::{self, Identity, Line, Message, WithToken};
use crate::intl::Locale;
use crate::js::{
    Abort, Node, Target, after, every, field, find, flag, from_js, has_focus, listener, now,
    object, page, random_uuid, text,
};
use crate::look;
use crate::model::kept::Kept;
use crate::model::link::DESK;
use crate::model::{Action, Effect, Env, Event, Field, Focus, Key, Model, Tell};
use crate::rpc::fault::{Code, Fault};
use crate::rpc::request::{Reply, Request};
use crate::rpc::transport;
use crate::rpc::wire::decode;
use crate::store;
use crate::tabs::{News, Tabs};
use crate::view::view;

/// How often time is told: clocks on the screen show seconds.
const TICK_MS: i32 = 1_000;

#[wasm_bindgen]
extern "C" {
    type ResizeObserver;
    #[wasm_bindgen(constructor)]
    fn new(seen: &JsValue) -> ResizeObserver;
    #[wasm_bindgen(method)]
    fn observe(this: &ResizeObserver, element: &Node);
}

/// The running panel: one for as long as the page lives.
struct App {
    model: RefCell<Model>,
    dom: RefCell<Dom>,
    locale: RefCell<Locale>,
    host: Cell<Option<&'static Line>>,
    tabs: Cell<Option<&'static Tabs>>,
    identity: RefCell<Option<Identity>>,
    /// Locks that were asked for before it was known whose they are.
    early_locks: RefCell<Vec<(String, bool)>>,
    /// Ends the stream that is open; the number tells it from those before it.
    stream: Cell<Option<Abort>>,
    stream_number: Cell<u32>,
}

/// Starts the panel in `#panel`, if the page has one.
pub(crate) fn start() {
    let Some(mount) = find("#panel") else { return };
    let model = Model::new(now());
    let locale = Locale::new(&text(&field(&page(), "navigator"), "language"));
    let dom = Dom::mount(&mount, view(&model, &locale));
    let app: &'static App = Box::leak(Box::new(App {
        model: RefCell::new(model),
        dom: RefCell::new(dom),
        locale: RefCell::new(locale),
        host: Cell::default(),
        tabs: Cell::default(),
        identity: RefCell::default(),
        early_locks: RefCell::default(),
        stream: Cell::default(),
        stream_number: Cell::new(0),
    }));
    app.listen();
    app.watch_height(&mount);
    app.host.set(Some(Line::open(Box::new(move |message| {
        app.hear_host(message);
    }))));
    every(TICK_MS, move || app.happen(Event::Tick));
}

impl App {
    /// Takes an event: reduces it, paints the outcome, and does what has to be done.
    fn happen(&'static self, event: Event) {
        let effects = {
            let locale = self.locale.borrow();
            let mut new_id = random_uuid;
            let env = Env::new(now(), &*locale, &mut new_id);
            self.model.borrow_mut().reduce(env, event)
        };
        self.paint();
        for effect in effects {
            self.perform(effect);
        }
    }

    fn paint(&self) {
        let tree = view(&self.model.borrow(), &*self.locale.borrow());
        self.dom.borrow_mut().paint(tree);
    }

    fn perform(&'static self, effect: Effect) {
        match effect {
            Effect::Send { call, request } => self.send(&call, request, 1),
            Effect::OpenStream { call, request } => self.open_stream(call, request),
            // What is met is the token's agent; the token itself is kept for the desk.
            Effect::Meet => self.with_token(DESK, Box::new(drop)),
            Effect::AskForDesk => self.with_tabs(Tabs::ask_for_desk),
            Effect::Acquire { call, steal } => {
                let tabs = self.tabs.get();
                match tabs {
                    Some(tabs) => tabs.acquire(&call, steal),
                    None => self.early_locks.borrow_mut().push((call, steal)),
                }
            }
            Effect::Abandon { call } => self.with_tabs(|tabs| tabs.abandon(&call)),
            Effect::ForgetToken { call } => self.with_host(|host| host.forget_token(&call)),
            Effect::Save(bytes) => {
                if let Some(who) = &*self.identity.borrow() {
                    store::keep(who, &bytes);
                }
            }
            Effect::Wake(after_ms) => {
                after(after_ms, move || self.happen(Event::Tick));
            }
            Effect::Focus(focus) => {
                // An answer that comes late must not pull the agent out of another window.
                if has_focus() {
                    Self::focus(focus);
                }
            }
            Effect::Tell(tell) => self.with_host(|host| host.tell(&tell)),
        }
    }

    fn with_tabs(&self, run: impl FnOnce(&'static Tabs)) {
        let tabs = self.tabs.get();
        if let Some(tabs) = tabs {
            run(tabs);
        }
    }

    fn with_host(&self, run: impl FnOnce(&'static Line)) {
        let host = self.host.get();
        if let Some(host) = host {
            run(host);
        }
    }

    /// Makes a call, once more with a new token if the first one was refused.
    fn send(&'static self, call: &str, request: Rc<Request>, tries: u8) {
        let id = call.to_owned();
        let then = move |token: Option<String>| match token {
            None => self.answer(id, request, Err(Fault::new(Code::Unauthenticated))),
            Some(token) => {
                let asked = request.clone();
                let done = move |result| self.hear_result(id, asked, tries, result);
                transport::unary(request, &token, Box::new(done));
            }
        };
        self.with_token(call, Box::new(then));
    }

    fn hear_result(
        &'static self,
        call: String,
        request: Rc<Request>,
        tries: u8,
        result: Result<Reply, Fault>,
    ) {
        let refused = |fault: &Fault| fault.code == Code::Unauthenticated;
        if tries > 0 && result.as_ref().is_err_and(refused) {
            self.with_host(|host| host.forget_token(&call));
            self.send(&call, request, tries - 1);
        } else {
            self.answer(call, request, result);
        }
    }

    fn answer(&'static self, call: String, request: Rc<Request>, result: Result<Reply, Fault>) {
        self.happen(Event::Answer { call, request, result: Box::new(result) });
    }

    fn with_token(&'static self, call: &str, then: WithToken) {
        let then = Box::new(move |token: Option<String>| {
            if let Some(token) = &token {
                self.meet(token);
            }
            then(token);
        });
        if let Some(host) = self.host.get() {
            host.token(call, then);
        }
    }

    /// The first token says who the agent is: what was kept comes back, and the panels meet.
    fn meet(&'static self, token: &str) {
        if self.identity.borrow().is_some() {
            return;
        }
        let Some(who) = host::identity(token) else {
            return;
        };
        self.identity.replace(Some(who.clone()));
        let kept = Kept::decode_or_empty(&store::recall(&who));
        let tabs = Tabs::join(&who, Box::new(move |news| self.hear_tabs(news)));
        self.tabs.set(Some(tabs));
        tabs.ask_to_lead();
        let mut early = self.early_locks.take();
        while let Some((call, steal)) = early.pop() {
            tabs.acquire(&call, steal);
        }
        self.happen(Event::Restored(kept));
    }

    fn hear_tabs(&'static self, news: News) {
        match news {
            News::Lead => self.happen(Event::Lead),
            News::Desk(desk_id) => self.happen(Event::Desk { desk_id }),
            News::Stream(bytes) => drop(self.take_stream(&bytes)),
            News::Asked => self.announce(),
            News::Acting(call, acting) => self.happen(Event::Acting { call, acting }),
        }
    }

    /// Says which desk this panel leads, if it leads one.
    fn announce(&self) {
        let model = self.model.borrow();
        if model.link.leads() && model.link.is_live() {
            self.with_tabs(|tabs| tabs.announce(&model.link.desk_id));
        }
    }

    fn open_stream(&'static self, call: String, request: Box<pb::WatchDeskRequest>) {
        let abort = Abort::new();
        let signal = abort.signal();
        if let Some(before) = self.stream.replace(Some(abort)) {
            before.abort();
        }
        let number = self.stream_number.get() + 1;
        self.stream_number.set(number);
        let token_of = call.clone();
        let then = move |token: Option<String>| match token {
            None => self.close_stream(number, false),
            Some(token) if self.stream_number.get() == number => {
                self.read_stream(call, &token, &request, &signal);
            }
            Some(_) => {}
        };
        self.with_token(&token_of, Box::new(then));
    }

    fn read_stream(
        &'static self,
        call: String,
        token: &str,
        request: &pb::WatchDeskRequest,
        signal: &JsValue,
    ) {
        let number = self.stream_number.get();
        let going_away = Rc::new(Cell::new(false));
        let ending = going_away.clone();
        let hear = move |bytes: Vec<u8>| {
            // One that was replaced has nothing to say any more.
            if self.stream_number.get() == number {
                going_away.set(self.hear_stream(&bytes));
            }
        };
        let done = move |end: Result<(), Fault>| {
            if end.is_err_and(|fault| fault.code == Code::Unauthenticated) {
                self.with_host(|host| host.forget_token(&call));
            }
            self.close_stream(number, ending.get());
        };
        transport::watch(request, token, signal, Box::new(hear), Box::new(done));
    }

    fn close_stream(&'static self, number: u32, going_away: bool) {
        if self.stream_number.get() == number {
            self.with_tabs(|tabs| tabs.announce(""));
            self.happen(Event::StreamClosed { going_away });
        }
    }

    /// Takes a message of the stream that this panel leads, and passes it on; says whether the
    /// sidecar is about to go away.
    fn hear_stream(&'static self, bytes: &[u8]) -> bool {
        self.with_tabs(|tabs| tabs.pass_on(bytes));
        let was_live = self.model.borrow().link.is_live();
        let going_away = self.take_stream(bytes);
        if !was_live {
            self.announce();
        }
        going_away
    }

    fn take_stream(&'static self, bytes: &[u8]) -> bool {
        let Ok(message) = decode::<pb::WatchDeskResponse>(bytes) else {
            return false;
        };
        let going_away = message.going_away;
        self.happen(Event::Stream(Box::new(message)));
        going_away
    }

    fn hear_host(&'static self, message: Message) {
        match message {
            Message::Model(host) => self.happen(Event::Host(host)),
            Message::Theme(theme) => look::dress(&theme),
            Message::Density(density) => look::set_root("data-density", &density),
            Message::Locale { locale, dir } => {
                self.locale.replace(Locale::new(&locale));
                look::set_root("lang", &locale);
                look::set_root("dir", &dir);
                self.paint();
            }
            // What has the focus already is what the agent is at.
            Message::Focus if find(":focus").is_some() => {}
            Message::Focus => Self::focus(Focus::Top),
        }
    }

    fn focus(focus: Focus) {
        let places: &[&str; 2] = match focus {
            Focus::Amount => &["#amount", "#top"],
            Focus::Form => &["#form", "#top"],
            Focus::Tray => &["#tray .main:not([aria-disabled])", "#tray"],
            Focus::Search => &["#search", "#top"],
            Focus::Rest if find(":focus").is_some() => return,
            Focus::Rest => &["#consults", "#top"],
            Focus::Did => &["#did", "#top"],
            Focus::Timeline => &["#recent", "#top"],
            Focus::Top => &["#top", "#tray"],
        };
        for place in places {
            if let Some(place) = find(place) {
                // What is on the screen stays where the eye is; the browser shows a field that
                // is typed in.
                let still = (focus != Focus::Amount).into();
                place.focus(&object().value("preventScroll", &still).done());
                return;
            }
        }
    }

    fn watch_height(&'static self, mount: &Node) {
        let element = mount.clone();
        let seen = listener(move |_| {
            let height = from_js(field(&element, "scrollHeight").as_f64().unwrap_or_default());
            self.with_host(|host| host.tell(&Tell::new("resize").number("height", height)));
        });
        ResizeObserver::new(&seen).observe(mount);
    }

    fn listen(&'static self) {
        let page = page();
        let heard = listener(move |event| self.hear_page(&event));
        // All but these two happen to the document and reach the page from there.
        for name in &["click", "input", "keydown", "online", "beforeunload"] {
            page.unchecked_ref::<Target>().listen(name, &heard);
        }
        field(&page, "document").unchecked_ref::<Target>().listen("visibilitychange", &heard);
    }

    fn hear_page(&'static self, event: &JsValue) {
        let target = field(event, "target");
        match text(event, "type").as_str() {
            "click" => {
                let action = self.dom.borrow_mut().take_action(target.unchecked_ref());
                if let Some(action) = action {
                    self.happen(Event::User(action));
                }
            }
            "input" => {
                let (field, _) = self.dom.borrow().field_at(target.unchecked_ref());
                if let Some(field) = field {
                    self.happen(Event::User(Action::Edit(field, text(&target, "value"))));
                }
            }
            "keydown" => self.press(event, target.unchecked_ref()),
            "beforeunload" => {
                if self.model.borrow().has_unsent_notes() {
                    event.unchecked_ref::<Target>().prevent_default();
                }
            }
            _ => self.happen(Event::Wake),
        }
    }

    fn press(&'static self, event: &JsValue, target: &Node) {
        if flag(event, "altKey") || flag(event, "isComposing") {
            return;
        }
        let (field, on_button) = self.dom.borrow().field_at(target);
        let key = Key {
            name: text(event, "key"),
            control: flag(event, "ctrlKey") || flag(event, "metaKey"),
            field,
            on_button,
        };
        if takes_default(&key) {
            event.unchecked_ref::<Target>().prevent_default();
        }
        self.happen(Event::Key(key));
    }
}

/// Whether a key is ours alone: a single letter outside a field, or Enter with Control.
fn takes_default(key: &Key) -> bool {
    let single = key.name.len() == 1 && key.name != " " && !key.control && key.field.is_none();
    let give = key.name == "Enter" && key.control;
    let save = key.name == "Enter" && matches!(key.field, Some(Field::Amount | Field::Note));
    single || give || save
}
