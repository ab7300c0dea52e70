//! What the panel is measured against: a page in plain JavaScript that fetches
//! the same reply and paints A to E, with nothing else to do.

const strip = document.querySelector('[data-part="strip"]');
const name = document.querySelector('h1');
const tier = document.querySelector('[data-part="identity"] p');
const score = document.querySelector('[data-part="score"]');
const owed = document.querySelector('[data-part="owed"]');
const amount = document.querySelector('strong');
const cap = document.querySelector('[data-part="headroom"] span');
const meter = document.querySelector('meter');
const texts = new TextEncoder();
const words = new TextDecoder();

/** Takes everything off the page. */
globalThis.clear = () => {
  for (const node of [strip, name, tier, score, owed, amount, cap]) node.textContent = '';
};

/** Fetches a panel and paints it. */
globalThis.ring = async (token, interactionId, phone) => {
  strip.textContent = 'Ringing';
  const lookup = text(1, phone);
  const reply = await fetch('/makegood.v1.CustomerService/GetPanel', {
    method: 'POST',
    headers: { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1', authorization: `Bearer ${token}` },
    body: framed([...text(1, interactionId), 0x12, lookup.length, ...lookup]),
  });
  const bytes = new Uint8Array(await reply.arrayBuffer());
  const size = new DataView(bytes.buffer).getUint32(1);
  const panel = fields(fields(bytes.subarray(5, 5 + size))[1]);
  const context = fields(panel[1]);
  const customer = fields(context[1]);
  const latest = fields(first(context[2]));
  const promise = fields(context[4]);
  const headroom = fields(panel[6]);
  const currency = words.decode(headroom[1]);
  const money = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  name.textContent = words.decode(customer[2]);
  tier.textContent = words.decode(customer[4]);
  score.textContent = `${latest[3]} of ${latest[4]}, was ${latest[7]}`;
  owed.textContent = `We owe: ${words.decode(promise[2])}`;
  meter.max = headroom[3];
  meter.value = headroom[4] ?? 0;
  cap.textContent = `of ${money.format(headroom[3] / 100)}`;
  amount.textContent = money.format((headroom[2] ?? 0) / 100);
};

const first = (value) => (Array.isArray(value) ? value[0] : value);

function text(number, value) {
  const bytes = texts.encode(value);
  return [number << 3 | 2, bytes.length, ...bytes];
}

function framed(body) {
  const bytes = new Uint8Array(5 + body.length);
  new DataView(bytes.buffer).setUint32(1, body.length);
  bytes.set(body, 5);
  return bytes;
}

// The fields of a message by number; a repeated one as a list.
function fields(bytes = new Uint8Array()) {
  const found = {};
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at];
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    let value = varint();
    if ((key & 7) === 2) {
      at += value;
      value = bytes.subarray(at - value, at);
    }
    const known = found[key >> 3];
    if (known === undefined) found[key >> 3] = value;
    else if (Array.isArray(known)) known.push(value);
    else found[key >> 3] = [known, value];
  }
  return found;
}
