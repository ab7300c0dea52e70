//! The same agent and the same call in a second tab.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { TALL, assertUsable } from '../support/access.mjs';
import { useStage } from '../support/desktop.mjs';

describe('a second tab', () => {
  const stage = useStage();

  it('mirrors the first read-only, follows it live, and can take over', async () => {
    const [first] = await stage.open({ viewport: TALL });
    await first.take(stage.regular());
    await first.act('card-1').waitFor();
    const [second] = await stage.open({ context: first.page.context() });
    assert.equal(await second.callId(), await first.callId());
    await second.frame.getByText('Makegood is active in another tab.').first().waitFor();
    await second.part('headroom').waitFor();
    for (const act of ['card-1', 'something-else', 'hold', 'give']) {
      const button = second.act(act);
      if (await button.count()) assert.equal(await button.isDisabled(), true, `${act} can be pressed in the mirror`);
    }

    await first.act('card-1').click();
    await first.part('tray').getByText('Held for').waitFor();
    const { headroom } = await first.state();
    await second.untilHeadroom(headroom.availableMinor);

    await assertUsable(second, 'mirror');

    await second.act('use-here').click();
    await first.frame.getByText('Makegood is active in another tab.').first().waitFor();
    await second.act('give').click();
    await second.frame.getByText(/Given\./).first().waitFor();
    assert.equal((await second.state()).spends[0].state, 'SPEND_STATE_COMMITTED');
    await first.untilHeadroom((await first.state()).headroom.availableMinor);
  });

  it('takes over by itself when the first tab closes', async () => {
    const [first] = await stage.open();
    await first.take(stage.regular());
    await first.act('card-1').waitFor();
    const [second] = await stage.open({ context: first.page.context() });
    await second.frame.getByText('Makegood is active in another tab.').first().waitFor();
    await first.page.close();
    await second.act('card-1').waitFor();
    await second.act('log-listened').click();
    await second.part('did').getByText('Just listened').first().waitFor();
  });
});
