//! The `<makegood-panel>` element: carries the panel's frame into a host's page.
//
// It holds no data of customers and decides nothing. It opens an iframe on the
// sidecar's origin, hands it one end of a MessagePort, and passes on what the
// host says (which call, which look) and what the frame reports (events).

const VERSION = '0.1.0';
const HANDSHAKE_MS = 5000;
// A host's wrap-up never waits longer for the frame: a hold ends by itself.
const WRAP_UP_MS = 2000;
const STATES = ['connecting', 'live', 'stale', 'offline', 'blocked'];
const CALL_STATES = ['offered', 'connected', 'on_hold', 'wrapup', 'ended'];
const CONTEXT_FIELDS = [
  'id', 'state', 'channel', 'ani', 'email', 'external_id', 'account_number', 'case_id', 'reason',
];
const CHOICES = {
  mode: ['frame'],
  theme: ['auto', 'light', 'dark', 'contrast'],
  density: ['comfortable', 'compact'],
  shortcuts: ['focus', 'on', 'off'],
};
const DEFAULT_SRC = new URL('./', import.meta.url).href;

// The custom properties that reach the frame, by the CSS property whose values
// they may take.
const FORWARDED = {
  'font-family': ['font'],
  'border-radius': ['radius'],
  width: ['font-size', 'gap'],
  color: [
    'surface', 'surface-raised', 'text', 'text-quiet', 'border', 'accent', 'accent-text',
    'positive', 'caution', 'critical', 'focus-ring',
  ],
};
// What could fetch something, reach another property or end a declaration.
const UNSAFE = /[;{}<>\\@!]|\b(?:url|src|image|image-set|var|env|attr|expression)\s*\(/i;

const STYLE = `
:host { display: block; position: relative; inline-size: 100%; min-block-size: 420px; contain: layout paint; }
:host([hidden]) { display: none; }
iframe { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; border: 0; color-scheme: normal; }
.cover { position: absolute; inset: 0; display: grid; align-content: center; justify-items: center;
  gap: 12px; padding: 16px; text-align: center; font: 14px/1.5 var(--makegood-font, system-ui, sans-serif);
  color: var(--makegood-text, CanvasText); background: var(--makegood-surface, Canvas); }
[hidden] { display: none; }
p { margin: 0; max-inline-size: 32ch; }
button { font: inherit; font-weight: 600; min-block-size: 36px; padding: 0 16px; border-radius: 8px; cursor: pointer; }
`;

/** A message of the panel to its host. Bubbles and crosses shadow roots. */
export class MakegoodEvent extends Event {
  /**
   * @param {string} type The event's name.
   * @param {object} detail What happened.
   */
  constructor(type, detail) {
    super(type, { bubbles: true, composed: true });
    /** What happened; frozen. */
    this.detail = Object.freeze(detail);
  }
}
/** The panel can be used. Detail: `version` of the frame. */
export class MakegoodReadyEvent extends MakegoodEvent {}
/** The panel's state changed. Detail: `state`, one of live, stale, offline, blocked. */
export class MakegoodStateEvent extends MakegoodEvent {}
/** The caller was looked up. Detail: `status`, and `count` of customers who fit. */
export class MakegoodMatchEvent extends MakegoodEvent {}
/** An amount is held. Detail: `spendId`. */
export class MakegoodReserveEvent extends MakegoodEvent {}
/** A gesture was given. Detail: `ref`, `minorUnits`, `currency`, `reasonCode`. */
export class MakegoodCommitEvent extends MakegoodEvent {}
/** A hold was released. Detail: `spendId`. */
export class MakegoodVoidEvent extends MakegoodEvent {}
/** A second person was asked, or the question has ended. Detail: `spendId`, and `state`, one of asked, approved, declined, timed_out, over. */
export class MakegoodConsultEvent extends MakegoodEvent {}
/** Something that costs nothing was logged. Detail: `actionId`, `kind`. */
export class MakegoodLogEvent extends MakegoodEvent {}
/** The panel wants to be looked at. Detail: `count` of things that wait. */
export class MakegoodAttentionEvent extends MakegoodEvent {}
/** The panel's content has another height. Detail: `height` in CSS pixels. */
export class MakegoodResizeEvent extends MakegoodEvent {}
/** Something failed. Detail: `code`, and `retryable`. */
export class MakegoodErrorEvent extends MakegoodEvent {}

// What the frame reports: the event's class, and its detail in the host's terms.
const REPORTS = {
  ready: [MakegoodReadyEvent, (m) => ({ version: String(m.version) })],
  state: [MakegoodStateEvent, (m) => ({ state: m.state })],
  match: [MakegoodMatchEvent, (m) => ({ status: m.status, count: m.count })],
  reserve: [MakegoodReserveEvent, (m) => ({ spendId: m.spend_id })],
  void: [MakegoodVoidEvent, (m) => ({ spendId: m.spend_id })],
  commit: [MakegoodCommitEvent, (m) => ({
    ref: m.ref, minorUnits: m.amount_minor, currency: m.currency, reasonCode: m.reason_code,
  })],
  consult: [MakegoodConsultEvent, (m) => ({ spendId: m.spend_id, state: m.state })],
  log: [MakegoodLogEvent, (m) => ({ actionId: m.action_id, kind: m.kind })],
  attention: [MakegoodAttentionEvent, (m) => ({ count: m.count })],
  resize: [MakegoodResizeEvent, (m) => ({ height: m.height })],
  error: [MakegoodErrorEvent, (m) => ({ code: String(m.code), retryable: m.retryable === true })],
};

/**
 * Shows what is known of the customer on the call, and what the agent may give.
 *
 * @element makegood-panel
 * @attr {string} src The folder of the frame on the sidecar. Default: the folder of this script.
 * @attr {"frame"} mode How the panel is carried.
 * @attr {string} interaction-id The host's id of the call.
 * @attr {string} locale A BCP 47 tag. Default: the document's language.
 * @attr {"ltr"|"rtl"} dir The direction of text. Default: the page's.
 * @attr {"auto"|"light"|"dark"|"contrast"} theme The look; setting it sends the custom properties anew.
 * @attr {"comfortable"|"compact"} density How close the lines stand.
 * @attr {boolean} readonly Shows without letting anything be given.
 * @attr {"focus"|"on"|"off"} shortcuts When single keys work.
 * @slot fallback Shown until the panel answers, or if it does not.
 * @csspart frame The iframe.
 * @csspart status What is shown if the panel does not answer.
 * @cssproperty --makegood-font And -font-size, -radius, -gap, -surface, -surface-raised, -text,
 *   -text-quiet, -border, -accent, -accent-text, -positive, -caution, -critical, -focus-ring.
 * @cssstate connecting Until the panel answers; then live, stale, offline or blocked.
 * @fires makegoodready @fires makegoodstate @fires makegoodmatch @fires makegoodreserve
 * @fires makegoodcommit @fires makegoodvoid @fires makegoodconsult @fires makegoodlog
 * @fires makegoodattention @fires makegoodresize @fires makegooderror
 */
export class MakegoodPanelElement extends (globalThis.HTMLElement ?? class {}) {
  static observedAttributes = [
    'src', 'interaction-id', 'locale', 'dir', 'theme', 'density', 'readonly', 'shortcuts',
  ];

  /** The version of this element. */
  static get version() {
    return VERSION;
  }

  /**
   * Defines the element. A second definition of the same name changes nothing.
   *
   * @param {string} [tag] The element's name.
   * @param {CustomElementRegistry} [registry] Where to define it.
   */
  static define(tag = 'makegood-panel', registry = globalThis.customElements) {
    if (!registry || registry.get(tag)) return;
    registry.define(tag, tag === 'makegood-panel' ? this : class extends this {});
  }

  #internals;
  #cover;
  #status;
  #retry;
  #frame = null;
  #port = null;
  #mounted = null;
  #timer = 0;
  #interaction = null;
  #auth = null;
  #state = 'connecting';
  #ready = deferred();
  #isReady = false;
  #gates = new Map();
  #lastRid = 0;

  constructor() {
    super();
    this.#internals = this.attachInternals?.();
    const root = this.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.#status = part('p', 'status');
    this.#status.setAttribute('role', 'status');
    this.#retry = part('button', 'retry');
    this.#retry.type = 'button';
    this.#retry.textContent = 'Try again';
    this.#retry.hidden = true;
    this.#retry.addEventListener('click', () => this.#mount());
    const fallback = document.createElement('slot');
    fallback.name = 'fallback';
    this.#cover = document.createElement('div');
    this.#cover.className = 'cover';
    this.#cover.append(fallback, this.#status, this.#retry);
    root.append(this.#cover);
  }

  connectedCallback() {
    // A host may have set these before the class was known.
    for (const name of ['interaction', 'auth', 'readonly', ...Object.keys(CHOICES)]) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    this.#mount();
  }

  // Keeps the frame alive where the browser can move an element in one step.
  connectedMoveCallback() {}

  disconnectedCallback() {
    this.#unmount();
  }

  attributeChangedCallback(name, before, now) {
    if (name === 'interaction-id') {
      if ((now ?? '') !== (this.#interaction?.id ?? '')) this.interaction = now ? { id: now } : null;
    } else if (name === 'src') {
      if (before !== now && this.isConnected) this.#mount();
    } else if (name === 'dir') {
      this.#tell('locale');
    } else {
      this.#tell(name);
    }
  }

  /** The folder of the frame on the sidecar, with a slash at its end. */
  get src() {
    return this.getAttribute('src') ?? DEFAULT_SRC;
  }
  set src(value) {
    this.setAttribute('src', value);
  }

  /** How the panel is carried; `frame` is the one way there is. */
  get mode() {
    return this.#choice('mode');
  }
  set mode(value) {
    this.setAttribute('mode', value);
  }

  /** The host's id of the call; empty while there is none. */
  get interactionId() {
    return this.#interaction?.id ?? '';
  }
  set interactionId(value) {
    this.interaction = value ? { id: value } : null;
  }

  /** The language as a BCP 47 tag. */
  get locale() {
    return this.getAttribute('locale') || document.documentElement.lang || navigator.language;
  }
  set locale(value) {
    this.setAttribute('locale', value);
  }

  /** The look: `auto`, `light`, `dark` or `contrast`. */
  get theme() {
    return this.#choice('theme');
  }
  set theme(value) {
    this.setAttribute('theme', value);
  }

  /** How close the lines stand: `comfortable` or `compact`. */
  get density() {
    return this.#choice('density');
  }
  set density(value) {
    this.setAttribute('density', value);
  }

  /** When single keys work: with the `focus` inside the panel, `on` or `off`. */
  get shortcuts() {
    return this.#choice('shortcuts');
  }
  set shortcuts(value) {
    this.setAttribute('shortcuts', value);
  }

  /** True if nothing can be given from this panel. */
  get readonly() {
    return this.hasAttribute('readonly');
  }
  set readonly(value) {
    this.toggleAttribute('readonly', Boolean(value));
  }

  /** The call as the host last told it, or null. A copy; set it to change it. */
  get interaction() {
    return this.#interaction && { ...this.#interaction };
  }
  set interaction(value) {
    this.#interaction = contextOf(value);
    const id = this.#interaction?.id;
    if (id === undefined) this.removeAttribute('interaction-id');
    else if (this.getAttribute('interaction-id') !== id) this.setAttribute('interaction-id', id);
    this.#tell('interaction');
  }

  /**
   * Fetches a token from the host's back end: `({interactionId}) => Promise<string>`. While there
   * is no call the id is `panel-desk`, so that the agent can be asked by others; a host that wants
   * none of that throws.
   */
  get auth() {
    return this.#auth;
  }
  set auth(value) {
    this.#auth = typeof value === 'function' ? value : null;
  }

  /** `connecting`, `live`, `stale`, `offline` or `blocked`. */
  get state() {
    return this.#state;
  }

  /** Fulfilled when the panel can be used. Stays pending if it never can: see `makegooderror`. */
  get ready() {
    return this.#ready.promise;
  }

  /**
   * Tells where a call is. Fields that were told before for the same call stay;
   * a call not told of before is ringing unless its state is given.
   *
   * @param {object|null} context The call; null when there is none any more.
   */
  pop(context) {
    const known = context && this.#interaction?.id === context.id ? this.#interaction : { state: 'offered' };
    this.interaction = context ? { ...known, ...context } : null;
  }

  /** Moves the focus to what the agent may give. */
  focusHeadroom() {
    this.#frame?.focus();
    this.#post({ type: 'focus' });
  }

  /**
   * Asks whether the call may be finished. A panel that does not answer in two
   * seconds stands in nobody's way: its holds end by themselves.
   *
   * @returns {Promise<{allow: boolean, reason: string}>}
   */
  requestWrapUp() {
    if (!this.#isReady) return Promise.resolve({ allow: true, reason: '' });
    const rid = String(++this.#lastRid);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settleGate(rid, { allow: true, reason: '' }), WRAP_UP_MS);
      this.#gates.set(rid, { resolve, timer });
      this.#post({ type: 'wrapupgate', rid });
    });
  }

  #mount() {
    this.#unmount();
    this.#enter('connecting');
    this.#cover.hidden = false;
    this.#retry.hidden = true;
    this.#status.textContent = '';
    const url = frameUrl(this.src);
    if (!url) return this.#fail('bad_src', 'The address of this panel is not a web address.');
    this.#mounted = new AbortController();
    const { signal } = this.#mounted;
    const frame = part('iframe', 'frame');
    frame.title = 'Makegood';
    frame.setAttribute('sandbox', 'allow-scripts allow-same-origin');
    frame.setAttribute('allow', 'local-network-access');
    frame.referrerPolicy = 'no-referrer';
    window.addEventListener('message', (event) => this.#greet(event, url.origin), { signal });
    this.#watchLook(signal);
    this.#timer = setTimeout(
      () => this.#fail('handshake_timeout', `The panel at ${url.host} does not answer.`), HANDSHAKE_MS,
    );
    frame.src = url.href;
    this.#frame = frame;
    this.shadowRoot.prepend(frame);
  }

  #unmount() {
    clearTimeout(this.#timer);
    this.#mounted?.abort();
    this.#mounted = null;
    this.#port?.close();
    this.#port = null;
    this.#frame?.remove();
    this.#frame = null;
    for (const rid of [...this.#gates.keys()]) this.#settleGate(rid, { allow: true, reason: '' });
    if (this.#isReady) this.#ready = deferred();
    this.#isReady = false;
  }

  // Answers the frame's greeting with one end of a channel. A frame that loaded
  // anew greets again and gets a new one.
  #greet(event, origin) {
    const { data } = event;
    if (event.origin !== origin || event.source !== this.#frame?.contentWindow) return;
    if (data?.makegood !== 1 || data.type !== 'hello' || typeof data.nonce !== 'string') return;
    clearTimeout(this.#timer);
    this.#port?.close();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data: message }) => this.#hear(port1, message);
    event.source.postMessage({ makegood: 1, type: 'welcome', nonce: data.nonce }, origin, [port2]);
    this.#cover.hidden = true;
    this.#enter('connecting');
    for (const topic of ['theme', 'locale', 'density', 'readonly', 'shortcuts', 'interaction']) this.#tell(topic);
  }

  #hear(port, message) {
    if (port !== this.#port || !message || typeof message.type !== 'string') return;
    if (message.type === 'token') return void this.#fetchToken(port, message);
    if (message.type === 'wrapupgate') {
      return this.#settleGate(String(message.rid), { allow: message.allow !== false, reason: String(message.reason ?? '') });
    }
    if (message.type === 'ready') {
      this.#isReady = true;
      this.#ready.resolve();
    }
    if (message.type === 'state') {
      if (!STATES.includes(message.state)) return;
      this.#enter(message.state);
    }
    if (Object.hasOwn(REPORTS, message.type)) this.#report(message);
  }

  #report(message) {
    const [Kind, detail] = REPORTS[message.type];
    this.dispatchEvent(new Kind(`makegood${message.type}`, detail(message)));
  }

  async #fetchToken(port, { rid, interaction_id: interactionId }) {
    let answer = { type: 'token', rid, error: 'no_auth' };
    try {
      const token = await this.#auth?.({ interactionId });
      if (typeof token === 'string' && token) answer = { type: 'token', rid, token };
    } catch {
      // Why the host's back end refused is the host's to know and to show.
      answer = { type: 'token', rid, error: 'auth_failed' };
    }
    port.postMessage(answer);
  }

  #settleGate(rid, answer) {
    const gate = this.#gates.get(rid);
    if (!gate) return;
    this.#gates.delete(rid);
    clearTimeout(gate.timer);
    gate.resolve(answer);
  }

  #tell(topic) {
    if (!this.#port) return;
    if (topic === 'interaction') this.#post({ type: 'interaction', ...(this.#interaction ?? { id: null }) });
    else if (topic === 'theme') this.#post({ type: 'theme', theme: this.theme, vars: safeVars(this) });
    else if (topic === 'locale') this.#post({ type: 'locale', locale: this.locale, dir: getComputedStyle(this).direction });
    else this.#post({ type: topic, [topic]: this[topic] });
  }

  #post(message) {
    this.#port?.postMessage(message);
  }

  // The page's look reaches the frame by value only, so it is sent anew when the
  // places where hosts switch it change.
  #watchLook(signal) {
    const send = () => this.#tell('theme');
    const observer = new MutationObserver(send);
    const options = { attributes: true, attributeFilter: ['class', 'style', 'data-theme'] };
    for (const node of [document.documentElement, document.body, this]) {
      if (node) observer.observe(node, options);
    }
    signal.addEventListener('abort', () => observer.disconnect());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', send, { signal });
  }

  #fail(code, text) {
    this.#status.textContent = text;
    this.#retry.hidden = code === 'bad_src';
    this.#enter('blocked');
    this.#report({ type: 'state', state: 'blocked' });
    this.#report({ type: 'error', code, retryable: code !== 'bad_src' });
  }

  #enter(state) {
    this.#state = state;
    const states = this.#internals?.states;
    if (!states) return;
    for (const other of STATES) states.delete(other);
    try {
      states.add(state);
    } catch {
      // Browsers before `:state()` take no such name; the property still tells.
    }
  }

  #choice(name) {
    const value = this.getAttribute(name);
    return CHOICES[name].includes(value) ? value : CHOICES[name][0];
  }
}

