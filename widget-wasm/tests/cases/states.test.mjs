//! Who is on the line, and who is not: unknown, withheld, shared, wrong,
//! signed out; and that nobody's data outlives their call.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { TALL, assertUsable } from '../support/access.mjs';
import { WITHHELD, useStage } from '../support/desktop.mjs';

const RPC = /\/makegood\.v1\.\w+\//;

describe('who is calling', () => {
  const stage = useStage();

  async function giveIsOff(desk) {
    for (const act of ['card-1', 'something-else', 'hold', 'give']) {
      const button = desk.act(act);
      if (await button.count()) assert.equal(await button.isDisabled(), true, `${act} can be pressed`);
    }
  }

  it('goes on without a customer when nobody has the number', async () => {
    const [desk] = await stage.open();
    await desk.take(stage.caller(/unknown/i));
    await desk.frame.getByText('No one with this number yet').first().waitFor();
    await giveIsOff(desk);
    await desk.act('continue-without').click();
    await desk.act('log-listened').click();
    await desk.part('did').getByText('Just listened').first().waitFor();
    await desk.untilState(({ actions }) => actions.length === 1, 'the action');
  });

  it('asks when the number is withheld, and shows no number', async () => {
    const [desk] = await stage.open();
    await desk.take(WITHHELD);
    await desk.frame.getByText('The caller withholds their number').first().waitFor();
    assert.equal((await desk.state()).matchStatus, 'MATCH_STATUS_ANONYMOUS');
    await giveIsOff(desk);
  });

  it('lets the agent pick when two share a number, and gives nothing before', async () => {
    const [desk] = await stage.open();
    await desk.take(stage.caller(/shared|two customers/i));
    await desk.untilState(({ candidates }) => candidates.length >= 2, 'several candidates');
    const { candidates } = await desk.state();
    await desk.part('picker').getByText(candidates[0].displayName).waitFor();
    const shown = await desk.part('picker').innerText();
    for (const { displayName } of candidates) assert.ok(shown.includes(displayName), shown);
    await giveIsOff(desk);
    await desk.part('picker').getByText(candidates[1].displayName).click();
    await desk.part('identity').getByText(candidates[1].displayName).waitFor();
    await desk.untilState(({ matchStatus }) => matchStatus === 'MATCH_STATUS_CONFIRMED', 'the agent’s pick');
    await desk.untilHeadroom((await desk.state()).headroom.availableMinor);
  });

  it('clears a wrong customer at once and lets go of what was held', async () => {
    const [desk] = await stage.open();
    await desk.take(stage.regular());
    await desk.act('card-1').click();
    await desk.part('tray').getByText('Held for').waitFor();
    const { context, spends, headroom } = await desk.state();
    let release;
    const held = new Promise((resolve) => {
      release = resolve;
    });
    await desk.page.route(/RejectCustomer/, async (route) => {
      await held;
      await route.continue();
    });
    await desk.act('not-them').click();
    await desk.part('headroom').waitFor({ state: 'hidden' });
    assertGone(await desk.body.innerText(), context);
    release();
    await desk.untilState((panel) => panel.context === undefined || panel.context === null, 'no customer');
    const spend = (await desk.call('BudgetService/GetSpend', { spendId: spends[0].spendId })).spend;
    assert.equal(spend.state, 'SPEND_STATE_VOIDED');
    await desk.finish();
    await desk.take(stage.regular());
    await desk.untilHeadroom(headroom.availableMinor + headroom.heldMinor);
  });

  it('shows nothing of a customer to someone who is not signed in', async () => {
    const [desk] = await stage.open({ viewport: TALL });
    stage.expected.push(/401/);
    await desk.page.route('**/demo/token', (route) => route.fulfill({ status: 401, json: { error: 'signed out' } }));
    await desk.take(stage.regular());
    await desk.frame.getByText(/Sign in again/).first().waitFor();
    await desk.part('headroom').waitFor({ state: 'hidden' });
    await assertUsable(desk, 'signed-out');
  });

  it('takes a customer off the screen when the sign-in ends in mid-call', async () => {
    const [desk] = await stage.open();
    stage.expected.push(/401/);
    await desk.take(stage.regular());
    await desk.act('card-1').waitFor();
    const { context } = await desk.state();
    await desk.page.route('**/demo/token', (route) => route.fulfill({ status: 401, json: { error: 'signed out' } }));
    await desk.page.route(RPC, (route) => route.fulfill({
      status: 200,
      headers: { 'content-type': 'application/grpc-web+proto', 'grpc-status': '16', 'grpc-message': 'token has expired' },
      body: '',
    }));
    await desk.act('card-1').click();
    await desk.frame.getByText(/Sign in again to see/).first().waitFor();
    const shown = await desk.body.innerText();
    assert.ok(!shown.includes(context.owed.text), shown);
    assert.ok(!shown.includes(context.customer.displayName), shown);
  });

  it('never shows the former customer on the next call', async () => {
    const [desk] = await stage.open();
    await desk.take(stage.regular());
    await desk.part('headroom').waitFor();
    const { context } = await desk.state();
    let release;
    const held = new Promise((resolve) => {
      release = resolve;
    });
    await desk.page.route(RPC, async (route) => {
      await held;
      await route.continue();
    });
    await desk.panel.evaluate((panel, ani) => panel.pop({ id: `next-${crypto.randomUUID()}`, ani }), stage.cast.callers[1].phone);
    await desk.frame.getByText(/Looking up/).first().waitFor();
    assertGone(await desk.frame.locator('html').innerText(), context);
    release();
    await desk.part('identity').waitFor();
    const next = await desk.state();
    assert.notEqual(next.context.customer.customerId, context.customer.customerId);
    assert.ok((await desk.part('identity').innerText()).includes(next.context.customer.displayName));
    assertGone(await desk.body.innerText(), context);
  });

  it('shows words with markup as words', async () => {
    const [desk] = await stage.open();
    const interactionId = await desk.take(stage.regular());
    await desk.part('headroom').waitFor();
    const { context: { customer: { customerId } } } = await desk.state();
    const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}&amp;';
    const tomorrow = { seconds: Math.floor(Date.now() / 1000) + 3600 };
    await desk.call('AdvocacyService/LogAction', { actionId: crypto.randomUUID(), interactionId, customerId, kind: 'ACTION_KIND_OTHER', note: evil });
    await desk.call('CustomerService/SavePreference', { preferenceId: crypto.randomUUID(), customerId, kind: 'PREFERENCE_KIND_OTHER', text: evil, interactionId });
    await desk.call('AdvocacyService/MakePromise', { promiseId: crypto.randomUUID(), customerId, interactionId, text: evil, dueTime: tomorrow });
    await desk.part('did').getByText('onerror=alert(1)').first().waitFor();
    await desk.part('remember').getByText('onerror=alert(1)').first().waitFor();
    assert.equal(await desk.frame.locator('img, script:not([src])').count(), 0);
  });
});

function assertGone(text, { customer, owed, recentScores }) {
  const traces = [customer.displayName, customer.phone, owed?.text, recentScores[0]?.words];
  for (const trace of traces) {
    if (trace) assert.ok(!text.includes(trace), `“${trace}” is still shown in: ${text}`);
  }
}
