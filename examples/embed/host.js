//! What a host's page adds to the one script tag: a token provider, the steps of
//! a call, and whatever it likes to do with the panel's events.

const panel = document.querySelector('makegood-panel');

// Your back end knows who is signed in; it mints a token for this one call.
panel.auth = async ({ interactionId }) => {
  const reply = await fetch(`/token?interaction=${encodeURIComponent(interactionId)}`, { method: 'POST' });
  if (!reply.ok) throw new Error(`no token: ${reply.status}`);
  return reply.text();
};

// Your telephony says where a call is. Here the buttons do.
let id = '';
document.querySelector('#call').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { value: state } = event.submitter;
  const ani = event.currentTarget.elements.ani.value.trim();
  if (state === 'offered' || !id) id = `call-${crypto.randomUUID()}`;
  if (state === 'ended') {
    const { allow, reason } = await panel.requestWrapUp();
    if (!allow) return note('wrap-up refused', { reason });
    panel.pop({ id, state });
    panel.pop(null);
    id = '';
    return undefined;
  }
  return panel.pop({ id, state, ...(ani && { ani }) });
});

function note(name, detail) {
  const line = document.createElement('li');
  line.textContent = `${name} ${JSON.stringify(detail)}`;
  document.querySelector('#events').prepend(line);
}

for (const name of ['ready', 'state', 'match', 'reserve', 'commit', 'void', 'consult', 'log', 'error']) {
  panel.addEventListener(`makegood${name}`, ({ type, detail }) => note(type, detail));
}
