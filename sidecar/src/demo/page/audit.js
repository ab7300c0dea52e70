//! The auditor's part: the findings, the pack, one gift's proof, and one changed byte.

import { changeByte, findings, makePack, takeReceipt } from './api.js';
import { formatMinor, make } from './dom.js';

const LISTED = 40;

/** Lets each step's button do it and show what came of it. */
export function offerAudit() {
  offer('findings', findings, showFindings);
  offer('pack', makePack, showPack);
  offer('receipt', takeReceipt, showReceipt);
  offer('tamper', () => changeByte(document.getElementById('tamper-mend').checked), showTamper);
}

function offer(id, run, show) {
  const step = document.getElementById(id);
  const button = step.querySelector('button');
  const place = step.querySelector('.step-show');
  button.addEventListener('click', async () => {
    button.disabled = true;
    step.dataset.state = 'busy';
    try {
      place.replaceChildren(...show(await run()));
      step.dataset.state = 'done';
    } catch (error) {
      place.replaceChildren(make('p', { className: 'waiting' }, `That did not work: ${error.message}`));
      step.dataset.state = 'failed';
    }
    button.disabled = false;
  });
}

// === findings ===

function showFindings({ findings: found, not_asked: notAsked, entry_count: count, rule_count: rules, from, to, command }) {
  const today = found.filter((finding) => finding.is_today).length;
  const words = `${found.length} findings, ${today} of them with entries of the last 24 hours: ${rules} rules over ${count} entries, ${from} to ${to}.`;
  const lacking = notAsked.map(({ title, why }) => `${title} (${why})`).join(', ');
  return [
    make('p', { className: 'sum' }, words),
    make('ul', { className: 'found' }, ...found.map(finding)),
    lacking ? make('p', { className: 'fine' }, `Not asked, for want of facts: ${lacking}.`) : null,
    byHand([command]),
  ].filter(Boolean);
}

function finding({ title, agents, why, is_today: isToday, entries, position_count: count, rule, version, parameters_sha256: digest }) {
  const reasons = Object.entries(why).map(([name, number]) => make('span', { className: 'fact' }, fact(name, number)));
  return make(
    'li',
    { dataset: { rule } },
    make(
      'div',
      { className: 'found-line' },
      make('strong', {}, sentence(title)),
      make('span', { className: 'who' }, agents.join(', ')),
      isToday ? make('span', { className: 'badge' }, 'today') : null,
      ...reasons,
    ),
    make(
      'details',
      {},
      make('summary', {}, count > entries.length ? `The newest ${entries.length} of ${count} entries` : `${count} entries`),
      entryTable(entries),
      make('p', { className: 'fine' }, `Rule ${rule}, version ${version}, parameters `, make('code', { title: digest }, digest.slice(0, 12)), '.'),
    ),
  );
}

const sentence = (text) => text[0].toUpperCase() + text.slice(1);

// What the numbers behind a finding say, where their names alone say too little.
const FACTS = {
  count: (number) => `${number} gestures`,
  rounds: (number) => `${number} rounds`,
  share_permille: (number) => `${number / 10} % of all that this customer got`,
  others_permille: (number) => `${number / 10} % with others`,
  herfindahl_permille: null,
};

function fact(name, number) {
  if (Object.hasOwn(FACTS, name)) return FACTS[name]?.(number) ?? '';
  const [, stem, unit] = /^(.*?)(?:_(permille|minor))?$/.exec(name);
  const label = stem.replaceAll('_', ' ');
  if (unit === 'permille') return `${label} ${number / 10} %`;
  return `${label} ${unit === 'minor' ? formatMinor(number, 'USD') : number}`;
}

function entryTable(entries) {
  const row = ({ position, time, kind, for_whom: whom, amount_minor: minor, currency_code: currency }) => make(
    'tr',
    {},
    make('td', { className: 'num' }, String(position)),
    make('td', {}, new Date(time).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })),
    make('td', { className: 'kind' }, kind),
    make('td', {}, whom),
    make('td', { className: 'num strong' }, formatMinor(minor, currency)),
  );
  const head = [['Entry', 'num'], ['When'], ['What'], ['For whom'], ['How much', 'num']];
  const heads = head.map(([text, className = '']) => make('th', { scope: 'col', className }, text));
  const table = make('table', {}, make('thead', {}, make('tr', {}, ...heads)), make('tbody', {}, ...entries.map(row)));
  return make('div', { className: 'sheet' }, table);
}

// === the pack ===

function showPack({ report, files, from, to, entry_count: count, manifest_sha256: manifest, took_ms: took, verdict, command }) {
  const open = make('a', { className: 'button primary', href: report, target: '_blank', rel: 'noopener noreferrer' }, 'Open the report');
  const list = files.slice(0, LISTED).map(({ name, bytes, href }) => make(
    'li',
    {},
    make('a', { href, target: '_blank', rel: 'noopener noreferrer' }, name),
    make('span', { className: 'quiet' }, size(bytes)),
  ));
  return [
    make('p', { className: 'sum' }, `${count} entries, ${from} to ${to}, in ${files.length} files, made in ${took} ms. Manifest `, make('code', { title: manifest }, manifest.slice(0, 16)), '.'),
    make('p', { className: 'acts' }, open),
    shownVerdict('The verifier on the pack', verdict),
    make('details', {}, make('summary', {}, `${files.length} files`), make('ul', { className: 'files' }, ...list)),
    byHand([command]),
  ];
}

function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${Math.round(bytes / 1024)} KB`;
}

// === one gift ===

function showReceipt({ receipt, verdict, by_hand: commands }) {
  return [
    shownVerdict('The verifier on the receipt', verdict, make('pre', {}, verdict.text)),
    make('details', {}, make('summary', {}, 'The receipt itself'), make('pre', {}, receipt)),
    byHand(commands),
  ];
}

// === one changed byte ===

function showTamper({ position, file, byte, old, new: forged, said, says, is_mended: isMended, original, changed, by_hand: commands }) {
  const change = make(
    'p',
    { className: 'change' },
    `Entry ${position} says `,
    make('ins', {}, says),
    ' instead of ',
    make('del', {}, said),
    '. ',
    make('span', { className: 'quiet' }, `Byte ${byte} of ${file}: ${old} became ${forged}${isMended ? ', and the checksum fits again' : ''}.`),
  );
  return [
    change,
    make('div', { className: 'verdicts' }, shownVerdict('The ledger', original), shownVerdict('The copy', changed)),
    byHand(commands),
  ];
}

function shownVerdict(title, { is_ok: isOk, text }, body = table(text)) {
  const state = isOk ? 'verified' : 'not verified';
  return make(
    'figure',
    { className: 'verdict', dataset: { ok: String(isOk) } },
    make('figcaption', {}, make('strong', {}, title), make('span', { className: 'state' }, state)),
    body,
  );
}

const table = (text) => make('div', { className: 'words' }, ...text.split('\n').map(verdictLine));

// The verifier prints a word and what is said of it; the last line is the verdict.
function verdictLine(line) {
  const [, word, rest] = /^(\S+(?: \S+)?)\s{2,}(.*)$/.exec(line) ?? [];
  if (!word) return make('p', { className: 'last' }, line);
  const isWrong = word === 'WRONG';
  return make('p', { className: isWrong ? 'wrong' : '' }, make('span', { className: 'word' }, word), make('span', {}, rest));
}

function byHand(commands) {
  return make('details', { className: 'by-hand' }, make('summary', {}, 'In a terminal'), make('pre', {}, commands.join('\n')));
}
