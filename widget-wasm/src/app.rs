//! Joins model, view, document, host, sidecar and the other panels: every event goes through
//! [`App::happen`], which reduces it, paints, and does what was asked for, in this order.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use makegood_proto::v1 as pb;
use prost::Message as _;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, Document, HtmlElement, Window};

use crate::clock;
use crate::dom::{Dom, Hit};
use crate::host::{self, Identity, Line, Message};
use crate::intl::Locale;
use crate::look;
use crate::model::kept::Kept;
use crate::model::{Action, Effect, Env, Event, Field, Focus, Key, Model};
use crate::rpc::fault::{Code, Fault};
use crate::rpc::request::{Reply, Request};
use crate::rpc::transport;
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
    fn observe(this: &ResizeObserver, element: &web_sys::Element);
}

/// The running panel.
struct App {
    window: Window,
    document: Document,
    model: RefCell<Model>,
    dom: RefCell<Dom>,
    locale: RefCell<Locale>,
    host: RefCell<Option<Rc<Line>>>,
    tabs: RefCell<Option<Rc<Tabs>>>,
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
    let model = Model::new(clock::now());
    let locale = Locale::new(&window.navigator().language().unwrap_or_default());
    let dom = Dom::mount(document.clone(), &mount, view(&model, &locale))?;
    let app = Rc::new(App {
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
    });
    app.listen()?;
    app.watch_height(&mount);
    let line = Line::open(&window, {
        let app = app.clone();
        move |message| app.hear_host(message)
    })?;
    app.host.replace(Some(line));
    clock::every(TICK_MS, {
        let app = app.clone();
        move || app.happen(Event::Tick)
    });
    Ok(())
}

