//! The demo's page as an agent uses it: desks, softphones, panels.

import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';

import { assertCalm, openBrowser, openPage } from './browser.mjs';
import { Demo } from './demo.mjs';

/**
 * Gives a `describe` a demo, under another policy if one is given, and a browser of its own. Every page opened by
 * `stage.open` is closed after each case, and fails it if it saw an error that
 * the case did not name in `stage.expected`.
 */
export function useStage(options) {
  const stage = { pages: [], expected: [] };
  before(async () => {
    stage.demo = await Demo.start(options);
    stage.browser = await openBrowser();
    stage.cast = await stage.demo.ask('/demo/cast.json');
  });
  afterEach(async () => {
    const pages = stage.pages.splice(0);
    const expected = stage.expected.splice(0);
    for (const page of pages) await page.context().close();
    for (const page of pages) assertCalm(page, ...expected);
  });
  after(async () => {
    await stage.browser?.close();
    await stage.demo?.close();
  });
  stage.open = async (options) => {
    const page = await openPage(stage.browser, options);
    stage.pages.push(page);
    await page.goto(stage.demo.demoUrl);
    const desks = stage.cast.agents.slice(0, 2).map((agent) => new Desk(stage, page, agent));
    await page.locator('html[data-ready="true"]').waitFor();
    for (const desk of desks) await desk.ready();
    return desks;
  };
  /** Who calls without anything special: known, and with a score, a promise and room to give. */
  stage.regular = () => stage.cast.callers[0];
  /** A caller by what the note or the name says. */
  stage.caller = (pattern) => {
    const found = stage.cast.callers.find(({ name, note }) => pattern.test(`${name} ${note}`));
    assert.ok(found, `the cast has nobody like ${pattern}`);
    return found;
  };
  return stage;
}

/** Who calls without a number. */
export const WITHHELD = { phone: '' };

/** One agent's desk on a page. */
export class Desk {
  constructor(stage, page, agent) {
    Object.assign(this, { stage, page, agent });
    this.root = page.locator(`[data-desk="${agent.id}"]`);
    this.panel = this.root.locator('makegood-panel');
    this.frame = this.panel.frameLocator('iframe');
    this.body = this.frame.locator('body');
  }

  /** Waits until the panel can be used. */
  async ready() {
    await this.panel.evaluate((panel) => panel.ready);
  }

  /** A named part of the panel. */
  part(name) {
    return this.frame.locator(`[data-part="${name}"]`);
  }

  /** A button of the panel. */
  act(name) {
    return this.frame.locator(`[data-act="${name}"]:visible`).first();
  }

  /** A button of the softphone. */
  phone(name) {
    return this.root.locator(`[data-call="${name}"]`);
  }

  /** Makes a caller ring here, and answers. Returns the call's id. */
  async take(caller) {
    await this.ring(caller);
    await this.phone('answer').click();
    return this.callId();
  }

  /** Makes a caller ring here. Returns the call's id. */
  async ring(caller) {
    await this.root.locator(`[data-phone="${caller.phone}"]`).click();
    return this.callId();
  }

  /** Ends the call and the wrap-up. */
  async finish() {
    await this.phone('hangup').click();
    await this.phone('done').click();
    await this.phone('done').waitFor({ state: 'detached' });
  }

  /** The id of the call at this desk. */
  callId() {
    return this.panel.evaluate((panel) => panel.interactionId);
  }

  /** The panel as the sidecar has it now. */
  async state() {
    const { id, ani } = await this.panel.evaluate((panel) => panel.interaction);
    return this.stage.demo.panel(this.agent, id, ani);
  }

  /** Calls the API as this agent on this call. */
  async call(method, request) {
    return this.stage.demo.call(this.agent, await this.callId(), method, request);
  }

  /** The headroom that the panel shows, in minor units. */
  async shownHeadroom() {
    return minorOf(await this.part('headroom').innerText());
  }

  /** Waits until the panel shows this headroom. */
  async untilHeadroom(minor) {
    await until(async () => (await this.shownHeadroom()) === minor, async () => `the panel shows ${await this.shownHeadroom()} and not ${minor}`);
  }

  /** Waits until the sidecar and then the panel agree on a fact. */
  async untilState(test, what) {
    await until(async () => test(await this.state()), () => `the sidecar does not have: ${what}`);
  }
}

/** The first amount in a text, in cents: "$1,640.50" is 164050. */
export function minorOf(text) {
  const [, whole, cents = '00'] = /\$\s?([\d,]+)(?:\.(\d{2}))?/.exec(text) ?? [];
  return whole === undefined ? null : Number(whole.replaceAll(',', '')) * 100 + Number(cents);
}

/** Asks again until something holds; fails with what it was at the end. */
export async function until(test, complaint, milliseconds = 15_000) {
  const end = Date.now() + milliseconds;
  while (!(await test())) {
    if (Date.now() > end) assert.fail(await complaint());
    await new Promise((again) => setTimeout(again, 50));
  }
}
