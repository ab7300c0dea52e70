//! The demo's page: two agents' desks side by side, the call that plays itself,
//! and the ledger.

import { cast } from './api.js';
import { offerAudit } from './audit.js';
import { Desk } from './desk.js';
import { keepLedger } from './ledger.js';
import { playCall } from './play.js';

// The one caller whom no customer data can have.
const WITHHELD = { name: 'Withheld number', phone: '', note: 'the caller hides the number', story: '' };
const LOOK_KEY = 'makegood-demo-look';

const $ = (id) => document.getElementById(id);

function say(text, step = 0, of = 0) {
  $('caption-text').textContent = text;
  $('caption-count').hidden = of === 0;
  $('caption-count').textContent = `${step} of ${of}`;
  $('caption-progress').hidden = of === 0;
  $('caption-progress').value = of === 0 ? 0 : step / of;
}

function followLook(panels) {
  const choose = (look) => {
    document.documentElement.dataset.theme = look;
    for (const panel of panels) panel.theme = look;
  };
  $('look').value = localStorage.getItem(LOOK_KEY) ?? 'auto';
  choose($('look').value);
  $('look').addEventListener('change', () => {
    localStorage.setItem(LOOK_KEY, $('look').value);
    choose($('look').value);
  });
}

// A desktop shows the same calls in each of its tabs, and after a reload.
function shareCalls(desks) {
  const others = new BroadcastChannel('makegood-demo');
  const key = (desk) => `makegood-demo-call-${desk.agent.id}`;
  const keep = (desk) => sessionStorage.setItem(key(desk), JSON.stringify(desk.call));
  const tell = (desk) => others.postMessage({ agent: desk.agent.id, call: desk.call });
  for (const desk of desks) {
    const call = JSON.parse(sessionStorage.getItem(key(desk)) ?? 'null');
    if (call) desk.show(call);
    desk.addEventListener('call', () => {
      keep(desk);
      tell(desk);
    });
  }
  others.onmessage = ({ data }) => {
    if (data.ask) return desks.filter(({ call }) => call).forEach(tell);
    const desk = desks.find(({ agent }) => agent.id === data.agent);
    desk?.show(data.call);
    if (desk) keep(desk);
  };
  others.postMessage({ ask: true });
}

function joinDesks(desks) {
  const bringTo = (from, to) => {
    to.change({ ...from.call, state: 'connected' });
    say(`${to.agent.name} joined the call: both desks now show the same customer, live.`);
  };
  desks.forEach((desk, index) => {
    const colleague = desks[(index + 1) % desks.length];
    desk.addEventListener('bring', () => bringTo(desk, colleague));
  });
  return bringTo;
}

function offerPlays([desk, colleague], bringTo) {
  const buttons = document.querySelectorAll('[data-story]');
  const setBusy = (busy) => {
    for (const button of buttons) button.disabled = busy;
    $('caption').dataset.live = String(busy);
  };
  const play = async (story) => {
    setBusy(true);
    desk.change(null);
    colleague.change(null);
    try {
      await playCall(story, [desk, colleague], bringTo, say);
    } catch (error) {
      say(`The play stopped: ${error.message}.`);
    }
    colleague.change(null);
    setBusy(false);
  };
  for (const button of buttons) button.addEventListener('click', () => play(button.dataset.story));
}

async function start() {
  const { agents, callers, sidecar } = await cast();
  // What a vendor writes as one script tag; here the sidecar's port is known only now.
  await import(`${sidecar}/embed/makegood-panel.js`);
  const pair = agents.slice(0, 2);
  const desks = pair.map((agent, index) => {
    const [colleague] = pair[(index + 1) % pair.length].name.split(' ');
    return new Desk(agent, [...callers, WITHHELD], colleague, `${sidecar}/embed/`);
  });
  $('desks').append(...desks.map(({ root }) => root));
  const refresh = keepLedger();
  for (const { panel } of desks) {
    for (const event of ['makegoodreserve', 'makegoodcommit', 'makegoodvoid']) panel.addEventListener(event, refresh);
  }
  followLook(desks.map(({ panel }) => panel));
  shareCalls(desks);
  offerPlays(desks, joinDesks(desks));
  offerAudit();
  document.documentElement.dataset.ready = 'true';
}

for (const link of document.querySelectorAll('.quiet-link')) {
  const title = $(link.hash.slice(1));
  link.addEventListener('click', (event) => {
    // The fragment carries the development token, so the link only moves the view.
    event.preventDefault();
    title.focus({ preventScroll: true });
    title.scrollIntoView({ behavior: 'smooth' });
  });
}

start().catch((error) => say(
  `The demo could not start: ${error.message}. Open the address that the demo printed, with all that follows the #.`,
));
