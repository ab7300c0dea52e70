//! Asking a second person for more than there is room for: who asks and who answers, each at their
//! own desk, as they see it and as the ledger has it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { TALL, assertUsable } from '../support/access.mjs';
import { keepPicture } from '../support/browser.mjs';
import { minorOf, useStage } from '../support/desktop.mjs';
import { ROOT } from '../support/paths.mjs';

// By how much more is asked for than there is room for, in cents.
const OVER = 22_000;

// Types an amount above the room; returns what can be given and what is wished, in cents.
async function compose(desk, caller) {
  await desk.take(caller);
  await desk.act('something-else').click();
  const { headroom } = await desk.state();
  const left = headroom.availableMinor ?? 0;
  await desk.part('composer').getByRole('textbox', { name: 'Amount' }).fill(String((left + OVER) / 100));
  await desk.part('composer').getByRole('button', { name: 'Damage' }).click();
  await desk.act('ask').waitFor();
  return { left, wished: left + OVER };
}

async function ask(desk, caller) {
  const sums = await compose(desk, caller);
  await desk.act('ask').click();
  await desk.part('tray').getByText(/^Asking /).waitFor();
  return sums;
}

describe('a question to a second person', () => {
  const stage = useStage();

  it('is asked with a tap, answered with less, and what was approved is given', async () => {
    const [sam, dana] = await stage.open({ viewport: TALL });
    const { left, wished } = await compose(sam, stage.regular());
    const name = await sam.act('ask').innerText();
    assert.equal(name, `Ask ${dana.agent.name}`);
    await assertUsable(sam, 'consult-composer');
    await sam.act('ask').click();
    await sam.part('tray').getByText(new RegExp(`^Asking ${dana.agent.name} · 0:\\d\\d$`)).waitFor();
    assert.equal((await sam.state()).spends[0].heldMinor, left, 'what is left is held');
    await assertUsable(sam, 'consult-asking');

    // Nobody calls here: the question is there all the same.
    const card = dana.part('consults');
    await card.getByText(new RegExp(`^${sam.agent.name} asks for `)).waitFor();
    assert.equal(minorOf(await card.innerText()), wished);
    await card.getByText(/\$220 above /).waitFor();
    await assertUsable(dana, 'consult-card');

    await card.getByRole('textbox', { name: 'Amount' }).fill(String((wished + 100) / 100));
    await card.getByText(/^More than .*, at most /).waitFor();
    assert.equal(await dana.act('approve').isDisabled(), true, 'more than was asked can be approved');
    const approved = left + OVER / 2;
    await card.getByRole('textbox', { name: 'Amount' }).fill(String(approved / 100));
    await dana.act('approve').click();
    await card.getByText(/^You approved /).waitFor();

    await sam.part('tray').getByText(new RegExp(`^${dana.agent.name} approved `)).waitFor();
    await assertUsable(sam, 'consult-approved');
    assert.equal(minorOf(await sam.act('give').innerText()), approved);
    await sam.act('give').click();
    await sam.frame.getByText(/Given\. Undo for/).first().waitFor();
    const given = (await sam.state()).spends[0];
    assert.equal(given.committedMinor, approved);
    assert.deepEqual(given.approverNames, [dana.agent.name]);
    await card.waitFor({ state: 'detached' });
  });

  it('leaves what can be given a click away when it is declined', async () => {
    const [sam, dana] = await stage.open({ viewport: TALL });
    const { left } = await ask(sam, stage.cast.callers[1]);
    await dana.act('decline').click();
    await sam.part('tray').getByText(new RegExp(`^${dana.agent.name} declined\\. You can give `)).waitFor();
    await assertUsable(sam, 'consult-declined');
    await sam.act('ask-again').click();
    await sam.part('tray').getByText(/^Asking /).waitFor();
    await dana.act('decline').click();
    await sam.act('ask-again').waitFor();
    await sam.act('give').click();
    await sam.frame.getByText(/Given\. Undo for/).first().waitFor();
    assert.equal((await sam.state()).spends[0].committedMinor, left);
  });

  it('is taken back, and leaves the other desk', async () => {
    const [sam, dana] = await stage.open();
    const { left } = await ask(sam, stage.cast.callers[2]);
    await dana.act('approve').waitFor();
    await sam.act('withdraw').click();
    await sam.part('tray').getByText(/^You took the question back\./).waitFor();
    await dana.part('consults').getByText('This question is over.').waitFor();
    assert.equal((await sam.state()).spends[0].heldMinor, left, 'what is held stays held');
    await sam.act('release').click();
    await sam.frame.getByText('Released. Nothing was spent.').first().waitFor();
  });

  it('needs no mouse, and takes the focus from nobody', async () => {
    const [sam, dana] = await stage.open();
    await dana.take(stage.caller(/Ines/));
    await dana.act('something-else').click();
    const amount = dana.part('composer').getByRole('textbox', { name: 'Amount' });
    await amount.fill('12');
    await compose(sam, stage.regular());
    await sam.part('composer').getByRole('textbox', { name: 'Amount' }).press('Enter');
    await dana.act('approve').waitFor();
    await amount.press('End');
    await amount.pressSequentially('5');
    assert.equal(await amount.inputValue(), '125', 'the focus was taken away');
    await dana.part('consults').getByRole('textbox', { name: 'Amount' }).press('Enter');
    await sam.part('tray').getByText(/ approved /).waitFor();
    await keepPicture(dana.panel, 'consult-answered-on-a-call');
    await sam.act('give').press('Enter');
    await sam.frame.getByText(/Given\. Undo for/).first().waitFor();
  });
});

