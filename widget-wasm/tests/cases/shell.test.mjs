//! The shell element alone, in a host's page with the strictest content policy.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';

import { assertCalm, openBrowser, openPage } from '../support/browser.mjs';
import { serveHost } from '../support/host.mjs';
import { SHELL } from '../support/paths.mjs';

const BODIES = {
  '/one': '<makegood-panel interaction-id="c-1"><p slot="fallback">No panel yet</p></makegood-panel>',
  '/two': '<makegood-panel id="a" interaction-id="c-1"></makegood-panel><makegood-panel id="b" interaction-id="c-2"></makegood-panel>',
  '/silent': '<makegood-panel src="{frame}/silent/"></makegood-panel>',
  '/odd': '<makegood-panel theme="no such" density="" mode="inline" src="javascript:alert(1)" interaction-id=""></makegood-panel>',
  '/bare': '<p>Nothing here yet</p>',
};

it('shell element stays under 8 KB', () => {
  const size = gzipSync(readFileSync(SHELL), { level: 9 }).length;
  assert.ok(size <= 8_000, `${size} bytes`);
});

describe('shell element', () => {
  let browser;
  let host;
  let page;

  before(async () => {
    host = await serveHost(BODIES);
    browser = await openBrowser();
  });
  afterEach(async () => {
    assertCalm(page);
    await page.context().close();
  });
  after(async () => {
    await browser.close();
    host.close();
  });

  async function open(path, options) {
    page = await openPage(browser, options);
    await page.goto(host.url(path));
    await page.evaluate(() => customElements.whenDefined('makegood-panel'));
  }
  const ready = (selector = 'makegood-panel') => page.evaluate((css) => document.querySelector(css).ready, selector);
  const frames = () => page.frames().filter((frame) => frame.url().includes('/frame.html'));
  const heard = (frame, type) => frame.evaluate((wanted) => heard.filter((message) => message.type === wanted), type);
  const say = (frame, message) => frame.evaluate((sent) => port.postMessage(sent), message);

  it('works from one script tag, beside its script, in a sandboxed frame of another origin', async () => {
    await open('/one');
    await ready();
    const [frame] = frames();
    assert.equal(new URL(frame.url()).origin, host.frameOrigin);
    assert.equal(new URL(frame.url()).searchParams.get('host'), new URL(page.url()).origin);
    const iframe = page.locator('makegood-panel iframe');
    assert.equal(await iframe.getAttribute('sandbox'), 'allow-scripts allow-same-origin');
    assert.equal(await iframe.getAttribute('allow'), 'local-network-access');
    const [call] = await heard(frame, 'interaction');
    assert.deepEqual(call, { type: 'interaction', id: 'c-1', state: 'connected', channel: 'phone' });
  });

  it('shows the fallback until the frame answers, and hides it then', async () => {
    await open('/one');
    await ready();
    await page.getByText('No panel yet').waitFor({ state: 'hidden' });
  });

  it('says visibly that a frame does not answer, and tries again', async () => {
    page = await openPage(browser);
    await page.clock.install();
    await page.goto(host.url('/silent'));
    await page.waitForFunction(() => document.querySelector('makegood-panel').shadowRoot?.querySelector('iframe'));
    const codes = page.evaluate(() => new Promise((done) => {
      document.addEventListener('makegooderror', ({ detail }) => done(detail));
    }));
    await page.clock.fastForward(5000);
    assert.deepEqual(await codes, { code: 'handshake_timeout', retryable: true });
    await page.getByText('does not answer').waitFor();
    assert.equal(await page.evaluate(() => document.querySelector('makegood-panel').matches(':state(blocked)')), true);
    const anew = page.waitForEvent('framenavigated', (frame) => frame.url().includes('/frame.html'));
    await page.getByRole('button', { name: 'Try again' }).click();
    const frame = await anew;
    await frame.waitForFunction(() => globalThis.hello);
    await frame.evaluate(() => hello());
    await ready();
    await page.getByText('does not answer').waitFor({ state: 'hidden' });
  });

  it('greets nobody but its own frame', async () => {
    await open('/one');
    await ready();
    const answered = await page.evaluate(() => new Promise((done) => {
      addEventListener('message', ({ data }) => data.type === 'welcome' && done(true));
      postMessage({ makegood: 1, type: 'hello', nonce: 'forged' }, location.origin);
      const channel = new MessageChannel();
      channel.port1.onmessage = () => done(false);
      channel.port2.postMessage('later');
    }));
    assert.equal(answered, false);
  });

  it('passes tokens on, and never why one was refused', async () => {
    await open('/one');
    await ready();
    const [frame] = frames();
    await say(frame, { type: 'token', rid: 1, interaction_id: 'c-1' });
    await page.evaluate(() => {
      document.querySelector('makegood-panel').auth = async ({ interactionId }) => {
        if (interactionId !== 'c-1') throw new Error('Maria is nobody of yours');
        return `for ${interactionId}`;
      };
    });
    await say(frame, { type: 'token', rid: 2, interaction_id: 'c-1' });
    await say(frame, { type: 'token', rid: 3, interaction_id: 'c-9' });
    await frame.waitForFunction(() => heard.filter(({ type }) => type === 'token').length === 3);
    assert.deepEqual(await heard(frame, 'token'), [
      { type: 'token', rid: 1, error: 'no_auth' },
      { type: 'token', rid: 2, token: 'for c-1' },
      { type: 'token', rid: 3, error: 'auth_failed' },
    ]);
  });

  it('tells the frame each step of a call, and only known fields', async () => {
    await open('/bare');
    await page.evaluate(() => {
      const panel = document.createElement('makegood-panel');
      document.body.append(panel);
      panel.pop({ id: 'c-7', ani: '+1 555 0100', agent: 'never sent', amount: 5 });
      panel.pop({ id: 'c-7', state: 'connected' });
      return panel.ready.then(() => panel.pop({ id: 'c-7', state: 'on_hold' })).then(() => panel.pop(null));
    });
    const [frame] = frames();
    await frame.waitForFunction(() => heard.filter(({ type }) => type === 'interaction').length === 3);
    const told = { type: 'interaction', id: 'c-7', channel: 'phone', ani: '+1 555 0100' };
    assert.deepEqual(await heard(frame, 'interaction'), [
      { ...told, state: 'connected' }, { ...told, state: 'on_hold' }, { type: 'interaction', id: null },
    ]);
  });

  it('forwards the look by value and refuses what could fetch or break out', async () => {
    await open('/one');
    await ready();
    const [frame] = frames();
    await page.evaluate(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`:root { --brand: rgb(1, 2, 3); } makegood-panel {
        --makegood-accent: var(--brand); --makegood-radius: 4px; --makegood-font: "Brand Sans", serif;
        --makegood-text: url(https://elsewhere.example/x); --makegood-border: 3px; --makegood-gap: calc(1px; }`);
      document.adoptedStyleSheets = [sheet];
      document.querySelector('makegood-panel').theme = 'dark';
    });
    await frame.waitForFunction(() => heard.some(({ type, theme }) => type === 'theme' && theme === 'dark'));
    const { vars } = (await heard(frame, 'theme')).at(-1);
    assert.deepEqual(vars, {
      '--makegood-accent': 'rgb(1, 2, 3)', '--makegood-radius': '4px', '--makegood-font': '"Brand Sans", serif',
    });
  });

  it('reports what the frame says as typed events that leave shadow roots', async () => {
    await open('/one');
    await ready();
    const [frame] = frames();
    const event = page.evaluate(() => new Promise((done) => {
      document.addEventListener('makegoodcommit', (commit) => done({
        kind: commit.constructor.name, detail: commit.detail, frozen: Object.isFrozen(commit.detail), composed: commit.composed,
      }));
    }));
    await say(frame, { type: 'unheard-of' });
    await say(frame, { type: 'commit', ref: 'MG-1', amount_minor: 4500, currency: 'USD', reason_code: 'delay' });
    assert.deepEqual(await event, {
      kind: 'MakegoodCommitEvent',
      detail: { ref: 'MG-1', minorUnits: 4500, currency: 'USD', reasonCode: 'delay' },
      frozen: true,
      composed: true,
    });
  });

  it('asks before a wrap-up, and never stands in the way of one for long', async () => {
    await open('/one');
    await ready();
    const [frame] = frames();
    await frame.evaluate(() => {
      const before = port.onmessage;
      port.onmessage = (event) => {
        before(event);
        if (event.data.type === 'wrapupgate') port.postMessage({ type: 'wrapupgate', rid: event.data.rid, allow: false, reason: '$45 is still held' });
      };
    });
    const ask = () => page.evaluate(() => document.querySelector('makegood-panel').requestWrapUp());
    assert.deepEqual(await ask(), { allow: false, reason: '$45 is still held' });
    await frame.evaluate(() => {
      port.onmessage = null;
    });
    await page.clock.install();
    const unanswered = ask();
    await page.clock.runFor(2000);
    assert.deepEqual(await unanswered, { allow: true, reason: '' });
  });

  it('keeps several panels apart', async () => {
    await open('/two');
    await ready('#a');
    await ready('#b');
    const calls = await Promise.all(frames().map(async (frame) => (await heard(frame, 'interaction')).map(({ id }) => id)));
    assert.deepEqual(calls.toSorted(), [['c-1'], ['c-2']]);
  });

  it('leaves nothing behind when it is taken out, and works when it comes back', async () => {
    await open('/one');
    await ready();
    const devtools = await page.context().newCDPSession(page);
    const listeners = async () => {
      const { result } = await devtools.send('Runtime.evaluate', { expression: 'window' });
      return (await devtools.send('DOMDebugger.getEventListeners', { objectId: result.objectId })).listeners.length;
    };
    const before = await listeners();
    await page.evaluate(async () => {
      const panel = document.querySelector('makegood-panel');
      for (let round = 0; round < 20; round += 1) {
        panel.remove();
        document.body.append(panel);
      }
      await panel.ready;
    });
    assert.equal(await listeners(), before);
    assert.equal(await page.locator('makegood-panel iframe').count(), 1);
    await page.evaluate(() => document.querySelector('makegood-panel').remove());
    assert.equal(await listeners(), before - 1);
    assert.equal(frames().length, 0);
  });

  it('takes properties that were set before its script came', async () => {
    page = await openPage(browser);
    await page.addInitScript(() => {
      addEventListener('DOMContentLoaded', () => {
        const panel = document.createElement('makegood-panel');
        panel.interaction = { id: 'early', ani: '1' };
        document.body.append(panel);
      }, { capture: true, once: true });
    });
    await page.goto(host.url('/bare'));
    await ready();
    const [frame] = frames();
    assert.equal((await heard(frame, 'interaction')).at(-1).id, 'early');
  });

  it('never throws when it is declared with nonsense', async () => {
    await open('/odd');
    await page.getByText('not a web address').waitFor();
    const seen = await page.evaluate(() => {
      const { theme, density, mode, interactionId, state } = document.querySelector('makegood-panel');
      return { theme, density, mode, interactionId, state };
    });
    assert.deepEqual(seen, { theme: 'auto', density: 'comfortable', mode: 'frame', interactionId: '', state: 'blocked' });
  });

  it('can be defined by another name without a second definition of the first', async () => {
    await open('/bare');
    const seen = await page.evaluate(async (script) => {
      const { MakegoodPanelElement } = await import(script);
      MakegoodPanelElement.define();
      MakegoodPanelElement.define('vendor-panel');
      const panel = document.createElement('vendor-panel');
      document.body.append(panel);
      await panel.ready;
      return { version: MakegoodPanelElement.version, ours: panel instanceof MakegoodPanelElement };
    }, `${host.frameOrigin}/embed/makegood-panel.js`);
    assert.deepEqual(seen, { version: '0.1.0', ours: true });
  });
});
