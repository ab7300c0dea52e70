//! The calls that play themselves: the page rings and answers, the sidecar's robot
//! does the agents' deeds through the real API.

import { playStep, startPlay } from './api.js';

const RING_MS = 4500;
const ASK_MS = 400;
const LINGER_MS = 4000;

/**
 * Plays one call at a desk while the other desk looks on, or is asked.
 *
 * @param {'call'|'over'} story Which.
 * @param {import('./desk.js').Desk[]} desks Where it rings, and the other one.
 * @param {(from: object, to: object) => void} bring Lets a desk see the call of another.
 * @param {(text: string, step?: number, of?: number) => void} say Shows the caption.
 */
export async function playCall(story, [desk, colleague], bring, say) {
  const { phone } = desk.callers.find((caller) => caller.story === story);
  const [first] = desk.agent.name.split(' ');
  say(`A call rings at ${first}’s desk. The panel says who it is before it is answered.`);
  desk.ring(phone);
  const { id } = desk.call;
  await pause(RING_MS);
  if (!atDesk(desk, id)) return say('The call was declined, so the play stops here.');
  desk.connect();
  // Whoever is asked sees the question at their own desk, and not the call.
  if (story === 'call') bring(desk, colleague);
  const play = await startPlay(story, id, desk.agent.id, colleague.agent.id);
  let now = { done: false };
  while (!now.done) {
    await pause(ASK_MS);
    now = await playStep(play);
    say(now.text, now.step, now.of);
  }
  await pause(LINGER_MS);
  if (!atDesk(desk, id)) return;
  desk.hangUp();
  say(`${first} hangs up. The ledger below has every step, with the headroom before and after it.`);
  await pause(LINGER_MS);
  if (atDesk(desk, id)) await desk.finish();
}

const atDesk = (desk, id) => desk.call?.id === id;
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
