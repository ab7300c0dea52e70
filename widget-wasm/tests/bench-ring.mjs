//! Measures how long a warm panel takes from the ring to the painted A to E,
//! against a page in plain JavaScript that fetches and paints the same reply.
//!
//! `node widget-wasm/tests/bench-ring.mjs [ROUNDS]` prints a table to stderr and
//! one JSON line to stdout. Rounds of both sides take turns in one browser.

import { readFile } from 'node:fs/promises';

import { openBrowser } from './support/browser.mjs';
import { Demo } from './support/demo.mjs';

const ROUNDS = Number(process.argv[2] ?? 30);
const WARM_UP = 5;
const PARTS = ['identity', 'score', 'owed', 'headroom'];

const demo = await Demo.start();
const browser = await openBrowser();
try {
  const { agents: [agent], callers: [caller] } = await demo.ask('/demo/cast.json');
  const sides = [await panelSide(agent, caller), await plainSide(agent, caller)];
  const times = sides.map(() => []);
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const index of order) {
      const took = await sides[index]();
      if (round >= 0) times[index].push(took);
    }
  }
  const [panel, plain] = times.map(median);
  console.error(`ring to painted A–E, median of ${ROUNDS}: panel ${panel.toFixed(1)} ms, plain JavaScript ${plain.toFixed(1)} ms`);
  console.log(JSON.stringify({
    name: 'ring_to_paint_vs_js', value: Number((panel / plain).toFixed(3)), unit: 'ratio', paired_with: 'plain_js_ms', rounds: ROUNDS,
  }));
} finally {
  await browser.close();
  await demo.close();
}

// A desk of the demo; the tokens are fetched before the ring on both sides.
async function panelSide(agent, { phone }) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(demo.demoUrl);
  await page.locator('html[data-ready="true"]').waitFor();
  const element = page.locator(`[data-desk="${agent.id}"] makegood-panel`);
  await element.evaluate(async (panel) => {
    await panel.ready;
    globalThis.tokens = {};
    panel.auth = async ({ interactionId }) => tokens[interactionId];
  });
  const frame = await (await element.locator('iframe').elementHandle()).contentFrame();
  return async () => {
    await page.bringToFront();
    const { id, token } = await freshCall(agent);
    const painted = frame.evaluate(untilPainted, PARTS);
    const rung = element.evaluate((panel, call) => {
      tokens[call.id] = call.token;
      const now = performance.timeOrigin + performance.now();
      panel.pop({ id: call.id, state: 'offered', ani: call.phone });
      return now;
    }, { id, token, phone });
    const took = await between(rung, painted);
    await element.evaluate((panel) => panel.pop(null));
    await frame.locator('[data-part="headroom"]').waitFor({ state: 'hidden' });
    return took;
  };
}

// The plain page, on the sidecar's own origin like the panel's frame.
async function plainSide(agent, { phone }) {
  const page = await browser.newPage({ viewport: { width: 360, height: 900 } });
  const serve = async (name, file, contentType) => {
    const body = await readFile(new URL(`bench/${file}`, import.meta.url));
    await page.route(`${demo.frameOrigin}/embed/${name}`, (route) => route.fulfill({ body, contentType }));
  };
  await serve('bench-plain.html', 'plain.html', 'text/html');
  await serve('bench-plain.js', 'plain.js', 'text/javascript');
  await page.goto(`${demo.frameOrigin}/embed/bench-plain.html`);
  await page.waitForFunction(() => globalThis.ring);
  // Every request of a page with routes makes a detour through this process.
  await page.unrouteAll();
  return async () => {
    await page.bringToFront();
    const { id, token } = await freshCall(agent);
    await page.evaluate(() => clear());
    const painted = page.evaluate(untilPainted, PARTS);
    const rung = page.evaluate(async (call) => {
      const now = performance.timeOrigin + performance.now();
      await ring(call.token, call.id, call.phone);
      return now;
    }, { id, token, phone });
    return between(rung, painted);
  };
}

async function between(...moments) {
  const [start, end] = await Promise.all(moments);
  return end - start;
}

async function freshCall(agent) {
  const id = `bench-${crypto.randomUUID()}`;
  const { token } = await demo.ask('/demo/token', { agent: agent.id, interaction_id: id });
  return { id, token };
}

// Runs in the page: the time at which a frame with every part filled was painted.
function untilPainted(parts) {
  const filled = () => parts.every((part) => {
    const node = document.querySelector(`[data-part="${part}"]`);
    return node && node.checkVisibility() && node.textContent.trim() !== '' && (part !== 'headroom' || /\d/.test(node.textContent));
  });
  return new Promise((done, fail) => {
    setTimeout(() => fail(new Error(`not painted in 10 s: ${document.body.innerText}`)), 10_000);
    const look = () => {
      if (!filled()) return false;
      requestAnimationFrame(() => {
        // A task after the frame's own: it has been painted.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => done(performance.timeOrigin + performance.now());
        port2.postMessage('');
      });
      return true;
    };
    if (look()) return;
    const observer = new MutationObserver(() => look() && observer.disconnect());
    observer.observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
  });
}

function median(values) {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
