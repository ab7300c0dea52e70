//! The sidecar is killed in mid-call and comes back on the same folder.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { TALL, assertUsable } from '../support/access.mjs';
import { useStage } from '../support/desktop.mjs';

const CONNECTION_LOST = /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|ERR_SOCKET|Failed to fetch|50[0-9]/;

describe('an outage', () => {
  const stage = useStage();

  it('keeps the story with its time, moves no money, and sends the notes later', async () => {
    const [desk] = await stage.open({ viewport: TALL });
    stage.expected.push(CONNECTION_LOST);
    await desk.take(stage.regular());
    await desk.act('card-1').click();
    await desk.part('tray').getByText('Held for').waitFor();
    const before = await desk.state();
    const name = before.context.customer.displayName;
    await desk.untilHeadroom(before.headroom.availableMinor);

    await stage.demo.kill();
    await desk.frame.getByText(/Offline since \d{1,2}:\d{2}.*\d{1,2}:\d{2}/).first().waitFor();
    await desk.part('identity').getByText(name).waitFor();
    await desk.frame.getByText(/You could give at \d{1,2}:\d{2}/).first().waitFor();
    await desk.frame.getByText('not confirmed').first().waitFor();
    for (const act of ['give', 'card-1', 'something-else', 'hold']) {
      const button = desk.act(act);
      if (await button.count()) assert.equal(await button.isDisabled(), true, `${act} can be pressed`);
    }
    await desk.act('log-listened').click();
    await desk.frame.getByText('1 note waiting to send').first().waitFor();
    assert.equal(await desk.panel.evaluate((panel) => panel.state), 'offline');
    await assertUsable(desk, 'offline');

    await stage.demo.restart();
    await desk.frame.getByText(/Offline since/).first().waitFor({ state: 'hidden' });
    await desk.frame.getByText('waiting to send').first().waitFor({ state: 'hidden' });
    await desk.untilState(({ actions }) => actions.filter(({ kind }) => kind === 'ACTION_KIND_LISTENED').length === 1, 'the note, once');
    const after = await desk.state();
    assert.deepEqual(after.headroom.availableMinor, before.headroom.availableMinor);
    assert.deepEqual(after.spends.map(({ state }) => state), ['SPEND_STATE_RESERVED']);
    await desk.untilHeadroom(before.headroom.availableMinor);

    await desk.act('give').click();
    await desk.frame.getByText(/Given\./).first().waitFor();
    assert.equal((await desk.state()).spends[0].state, 'SPEND_STATE_COMMITTED');
  });
});
