//! What the demo page asks of the sidecar. Every call carries the development
//! token of the address's fragment (`#token=…`).

/**
 * @typedef {object} Caller Someone who can be made to call.
 * @property {string} name The name, for the demo's viewer only: the panel finds out by itself.
 * @property {string} phone The number as the switch gives it.
 * @property {string} note One line on what is special about this call.
 * @property {string} story The story that plays itself with this caller; empty for none.
 *
 * @typedef {object} Cast `GET /demo/cast.json`
 * @property {{id: string, name: string, role: string}[]} agents Who sits at the desks, first to last.
 * @property {Caller[]} callers Who can call, the most telling first.
 *
 * @property {string} sidecar Where the sidecar is, which is an origin apart from this page.
 *
 * @typedef {object} PlayStep `GET /demo/play/<id>`
 * @property {number} step How many steps are done.
 * @property {number} of How many steps there are.
 * @property {string} text What is happening, for people.
 * @property {boolean} done True after the last step.
 *
 * @typedef {object} LedgerRow A row of `GET /demo/ledger.json` → `{rows}`
 * @property {number} position The entry's place, from 0.
 * @property {string} time When it was written, RFC 3339.
 * @property {string} kind What the entry does, for people.
 * @property {string} who The agent.
 * @property {string} for_whom The customer.
 * @property {string} why The reason.
 * @property {number|null} amount_minor The amount in minor units.
 * @property {string} currency_code ISO 4217.
 * @property {number|null} before_minor The headroom before it.
 * @property {number|null} after_minor The headroom after it.
 * @property {string} leaf_hash The entry's leaf in the Merkle tree, in hexadecimal.
 *
 * @typedef {object} Verdict What the verifier says of a folder.
 * @property {boolean} is_ok Whether nothing is wrong.
 * @property {string} text All of it.
 */

const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';

async function ask(path, body) {
  const reply = await fetch(path, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
    cache: 'no-store',
  });
  if (!reply.ok) throw new Error((reply.status === 500 && (await reply.text()).trim()) || `${path} answered ${reply.status}`);
  return reply.json();
}

/** @returns {Promise<Cast>} */
export const cast = () => ask('/demo/cast.json');

/** @returns {Promise<LedgerRow[]>} Oldest first. */
export const ledger = async () => (await ask('/demo/ledger.json')).rows;

/** Fetches the token that one agent needs for one call. */
export const callToken = async (agent, interactionId) =>
  (await ask('/demo/token', { agent, interaction_id: interactionId })).token;

/** Lets the sidecar's robot do the deeds of an agent and a colleague. Returns the id to ask by. */
export const startPlay = async (story, interactionId, agent, colleague) =>
  (await ask('/demo/play', { story, interaction_id: interactionId, agent, colleague })).id;

/** @returns {Promise<PlayStep>} */
export const playStep = (id) => ask(`/demo/play/${encodeURIComponent(id)}`);

/** What the rules find in the ledger now. */
export const findings = () => ask('/demo/findings.json');

/** Makes the audit pack; what it holds, and what the verifier says of it. */
export const makePack = () => ask('/demo/pack', {});

/** The receipt of the newest gift, and what the verifier says of it. */
export const takeReceipt = () => ask('/demo/receipt', {});

/** Changes one byte of a copy; what was changed, and what the verifier says of both. */
export const changeByte = (isMended) => ask('/demo/tamper', { is_mended: isMended });
