//! Joins model, view, document, host, sidecar and the other panels: every event goes through
//! [`App::happen`], which reduces it, paints, and does what was asked for, in this order.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use makegood_proto::v1 as pb;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, Document, HtmlElement, Window};

use crate::dom::{Dom, Hit};
use crate::host::{self, Identity, Line, Message};
use crate::intl::Locale;
use crate::js::{after, every, listener, now, text};
use crate::look;
use crate::model::kept::Kept;
use crate::model::{Action, Effect, Env, Event, Field, Focus, Key, Model};
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
    fn new(seen: &js_sys::Function) -> ResizeObserver;
    #[wasm_bindgen(method)]
    fn observe(this: &ResizeObserver, element: &web_sys::Element);
}

/// The running panel: one for as long as the page lives.
struct App {
    window: Window,
    document: Document,
    model: RefCell<Model>,
    dom: RefCell<Dom>,
    locale: RefCell<Locale>,
    host: RefCell<Option<&'static Line>>,
    tabs: RefCell<Option<&'static Tabs>>,
    identity: RefCell<Option<Identity>>,
    /// Locks that were asked for before it was known whose they are.
    early_locks: RefCell<Vec<(String, bool)>>,
    /// Ends the stream that is open; the number tells it from those before it.
    stream: RefCell<Option<AbortController>>,
    stream_number: Cell<u32>,
}

/// Starts the panel.
pub(crate) fn start() -> Result<(), JsValue> {
    let window = web_sys::window().ok_or("there is no window")?;
    let document = window.document().ok_or("there is no document")?;
    let mount = document.get_element_by_id("panel").ok_or("there is no #panel")?;
    let model = Model::new(now());
    let locale = Locale::new(&window.navigator().language().unwrap_or_default());
    let dom = Dom::mount(document.clone(), &mount, view(&model, &locale))?;
    let app: &'static App = Box::leak(Box::new(App {
        window: window.clone(),
        document,
        model: RefCell::new(model),
        dom: RefCell::new(dom),
        locale: RefCell::new(locale),
        host: RefCell::default(),
        tabs: RefCell::default(),
        identity: RefCell::default(),
        early_locks: RefCell::default(),
        stream: RefCell::default(),
        stream_number: Cell::new(0),
    }));
    app.listen()?;
    app.watch_height(&mount);
    let line = Line::open(&window, Box::new(move |message| app.hear_host(message)))?;
    app.host.replace(Some(line));
    every(TICK_MS, move || app.happen(Event::Tick));
    Ok(())
}

