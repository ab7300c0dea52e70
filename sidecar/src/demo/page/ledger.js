//! The table of ledger entries under the desks.

import { ledger } from './api.js';
import { formatMinor } from './dom.js';

const REFRESH_MS = 1500;
const SHOWN = 60;

/** Keeps the table current while the page is visible. Returns a function that refreshes at once. */
export function keepLedger() {
  const rows = document.querySelector('#ledger-rows');
  const empty = document.querySelector('#ledger-empty');
  const note = document.querySelector('#ledger-note');
  const calm = note.textContent;
  let asking = false;
  let shown = '';

  async function refresh() {
    if (asking || document.hidden) return;
    asking = true;
    try {
      const entries = (await ledger()).slice(-SHOWN).reverse();
      const key = entries.map(({ position }) => position).join();
      if (key !== shown) {
        const known = new Set(shown.split(','));
        rows.replaceChildren(...entries.map((entry) => row(entry, shown !== '' && !known.has(String(entry.position)))));
        shown = key;
      }
      empty.hidden = entries.length > 0;
      note.textContent = calm;
    } catch {
      note.textContent = 'The sidecar does not answer. What is shown may be old.';
    }
    asking = false;
  }

  setInterval(refresh, REFRESH_MS);
  document.addEventListener('visibilitychange', refresh);
  refresh();
  return refresh;
}

function row(entry, fresh) {
  const line = document.createElement('tr');
  line.dataset.position = String(entry.position);
  if (fresh) line.className = 'fresh';
  const money = (minor) => formatMinor(minor, entry.currency_code);
  const cells = [
    [String(entry.position), 'num'],
    [when(new Date(entry.time))],
    [entry.kind, 'kind'],
    [entry.who],
    [entry.for_whom],
    [entry.why],
    [money(entry.amount_minor), 'num strong'],
    [money(entry.before_minor), 'num'],
    [money(entry.after_minor), 'num'],
  ];
  for (const [text, look = ''] of cells) {
    const cell = document.createElement('td');
    cell.className = look;
    cell.textContent = text;
    line.append(cell);
  }
  const leaf = document.createElement('td');
  const code = document.createElement('code');
  code.textContent = entry.leaf_hash.slice(0, 12);
  code.title = entry.leaf_hash;
  leaf.append(code);
  line.append(leaf);
  return line;
}

// The time of day, to the second; with the day where that is not today.
function when(time) {
  const isToday = time.toDateString() === new Date().toDateString();
  const day = isToday ? { second: '2-digit' } : { month: 'short', day: 'numeric' };
  return time.toLocaleString([], { ...day, hour: '2-digit', minute: '2-digit' });
}
