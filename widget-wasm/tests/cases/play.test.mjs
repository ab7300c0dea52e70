//! The demo: its calls that play themselves, and what an auditor does with the ledger of them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { assertCleanFrame } from '../support/access.mjs';
import { keepPicture } from '../support/browser.mjs';
import { useStage } from '../support/desktop.mjs';

const PLAY_MS = 110_000;

/** Presses a play's button and waits for its end; what the ledger has of it then. */
async function play(stage, page, name) {
  const before = (await stage.demo.ask('/demo/ledger.json')).rows.at(-1)?.position ?? -1;
  const started = Date.now();
  await page.getByRole('button', { name, exact: true }).click();
  await page.locator('#caption[data-live="true"]').waitFor();
  const end = async () => {
    await page.locator('#caption[data-live="false"]').waitFor({ timeout: PLAY_MS });
    const seconds = (Date.now() - started) / 1000;
    assert.ok(seconds < 100, `it took ${seconds} s`);
    const text = await page.locator('#caption-text').innerText();
    assert.ok(!/stopped|could not/.test(text), text);
    const { rows } = await stage.demo.ask('/demo/ledger.json');
    return rows.filter(({ position }) => position > before);
  };
  return { end };
}

/** Presses the button of a step of the auditor's, and returns its place once it is done. */
async function step(page, id) {
  const root = page.locator(`#${id}`);
  await root.getByRole('button').click();
  await page.locator(`#${id}[data-state="done"]`).waitFor();
  return root.locator('.step-show');
}

describe('the demo', () => {
  const stage = useStage();

  it('plays a call by itself, with money that the ledger has', async () => {
    const [desk, other] = await stage.open();
    const played = await play(stage, desk.page, 'Play a call');
    await other.part('identity').waitFor({ timeout: PLAY_MS });
    const rows = await played.end();
    assert.ok(rows.length > 0, 'nothing was given');
    for (const { amount_minor: amount, before_minor: from, after_minor: to } of rows) {
      assert.ok(from === null || from === undefined || Math.abs(from - to) <= amount, `${from} to ${to} by ${amount}`);
    }
    await desk.page.locator(`tr[data-position="${rows.at(-1).position}"]`).first().waitFor();
  });

  it('plays a call over the limit: asked, allowed in part by the other desk, given', async () => {
    const [desk] = await stage.open();
    const played = await play(stage, desk.page, 'Play a call over the limit');
    const rows = await played.end();
    const kinds = rows.map(({ kind }) => kind);
    assert.deepEqual(kinds.filter((kind) => kind !== 'kept held'), ['held', 'asked for more', 'approved', 'given']);
    const of = (wanted) => rows.find(({ kind }) => kind === wanted);
    const [held, asked, approved, given] = ['held', 'asked for more', 'approved', 'given'].map(of);
    assert.ok(held.amount_minor < approved.amount_minor && approved.amount_minor < asked.amount_minor, 'part of it is allowed');
    assert.equal(given.amount_minor, approved.amount_minor);
    assert.notEqual(approved.who, given.who);
    assert.ok(rows.every(({ after_minor: after }) => !(after < 0)), 'what was granted brings its own room');
  });

  it('is asked and answered by hand, and an auditor finds, takes away and proves it', async () => {
    const [agent, lead] = await stage.open();
    const { page } = agent;
    // In two clicks there is a customer who needs more than is left.
    await agent.take(stage.cast.callers.find(({ story }) => story === 'over'));
    await agent.act('something-else').click();
    const { headroom } = await agent.state();
    // The message leaves out what is zero.
    const approved = (headroom.availableMinor ?? 0) + 6_000;
    await agent.part('composer').getByRole('textbox', { name: 'Amount' }).fill(String(approved / 100 + 60));
    await agent.part('composer').getByRole('button', { name: 'Damage' }).click();
    await agent.act('ask').click();
    const question = lead.part('consults');
    await question.getByRole('textbox', { name: 'Amount' }).fill(String(approved / 100));
    await lead.act('approve').click();
    await agent.part('tray').getByText(/ approved /).waitFor();
    await agent.act('give').click();
    await agent.frame.getByText(/Given\. Undo for/).first().waitFor();
    assert.equal((await agent.state()).spends[0].committedMinor, approved);

    const found = await step(page, 'findings');
    for (const title of ['Round amounts', 'Concentration on one customer', 'Void and reissue']) {
      await found.getByText(title).waitFor();
    }
    assert.ok(await found.locator('.badge').count() >= 3, 'the habits go on until today');
    await found.locator('summary').first().click();
    assert.ok(await found.locator('tbody tr').count() > 2);

    const pack = await step(page, 'pack');
    await pack.locator('.verdict[data-ok="true"]').waitFor();
    const opening = page.context().waitForEvent('page');
    await pack.getByRole('link', { name: 'Open the report' }).click();
    const report = await opening;
    await report.getByRole('heading', { level: 1 }).waitFor();
    assert.match(report.url(), /\/audit\/[0-9a-f]{32}\/report\.html$/);
    const address = new URL(report.url());
    await report.close();
    for (const path of ['/../../demo-token', '/%2e%2e/%2e%2e/demo-token', '/..%2f..%2fhouse/keys', '/none']) {
      const reply = await fetch(`${address.origin}${address.pathname.replace('/report.html', path)}`);
      assert.notEqual(reply.status, 200, path);
    }
    assert.equal((await fetch(`${stage.demo.frameOrigin}${address.pathname}`)).status, 404, 'the sidecar serves no pack');

    const receipt = await step(page, 'receipt');
    await receipt.locator('.verdict[data-ok="true"]').getByText('COMMITTED').waitFor();

    const tamper = await step(page, 'tamper');
    const { rows } = await stage.demo.ask('/demo/ledger.json');
    const newest = rows.findLast(({ kind }) => kind === 'given').position;
    await tamper.getByText(`Entry ${newest} says`).waitFor();
    await tamper.locator('.verdict[data-ok="true"]').getByText('verified: nothing is wrong').waitFor();
    const wrong = tamper.locator('.verdict[data-ok="false"]');
    await wrong.getByText(`NOT VERIFIED: the first bad position is ${newest}`).waitFor();
    assert.equal(rows.findLast(({ kind }) => kind === 'given').amount_minor, approved, 'it is the gift of this call');

    await page.getByRole('checkbox', { name: 'mend the checksum' }).check();
    await step(page, 'tamper');
    const [, mended] = /Entry (\d+) says/.exec(await tamper.innerText());
    await wrong.getByText(`NOT VERIFIED: the first bad position is ${mended}`).waitFor();
  });

  it('can be read by everybody, wide and narrow, light and dark', async () => {
    const [desk] = await stage.open({ viewport: { width: 1280, height: 900 } });
    const { page } = desk;
    for (const id of ['findings', 'pack', 'receipt', 'tamper']) await step(page, id);
    for (const [width, theme] of [[1280, 'light'], [1280, 'dark'], [390, 'dark'], [1600, 'light']]) {
      await page.setViewportSize({ width, height: 900 });
      await page.locator('#look').selectOption(theme);
      await assertCleanFrame(page.mainFrame(), `the demo ${width} ${theme}`);
      await keepPicture(page.locator('.audit'), `demo-audit-${width}-${theme}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `the page is ${wide} px wide at ${width} px`);
    }
  });
});