impl App {
    /// Takes an event: reduces it, paints the outcome, and does what has to be done.
    fn happen(&'static self, event: Event) {
        let effects = {
            let locale = self.locale.borrow();
            let mut new_id = host::random_uuid;
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
        // A document that refuses our own nodes leaves nothing to show an error in.
        drop(self.dom.borrow_mut().paint(tree));
    }

    fn perform(&'static self, effect: Effect) {
        match effect {
            Effect::Send { call, request } => self.send(call, request, 1),
            Effect::OpenStream { call, request } => self.open_stream(call, request),
            Effect::AskForDesk => self.with_tabs(|tabs| tabs.ask_for_desk()),
            Effect::Acquire { call, steal } => {
                let tabs = *self.tabs.borrow();
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
                if self.document.has_focus().unwrap_or(false) {
                    self.focus(focus);
                }
            }
            Effect::Tell(tell) => self.with_host(|host| host.tell(&tell)),
        }
    }

    fn with_tabs(&self, run: impl FnOnce(&'static Tabs)) {
        let tabs = *self.tabs.borrow();
        if let Some(tabs) = tabs {
            run(tabs);
        }
    }

    fn with_host(&self, run: impl FnOnce(&'static Line)) {
        let host = *self.host.borrow();
        if let Some(host) = host {
            run(host);
        }
    }

    /// Makes a call, once more with a new token if the first one was refused.
    fn send(&'static self, call: String, request: Rc<Request>, tries: u8) {
        let id = call.clone();
        self.with_token(&call, move |token| {
            let Some(token) = token else {
                return self.answer(id, request, Err(Fault::new(Code::Unauthenticated)));
            };
            let asked = request.clone();
            let done = move |result: Result<Reply, Fault>| {
                let refused = result.as_ref().is_err_and(|fault| fault.code == Code::Unauthenticated);
                if refused && tries > 0 {
                    self.with_host(|host| host.forget_token(&id));
                    self.send(id, asked, tries - 1);
                } else {
                    self.answer(id, asked, result);
                }
            };
            transport::unary(request, &token, Box::new(done));
        });
    }

    fn answer(&'static self, call: String, request: Rc<Request>, result: Result<Reply, Fault>) {
        self.happen(Event::Answer { call, request, result: Box::new(result) });
    }

    fn with_token(&'static self, call: &str, then: impl FnOnce(Option<String>) + 'static) {
        let then = move |token: Option<String>| {
            if let Some(token) = &token {
                self.meet(token);
            }
            then(token);
        };
        self.with_host(|host| host.token(call, Box::new(then)));
    }

    /// The first token says who the agent is: what was kept comes back, and the panels meet.
    fn meet(&'static self, token: &str) {
        if self.identity.borrow().is_some() {
            return;
        }
        let Some(who) = host::identity(token) else { return };
        self.identity.replace(Some(who.clone()));
        let kept = Kept::decode_or_empty(&store::recall(&who));
        let tabs = Tabs::join(&who, Box::new(move |news| self.hear_tabs(news)));
        self.tabs.replace(Some(tabs));
        tabs.ask_to_lead();
        for (call, steal) in self.early_locks.take() {
            tabs.acquire(&call, steal);
        }
        self.happen(Event::Restored(kept));
    }

    fn hear_tabs(&'static self, news: News) {
        match news {
            News::Lead => self.happen(Event::Lead),
            News::Desk(desk_id) => self.happen(Event::Desk { desk_id }),
            News::Stream(bytes) => drop(self.hear_stream(&bytes)),
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
        let Ok(abort) = AbortController::new() else { return };
        let signal = abort.signal();
        if let Some(before) = self.stream.replace(Some(abort)) {
            before.abort();
        }
        let number = self.stream_number.get() + 1;
        self.stream_number.set(number);
        self.with_token(&call.clone(), move |token| {
            let Some(token) = token else { return self.close_stream(number, false) };
            let going_away = Rc::new(Cell::new(false));
            let ending = going_away.clone();
            let mut announced = false;
            let hear = move |bytes: Vec<u8>| {
                if self.stream_number.get() != number {
                    return;
                }
                self.with_tabs(|tabs| tabs.pass_on(&bytes));
                going_away.set(self.hear_stream(&bytes));
                if !announced {
                    announced = true;
                    self.announce();
                }
            };
            let done = move |end: Result<(), Fault>| {
                if end.is_err_and(|fault| fault.code == Code::Unauthenticated) {
                    self.with_host(|host| host.forget_token(&call));
                }
                self.close_stream(number, ending.get());
            };
            transport::watch(&request, &token, &signal, Box::new(hear), Box::new(done));
        });
    }

    fn close_stream(&'static self, number: u32, going_away: bool) {
        // One that was replaced has nothing to say any more.
        if self.stream_number.get() == number {
            self.with_tabs(|tabs| tabs.announce(""));
            self.happen(Event::StreamClosed { going_away });
        }
    }

    /// Takes a message of the stream; says whether the sidecar is about to go away.
    fn hear_stream(&'static self, bytes: &[u8]) -> bool {
        let Ok(message) = decode::<pb::WatchDeskResponse>(bytes) else { return false };
        let going_away = message.going_away;
        self.happen(Event::Stream(Box::new(message)));
        going_away
    }

    fn hear_host(&'static self, message: Message) {
        let done = match message {
            Message::Model(host) => {
                self.happen(Event::Host(host));
                Ok(())
            }
            Message::Theme(theme) => look::dress(&self.document, &theme),
            Message::Density(density) => look::set_root(&self.document, "data-density", &density),
            Message::Locale { locale, dir } => self.speak(&locale, &dir),
            Message::Focus => {
                self.focus(Focus::Top);
                Ok(())
            }
        };
        // What cannot be set leaves the look as it was.
        drop(done);
    }

    fn speak(&self, locale: &str, dir: &str) -> Result<(), JsValue> {
        self.locale.replace(Locale::new(locale));
        self.paint();
        look::set_root(&self.document, "dir", dir)
    }

    fn focus(&self, focus: Focus) {
        let places: [&str; 2] = match focus {
            Focus::Amount => ["#amount", "#top"],
            Focus::Form => ["#form", "#top"],
            Focus::Tray => ["#tray .main:not([aria-disabled])", "#tray"],
            Focus::Search => ["#search", "#top"],
            Focus::Did => ["#did", "#top"],
            Focus::Timeline => ["#recent", "#top"],
            Focus::Top => ["#top", "#tray"],
        };
        for place in places {
            if let Ok(Some(place)) = self.document.query_selector(place) {
                drop(place.unchecked_ref::<HtmlElement>().focus());
                return;
            }
        }
    }

    fn watch_height(&'static self, mount: &web_sys::Element) {
        let element = mount.clone();
        let seen = listener(move |_| {
            self.with_host(|host| host.tell_height(element.scroll_height()));
        });
        ResizeObserver::new(&seen).observe(mount);
    }

    fn listen(&'static self) -> Result<(), JsValue> {
        let (window, document) = (&self.window, &self.document);
        let targets: [(&web_sys::EventTarget, &str); 6] = [
            (document, "click"),
            (document, "input"),
            (document, "keydown"),
            (document, "visibilitychange"),
            (window, "online"),
            (window, "beforeunload"),
        ];
        let heard = listener(move |event| self.hear_page(event.unchecked_ref()));
        for (target, name) in targets {
            target.add_event_listener_with_callback(name, &heard)?;
        }
        Ok(())
    }

    fn hear_page(&'static self, event: &web_sys::Event) {
        match event.type_().as_str() {
            "click" => {
                if let Some(action) = self.hit(event).action {
                    self.happen(Event::User(action));
                }
            }
            "input" => {
                if let Some(field) = self.hit(event).field {
                    let typed = event.target().map(|target| text(&target, "value"));
                    self.happen(Event::User(Action::Edit(field, typed.unwrap_or_default())));
                }
            }
            "keydown" => self.press(event.unchecked_ref()),
            "beforeunload" => {
                if self.model.borrow().has_unsent_notes() {
                    event.prevent_default();
                }
            }
            _ => self.happen(Event::Wake),
        }
    }

    fn hit(&self, event: &web_sys::Event) -> Hit {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        target.map_or_else(Hit::default, |target| self.dom.borrow().hit(&target))
    }

    fn press(&'static self, event: &web_sys::KeyboardEvent) {
        if event.alt_key() || event.is_composing() {
            return;
        }
        let hit = self.hit(event);
        let on_button = hit.action.is_some();
        let key = Key {
            name: event.key(),
            control: event.ctrl_key() || event.meta_key(),
            field: hit.field,
            on_button,
        };
        if takes_default(&key) {
            event.prevent_default();
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
