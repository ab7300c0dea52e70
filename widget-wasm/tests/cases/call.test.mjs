//! A live call from its ring to a gesture in the ledger, on one desk and seen
//! from a second. Every figure is compared with what the sidecar returns.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { minorOf, useStage } from '../support/desktop.mjs';

describe('a live call', () => {
  const stage = useStage();

  it('paints who, how they felt, what we owe and the headroom while it still rings', async () => {
    const [desk] = await stage.open();
    await desk.ring(stage.regular());
    await desk.part('headroom').waitFor();
    const { context, headroom, matchStatus } = await desk.state();
    assert.equal(matchStatus, 'MATCH_STATUS_EXACT');
    const identity = await desk.part('identity').innerText();
    assert.ok(identity.includes(context.customer.displayName), identity);
    assert.ok(identity.includes(context.customer.tier), identity);
    const [score] = context.recentScores;
    const shown = await desk.part('score').innerText();
    assert.ok(shown.includes(`${score.value} of ${score.maxValue}`), shown);
    assert.ok(shown.includes(`was ${score.previousValue}`), shown);
    assert.ok((await desk.part('owed').innerText()).includes(context.owed.text));
    assert.equal(await desk.shownHeadroom(), headroom.availableMinor);
    const meter = desk.part('meter');
    assert.equal(await meter.count(), 1);
    for (const name of ['identity', 'score', 'owed', 'headroom', 'meter']) {
      const bottom = await desk.part(name).evaluate((node) => node.getBoundingClientRect().bottom);
      assert.ok(bottom <= 420, `${name} ends at ${bottom}`);
    }
  });

  it('holds, gives and takes back, and the ledger has each step', async () => {
    const [desk] = await stage.open();
    await desk.take(stage.regular());
    await desk.act('card-1').waitFor();
    const before = await desk.state();
    const [card] = before.policy.gestures;
    const room = before.headroom.availableMinor;
    await desk.untilHeadroom(room);

    await desk.act('card-1').click();
    await desk.part('tray').getByText('Held for').waitFor();
    await desk.untilHeadroom(room - card.amount.amountMinor);
    const held = (await desk.state()).spends[0];
    assert.equal(held.state, 'SPEND_STATE_RESERVED');
    assert.equal(held.heldMinor, card.amount.amountMinor);

    await desk.act('give').click();
    await desk.frame.getByText(/Given\. Undo for/).first().waitFor();
    const given = (await desk.state()).spends[0];
    assert.equal(given.state, 'SPEND_STATE_COMMITTED');
    await desk.frame.getByText(given.reference).first().waitFor();

    await desk.act('undo').click();
    await desk.frame.getByText('Taken back.').first().waitFor();
    await desk.untilHeadroom(room);
    assert.equal((await desk.state()).spends[0].state, 'SPEND_STATE_REVERSED');

    const { rows } = await stage.demo.ask('/demo/ledger.json');
    const ours = rows.slice(-3);
    assert.deepEqual(ours.map(({ after_minor: after }) => after), [room - card.amount.amountMinor, room - card.amount.amountMinor, room]);
    const last = rows.at(-1);
    await desk.page.locator(`tr[data-position="${last.position}"]`).waitFor();
    const line = await desk.page.locator(`tr[data-position="${last.position}"]`).innerText();
    assert.ok(line.includes(desk.agent.name), line);
    assert.ok(line.includes(last.leaf_hash.slice(0, 12)), line);
  });

  it('keeps the customer in sight when something is held', async () => {
    const [desk] = await stage.open();
    await desk.take(stage.regular());
    await desk.act('card-1').click();
    await desk.part('tray').getByText('Held for').waitFor();
    await desk.untilHeadroom((await desk.state()).headroom.availableMinor);
    for (const name of ['identity', 'headroom', 'tray']) {
      const { top, bottom, height } = await desk.part(name).evaluate((node) => {
        const { top: from, bottom: to } = node.getBoundingClientRect();
        return { top: from, bottom: to, height: innerHeight };
      });
      assert.ok(top >= 0 && bottom <= height, `${name} is at ${top} to ${bottom} of ${height}`);
    }
  });

  it('releases a hold without spending', async () => {
    const [desk] = await stage.open();
    await desk.take(stage.regular());
    await desk.act('card-1').click();
    await desk.act('release').click();
    await desk.frame.getByText('Released. Nothing was spent.').first().waitFor();
    assert.equal((await desk.state()).spends[0].state, 'SPEND_STATE_VOIDED');
    await desk.untilHeadroom((await desk.state()).headroom.availableMinor);
  });

  it('says what an amount would leave before it is held, and what is too much', async () => {
    const [desk] = await stage.open();
    await desk.take(stage.regular());
    await desk.act('something-else').click();
    const { headroom } = await desk.state();
    const amount = desk.part('composer').getByRole('textbox', { name: 'Amount' });
    await amount.fill('20');
    const left = desk.part('composer').getByText(/Leaves you/);
    await left.waitFor();
    assert.equal(minorOf(await left.innerText()), headroom.availableMinor - 2000);
    await amount.fill(String(headroom.availableMinor / 100 + 10));
    const over = desk.part('composer').getByText(/more than today’s room/);
    await over.waitFor();
    assert.equal(minorOf(await over.innerText()), 1000);
  });

  it('logs what cost nothing as easily', async () => {
    const [desk] = await stage.open();
    await desk.take(stage.regular());
    await desk.act('log-listened').click();
    await desk.part('did').getByText('Just listened').first().waitFor();
    await desk.untilState(({ actions }) => actions.some(({ kind }) => kind === 'ACTION_KIND_LISTENED'), 'an action of listening');
  });

  it('shows a colleague’s desk every change at once', async () => {
    const [dana, sam] = await stage.open();
    await dana.take(stage.regular());
    await dana.act('card-1').waitFor();
    await dana.phone('bring').click();
    await sam.part('identity').waitFor();
    assert.equal(await sam.callId(), await dana.callId());
    await dana.act('card-1').click();
    await dana.act('give').click();
    await dana.untilState(({ spends }) => spends[0]?.reference, 'a gesture given');
    await sam.part('did').getByText(`by ${dana.agent.name}`).first().waitFor();
    await dana.act('log-explained').click();
    await sam.part('did').getByText('Explained').first().waitFor();
  });

  it('does not let a call be finished while something is held', async () => {
    const [desk] = await stage.open();
    await desk.take(stage.regular());
    await desk.act('card-1').click();
    await desk.part('tray').getByText('Held for').waitFor();
    await desk.phone('hangup').click();
    await desk.phone('done').click();
    await desk.root.locator('.phone-note').getByText(/held/).waitFor();
    await desk.act('give').click();
    await desk.frame.getByText(/Given\./).first().waitFor();
    await desk.phone('done').click();
    await desk.phone('done').waitFor({ state: 'detached' });
    await desk.part('identity').waitFor({ state: 'hidden' });
  });
});