impl App {
    /// Takes an event: reduces it, paints the outcome, and does what has to be done.
    fn happen(self: &Rc<Self>, event: Event) {
        let effects = {
            let locale = self.locale.borrow();
            let mut new_id = host::random_uuid;
            let env = Env::new(clock::now(), &*locale, &mut new_id);
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

    fn perform(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Send { call, request } => spawn_local(self.clone().send(call, request)),
            Effect::OpenStream { call, request } => self.open_stream(call, request),
            Effect::AskForDesk => self.with_tabs(|tabs| tabs.ask_for_desk()),
            Effect::Acquire { call, steal } => match &*self.tabs.borrow() {
                Some(tabs) => tabs.acquire(&call, steal),
                None => self.early_locks.borrow_mut().push((call, steal)),
            },
            Effect::Abandon { call } => self.with_tabs(|tabs| tabs.abandon(&call)),
            Effect::ForgetToken { call } => self.with_host(|host| host.forget_token(&call)),
            Effect::Save(bytes) => {
                if let Some(who) = &*self.identity.borrow() {
                    store::keep(who, &bytes);
                }
            }
            Effect::Wake(after_ms) => {
                let app = self.clone();
                clock::after(after_ms, move || app.happen(Event::Tick));
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

    fn with_tabs(&self, run: impl FnOnce(&Rc<Tabs>)) {
        if let Some(tabs) = &*self.tabs.borrow() {
            run(tabs);
        }
    }

    fn with_host(&self, run: impl FnOnce(&Rc<Line>)) {
        if let Some(host) = &*self.host.borrow() {
            run(host);
        }
    }

    async fn send(self: Rc<Self>, call: String, request: Box<Request>) {
        let result = self.call(&call, &request).await;
        self.happen(Event::Answer { call, request, result: Box::new(result) });
    }

    /// Makes a call, once more with a new token if the first one was refused.
    async fn call(self: &Rc<Self>, call: &str, request: &Request) -> Result<Reply, Fault> {
        let token = self.token(call).await?;
        let result = transport::unary(request, &token).await;
        match &result {
            Err(fault) if fault.code == Code::Unauthenticated => {
                self.with_host(|host| host.forget_token(call));
                let token = self.token(call).await?;
                transport::unary(request, &token).await
            }
            _ => result,
        }
    }

    async fn token(self: &Rc<Self>, call: &str) -> Result<String, Fault> {
        let host = self.host.borrow().clone();
        let signed_out = || Fault::new(Code::Unauthenticated);
        let token = host.ok_or_else(signed_out)?.token(call).await.ok_or_else(signed_out)?;
        self.meet(&token);
        Ok(token)
    }

    /// The first token says who the agent is: what was kept comes back, and the panels meet.
    fn meet(self: &Rc<Self>, token: &str) {
        if self.identity.borrow().is_some() {
            return;
        }
        let Some(who) = host::identity(token) else { return };
        self.identity.replace(Some(who.clone()));
        let kept = Kept::decode_or_empty(&store::recall(&who));
        let app = self.clone();
        let tabs = Tabs::join(&who, Rc::new(move |news| app.hear_tabs(news)));
        for (call, steal) in self.early_locks.take() {
            tabs.acquire(&call, steal);
        }
        self.tabs.replace(Some(tabs));
        self.happen(Event::Restored(kept));
    }

    fn hear_tabs(self: &Rc<Self>, news: News) {
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

    fn open_stream(self: &Rc<Self>, call: String, request: Box<pb::WatchDeskRequest>) {
        let Ok(abort) = AbortController::new() else { return };
        if let Some(before) = self.stream.replace(Some(abort.clone())) {
            before.abort();
        }
        self.stream_number.set(self.stream_number.get() + 1);
        spawn_local(self.clone().read_stream(self.stream_number.get(), call, request, abort));
    }

    async fn read_stream(
        self: Rc<Self>,
        number: u32,
        call: String,
        request: Box<pb::WatchDeskRequest>,
        abort: AbortController,
    ) {
        let going_away = Cell::new(false);
        let mut announced = false;
        if let Ok(token) = self.token(&call).await {
            let hear = |bytes: Vec<u8>| {
                if self.stream_number.get() != number {
                    return;
                }
                self.with_tabs(|tabs| tabs.pass_on(&bytes));
                going_away.set(self.hear_stream(&bytes));
                if !std::mem::replace(&mut announced, true) {
                    self.announce();
                }
            };
            let end = transport::watch(&request, &token, &abort.signal(), hear).await;
            if end.is_err_and(|fault| fault.code == Code::Unauthenticated) {
                self.with_host(|host| host.forget_token(&call));
            }
        }
        if self.stream_number.get() == number {
            self.with_tabs(|tabs| tabs.announce(""));
            self.happen(Event::StreamClosed { going_away: going_away.get() });
        }
    }

    /// Takes a message of the stream; says whether the sidecar is about to go away.
    fn hear_stream(self: &Rc<Self>, bytes: &[u8]) -> bool {
        let Ok(message) = pb::WatchDeskResponse::decode(bytes) else { return false };
        let going_away = message.going_away;
        self.happen(Event::Stream(Box::new(message)));
        going_away
    }

    fn hear_host(self: &Rc<Self>, message: Message) {
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
        let places = match focus {
            Focus::Amount => "#amount",
            Focus::Form => "#form",
            Focus::Tray => "#tray .main:not([aria-disabled]), #tray",
            Focus::Search => "#search",
            Focus::Did => "#did",
            Focus::Timeline => "#recent",
            Focus::Top => "#top",
        };
        // The first of a list that is there, in this order.
        let place = places.split(", ").chain(["#top"]).find_map(|place| {
            self.document.query_selector(place).ok().flatten()
        });
        if let Some(place) = place {
            drop(place.unchecked_ref::<HtmlElement>().focus());
        }
    }

    fn watch_height(self: &Rc<Self>, mount: &web_sys::Element) {
        let (app, element) = (self.clone(), mount.clone());
        let seen: Closure<dyn FnMut()> = Closure::new(move || {
            app.with_host(|host| host.tell_height(element.scroll_height()));
        });
        ResizeObserver::new(seen.as_ref()).observe(mount);
        seen.forget();
    }

    fn listen(self: &Rc<Self>) -> Result<(), JsValue> {
        self.on(&self.document, "click", |app, event| {
            if let Some(action) = app.hit(&event).action {
                app.happen(Event::User(action));
            }
        })?;
        self.on(&self.document, "input", |app, event| {
            if let Some(field) = app.hit(&event).field {
                let text = event.target().map(|target| host::text(&target, "value"));
                app.happen(Event::User(Action::Edit(field, text.unwrap_or_default())));
            }
        })?;
        self.on(&self.document, "keydown", |app, event| {
            let key: &web_sys::KeyboardEvent = event.unchecked_ref();
            app.press(key);
        })?;
        self.on(&self.document, "visibilitychange", |app, _| app.happen(Event::Wake))?;
        self.on(&self.window, "online", |app, _| app.happen(Event::Wake))?;
        self.on(&self.window, "beforeunload", |app, event| {
            if app.model.borrow().has_unsent_notes() {
                event.prevent_default();
            }
        })
    }

    fn on(
        self: &Rc<Self>,
        target: &web_sys::EventTarget,
        name: &str,
        run: impl Fn(&Rc<App>, web_sys::Event) + 'static,
    ) -> Result<(), JsValue> {
        let app = self.clone();
        let heard: Closure<dyn Fn(web_sys::Event)> = Closure::new(move |event| run(&app, event));
        target.add_event_listener_with_callback(name, heard.as_ref().unchecked_ref())?;
        heard.forget();
        Ok(())
    }

    fn hit(&self, event: &web_sys::Event) -> Hit {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        target.map_or_else(Hit::default, |target| self.dom.borrow().hit(&target))
    }

    fn press(self: &Rc<Self>, event: &web_sys::KeyboardEvent) {
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