// The standard policy, with seconds to answer in and a few gestures a day.
const SHORT = readFileSync(join(ROOT, 'sidecar/ledger/policy/standard.toml'), 'utf8')
  .replace('answer = "60 s"', 'answer = "2 s"')
  .replace('[[reasons]]', `[[limits]]
id = "often"
label = "today"
counts = "times"
scope = ["agent", "customer"]
window = "rolling"
length = "24 h"
cap = 2

[[reasons]]`);

describe('limits of time and number', () => {
  const stage = useStage({ policy: SHORT });

  it('leaves what can be given when nobody answers in time', async () => {
    const [sam, dana] = await stage.open({ viewport: TALL });
    const { left } = await ask(sam, stage.regular());
    await dana.act('approve').waitFor();
    await sam.part('tray').getByText(/^Nobody answered\. You can give /).waitFor();
    await dana.part('consults').getByText('This question is over.').waitFor();
    await assertUsable(sam, 'consult-timed-out');
    await sam.act('give').click();
    await sam.frame.getByText(/Given\. Undo for/).first().waitFor();
    assert.equal((await sam.state()).spends[0].committedMinor, left);
  });

  it('says how many gestures there are where they are what runs out', async () => {
    const [sam] = await stage.open({ viewport: TALL });
    await sam.take(stage.caller(/Samuel/));
    for (const _ of [1, 2]) {
      await sam.act('card-1').click();
      await sam.act('give').click();
      await sam.frame.getByText(/Given\. Undo for/).first().waitFor();
      await sam.act('dismiss').click();
    }
    await sam.part('headroom').getByText('2 of 2 gestures today').waitFor();
    await assertUsable(sam, 'gestures-used');
  });

  it('shows everyone that giving is paused, and lets go of what is held', async () => {
    const [sam, dana] = await stage.open({ viewport: TALL });
    await sam.take(stage.caller(/Yuki/));
    await sam.act('card-1').click();
    await sam.part('tray').getByText('Held for').waitFor();
    await dana.take(stage.caller(/Ines/));
    await dana.act('card-1').waitFor();
    await stage.demo.callAs(dana.agent, 'admin', 'GovernanceService/PauseGiving', { requestId: crypto.randomUUID(), reason: 'PAUSE_REASON_SYSTEM' });
    for (const desk of [sam, dana]) {
      await desk.part('headroom').getByText(/^Giving is paused since .*: a system does not work\./).waitFor();
      assert.equal(await desk.act('something-else').isDisabled(), true, 'something new can be begun');
    }
    await assertUsable(sam, 'paused');
    await sam.act('give').click();
    await sam.frame.getByText(/Given\. Undo for/).first().waitFor();
    await stage.demo.callAs(dana.agent, 'admin', 'GovernanceService/ResumeGiving', { requestId: crypto.randomUUID() });
    await dana.part('headroom').getByText(/paused/).waitFor({ state: 'detached' });
    await dana.act('card-1').click();
    await dana.part('tray').getByText('Held for').waitFor();
  });
});
