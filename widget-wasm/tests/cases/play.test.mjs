//! The call that plays itself.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { useStage } from '../support/desktop.mjs';

const PLAY_MS = 110_000;

describe('the demo', () => {
  const stage = useStage();

  it('plays a call by itself, with money that the ledger has', async () => {
    const [desk, other] = await stage.open();
    const before = (await stage.demo.ask('/demo/ledger.json')).rows.length;
    const started = Date.now();
    await desk.page.getByRole('button', { name: 'Play a call' }).click();
    await other.part('identity').waitFor({ timeout: PLAY_MS });
    await desk.page.locator('#caption[data-live="false"]').waitFor({ timeout: PLAY_MS });
    const seconds = (Date.now() - started) / 1000;
    assert.ok(seconds < 100, `it took ${seconds} s`);
    const text = await desk.page.locator('#caption-text').innerText();
    assert.ok(!/stopped|could not/.test(text), text);
    const { rows } = await stage.demo.ask('/demo/ledger.json');
    assert.ok(rows.length > before, 'nothing was given');
    for (const { amount_minor: amount, before_minor: from, after_minor: to } of rows.slice(before)) {
      assert.ok(from === null || from === undefined || Math.abs(from - to) <= amount, `${from} to ${to} by ${amount}`);
    }
    await desk.page.locator(`tr[data-position="${rows.at(-1).position}"]`).waitFor();
  });
});
