//! One agent's desk: a simulated softphone beside the panel.

import { callToken } from './api.js';

const WORDS = {
  idle: { presence: 'Ready', line: 'No call', note: 'Waiting for the next call.' },
  offered: { presence: 'Ringing', line: 'Incoming call', note: 'The panel looks the caller up while it rings.' },
  connected: { presence: 'On a call', line: 'On call', note: '' },
  on_hold: { presence: 'On hold', line: 'Customer on hold', note: '' },
  wrapup: { presence: 'Wrap-up', line: 'Call ended', note: 'Note what you did, then finish.' },
};

/** A desk. Fires `call` on itself whenever its agent or the robot changes the call. */
export class Desk extends EventTarget {
  /** The call at this desk, or null: `{id, ani, state, startedAt, connectedAt}`. */
  call = null;

  /**
   * @param {{id: string, name: string, role: string}} agent Who sits here.
   * @param {import('./api.js').Caller[]} callers Who can call.
   * @param {string} colleague The first name of who can be brought in.
   * @param {string} frameSrc The folder of the panel's frame.
   */
  constructor(agent, callers, colleague, frameSrc) {
    super();
    this.agent = agent;
    this.colleague = colleague;
    this.callers = callers;
    const template = document.querySelector('#desk-template');
    this.root = template.content.firstElementChild.cloneNode(true);
    this.root.dataset.desk = agent.id;
    this.panel = this.root.querySelector('makegood-panel');
    this.panel.src = frameSrc;
    this.panel.auth = ({ interactionId }) => callToken(agent.id, interactionId);
    const title = this.#part('.agent');
    title.textContent = agent.name;
    title.id = `agent-${agent.id}`;
    this.#part('.role').textContent = agent.role;
    this.root.setAttribute('aria-labelledby', title.id);
    this.#part('.phone').setAttribute('aria-label', `Softphone of ${agent.name}`);
    this.#part('.avatar').textContent = agent.name.split(/\s+/).map((word) => word[0]).slice(0, 2).join('');
    this.#part('.callers').append(...callers.map((caller) => this.#callerRow(caller)));
    this.#paint();
    setInterval(() => this.#paintClock(), 1000);
  }

  /** Makes a number ring here; an empty one is withheld. */
  ring(ani) {
    this.change({ id: `call-${crypto.randomUUID()}`, ani, state: 'offered', startedAt: Date.now(), connectedAt: 0 });
  }

  /** Moves the call on, and says so to the panel and to whoever listens. */
  change(call) {
    this.show(call);
    this.dispatchEvent(new Event('call'));
  }

  /** Shows a call that another tab of this agent has changed. */
  show(call) {
    const before = this.call;
    this.call = call;
    if (before && before.id !== call?.id) this.panel.pop({ id: before.id, state: 'ended' });
    this.panel.pop(call && { id: call.id, state: call.state, channel: 'phone', ...(call.ani && { ani: call.ani }) });
    this.#paint();
  }

  /** Picks the call up, or takes it off hold. */
  connect() {
    this.change({ ...this.call, state: 'connected', connectedAt: this.call.connectedAt || Date.now() });
  }

  /** Puts the customer on hold. */
  hold() {
    this.change({ ...this.call, state: 'on_hold' });
  }

  /** Ends the talk; the agent still has the wrap-up. */
  hangUp() {
    this.change(this.call.state === 'offered' ? null : { ...this.call, state: 'wrapup' });
  }

  /** Finishes the wrap-up unless something is still held for the customer. */
  async finish() {
    const { allow, reason } = await this.panel.requestWrapUp();
    if (allow) this.change(null);
    else this.#part('.phone-note').textContent = reason || 'Something is still held. Give it or release it first.';
  }

  #part(selector) {
    return this.root.querySelector(selector);
  }

  #callerRow({ name, phone, note }) {
    const row = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'caller';
    button.dataset.phone = phone;
    for (const [kind, text] of [['caller-name', name], ['caller-phone', phone || 'Number withheld'], ['caller-note', note]]) {
      const line = document.createElement('span');
      line.className = kind;
      line.dir = 'auto';
      line.textContent = text;
      button.append(line);
    }
    button.addEventListener('click', () => this.ring(phone));
    row.append(button);
    return row;
  }

  #paint() {
    const state = this.call?.state ?? 'idle';
    const words = WORDS[state];
    this.root.dataset.state = state;
    this.#part('.phone').dataset.state = state;
    this.#part('.presence-text').textContent = words.presence;
    this.#part('.phone-state').textContent = words.line;
    this.#part('.number').textContent = this.call ? this.call.ani || 'Number withheld' : 'Ready';
    this.#part('.phone-note').textContent = words.note;
    for (const button of this.root.querySelectorAll('.caller')) button.disabled = Boolean(this.call);
    this.#paintButtons(state);
    this.#paintClock();
  }

  #paintButtons(state) {
    const other = () => this.dispatchEvent(new Event('bring'));
    const sets = {
      idle: [],
      offered: [['answer', 'Answer', 'primary', () => this.connect()], ['decline', 'Decline', '', () => this.hangUp()]],
      connected: [
        ['hold', 'Hold', '', () => this.hold()],
        ['bring', `Add ${this.colleague}`, '', other],
        ['hangup', 'Hang up', 'stop', () => this.hangUp()],
      ],
      on_hold: [['resume', 'Resume', 'primary', () => this.connect()], ['hangup', 'Hang up', 'stop', () => this.hangUp()]],
      wrapup: [['done', 'Done', 'primary', () => this.finish()]],
    };
    const bar = this.#part('.phone-buttons');
    const hadFocus = bar.contains(document.activeElement);
    bar.replaceChildren(...sets[state].map(([act, label, look, run]) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = `button ${look}`;
      button.dataset.call = act;
      button.textContent = label;
      button.addEventListener('click', run);
      return button;
    }));
    // The button that was pressed is gone; the keyboard stays where it was.
    if (hadFocus) (bar.querySelector('button') ?? this.#part('.caller'))?.focus();
  }

  #paintClock() {
    const from = this.call?.connectedAt || this.call?.startedAt;
    this.#part('.clock').textContent = from ? duration(Date.now() - from) : '';
  }
}

function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}
