//! The panel without a mouse, on a narrow column, in each look; and the pictures.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { TALL, assertCleanFrame, assertUsable, dress } from '../support/access.mjs';
import { keepPicture } from '../support/browser.mjs';
import { WITHHELD, useStage } from '../support/desktop.mjs';

describe('access', () => {
  const stage = useStage();

  // What a case of the table does to get to its state; each ends on something visible.
  const STATES = {
    idle: async (desk) => desk.frame.getByText('No call right now').first().waitFor(),
    live: async (desk) => {
      await desk.take(stage.regular());
      await desk.act('card-1').waitFor();
    },
    composer: async (desk) => {
      await STATES.live(desk);
      await desk.act('something-else').click();
      await desk.part('composer').waitFor();
    },
    held: async (desk) => {
      await STATES.live(desk);
      await desk.act('card-1').click();
      await desk.part('tray').getByText('Held for').waitFor();
    },
    given: async (desk) => {
      await STATES.held(desk);
      await desk.act('give').click();
      await desk.frame.getByText(/Given\. Undo/).first().waitFor();
    },
    picker: async (desk) => {
      await desk.take(stage.caller(/shared|two customers/i));
      await desk.part('picker').waitFor();
    },
    unknown: async (desk) => {
      await desk.take(stage.caller(/unknown/i));
      await desk.frame.getByText('No one with this number yet').first().waitFor();
    },
    withheld: async (desk) => {
      await desk.take(WITHHELD);
      await desk.frame.getByText('The caller withholds their number').first().waitFor();
    },
  };

  // First, while nothing has been given yet.
  it('keeps the pictures of the documents', async () => {
    const [desk] = await stage.open({ viewport: TALL });
    await STATES.live(desk);
    const pictures = [];
    for (const theme of ['light', 'dark']) {
      await dress(desk, 360, theme);
      pictures.push(await keepPicture(desk.panel, theme === 'light' ? 'panel' : 'panel-dark'));
    }
    const sheet = await desk.page.context().newPage();
    await sheet.setContent(`<body style="margin:0;padding:24px;display:flex;gap:24px;width:max-content;background:#dfe5e2">${
      pictures.map((bytes) => `<img style="border-radius:14px" src="data:image/png;base64,${bytes.toString('base64')}">`).join('')}</body>`);
    await keepPicture(sheet.locator('body'), 'panel-light-and-dark');
  });

  for (const [name, reach] of Object.entries(STATES)) {
    it(`is clean, reflows at 320 px and looks right in every look: ${name}`, async () => {
      const [desk] = await stage.open({ viewport: TALL });
      await reach(desk);
      await assertUsable(desk, name);
    });
  }

  it('holds and gives by keyboard alone', async () => {
    const [desk] = await stage.open();
    const { keyboard } = desk.page;
    await desk.take(stage.regular());
    await desk.act('card-1').waitFor();
    const room = (await desk.state()).headroom.availableMinor;
    await desk.panel.evaluate((panel) => panel.focusHeadroom());
    await keyboard.press('g');
    await desk.part('composer').waitFor();
    await keyboard.type('25');
    await desk.frame.getByText(/Leaves you/).first().waitFor();
    await keyboard.press('Escape');
    await desk.part('composer').waitFor({ state: 'hidden' });
    await desk.panel.evaluate((panel) => panel.focusHeadroom());
    await keyboard.press('1');
    await desk.part('tray').getByText('Held for').waitFor();
    await keyboard.press('Escape');
    assert.equal((await desk.state()).spends[0].state, 'SPEND_STATE_RESERVED');
    await keyboard.press('Control+Enter');
    await desk.frame.getByText(/Given\./).first().waitFor();
    const { spends, headroom } = await desk.state();
    assert.equal(spends[0].state, 'SPEND_STATE_COMMITTED');
    assert.equal(headroom.availableMinor, room - spends[0].committedMinor);
  });

  it('leaves the keys to the desktop when the panel has no focus', async () => {
    const [desk] = await stage.open();
    await desk.take(stage.regular());
    await desk.act('card-1').waitFor();
    await desk.page.locator('#look').focus();
    await desk.page.keyboard.press('1');
    await desk.page.keyboard.press('g');
    assert.equal(await desk.part('composer').isVisible(), false);
    assert.deepEqual((await desk.state()).spends, []);
  });

  it('says once, politely, who is calling', async () => {
    const [desk] = await stage.open();
    await desk.take(stage.regular());
    await desk.part('headroom').waitFor();
    const { context: { customer, recentScores } } = await desk.state();
    const live = desk.frame.locator('[aria-live="polite"], [role="status"]').filter({ hasText: customer.displayName });
    await live.first().waitFor({ state: 'attached' });
    assert.ok((await live.first().textContent()).includes(`last score ${recentScores[0].value}`));
  });

  it('is usable as a whole page: axe on the desktop, wide and narrow', async () => {
    for (const [name, viewport, colorScheme] of [
      ['desktop', { width: 1440, height: 900 }, 'light'],
      ['desktop-dark', { width: 1440, height: 900 }, 'dark'],
      ['desktop-narrow', { width: 390, height: 844 }, 'light'],
    ]) {
      const [desk] = await stage.open({ viewport, colorScheme });
      await STATES.held(desk);
      if (viewport.width > 1000) {
        await desk.phone('bring').click();
        await desk.page.locator('#ledger-rows tr').first().waitFor();
      }
      await assertCleanFrame(desk.page.mainFrame(), name);
      await keepPicture(desk.page, name);
      await desk.act('give').click();
      await desk.frame.getByText(/Given\./).first().waitFor();
    }
  });
});