function part(tag, name) {
  const node = document.createElement(tag);
  node.setAttribute('part', name);
  return node;
}

function deferred() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

// The address of the frame's page, or null if `src` is not on the web.
function frameUrl(src) {
  let base;
  try {
    base = new URL(src, document.baseURI);
  } catch {
    return null;
  }
  if (!['https:', 'http:'].includes(base.protocol)) return null;
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const url = new URL('frame.html', base);
  url.searchParams.set('host', location.origin);
  return url;
}

// Only known fields that are text go to the frame; a call without an id is none.
function contextOf(value) {
  if (value?.id === undefined || value.id === null || value.id === '') return null;
  const context = { state: 'connected', channel: 'phone' };
  for (const field of CONTEXT_FIELDS) {
    const text = value[field];
    if (typeof text === 'string' || typeof text === 'number') context[field] = String(text);
  }
  if (!CALL_STATES.includes(context.state)) context.state = 'connected';
  return context;
}

function safeVars(element) {
  const computed = getComputedStyle(element);
  const vars = {};
  for (const [property, names] of Object.entries(FORWARDED)) {
    for (const name of names) {
      const value = computed.getPropertyValue(`--makegood-${name}`).trim();
      const safe = value && value.length <= 120 && !UNSAFE.test(value) && CSS.supports(property, value);
      if (safe) vars[`--makegood-${name}`] = value;
    }
  }
  return vars;
}

MakegoodPanelElement.define();
