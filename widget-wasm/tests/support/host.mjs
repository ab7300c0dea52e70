//! A host's page and a frame that answers the shell, both without a sidecar.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';

import { SHELL } from './paths.mjs';

// As strict as a host's page can be while it still takes our script and frame.
const HOST_POLICY = (frameOrigin) => [
  "default-src 'none'", `script-src 'self' ${frameOrigin}`, `frame-src ${frameOrigin}`, "style-src 'none'",
  "require-trusted-types-for 'script'", "trusted-types 'none'",
].join('; ');

// Says hello, keeps what it hears, and does what the case asks of it.
const FRAME = `
const host = new URL(location).searchParams.get('host');
const nonce = crypto.randomUUID();
globalThis.heard = [];
globalThis.hello = () => parent.postMessage({ makegood: 1, type: 'hello', nonce }, host);
addEventListener('message', ({ origin, data, ports: [port] }) => {
  if (origin !== host || data?.type !== 'welcome' || data.nonce !== nonce) return;
  globalThis.port = port;
  port.onmessage = ({ data: message }) => heard.push(message);
  port.postMessage({ type: 'ready', version: 'fake' });
});
if (!location.pathname.startsWith('/silent/')) hello();
`;

/**
 * Serves both on one port: the page on 127.0.0.1, the frame on localhost.
 *
 * @param {Record<string, string>} bodies The HTML of each page, by its path; `{frame}` is the frame's origin.
 */
export async function serveHost(bodies) {
  const shell = await readFile(SHELL);
  const server = createServer((request, reply) => {
    const { pathname } = new URL(request.url, 'http://host');
    const frameOrigin = `http://localhost:${server.address().port}`;
    const send = (type, body, headers = {}) => reply.writeHead(200, { 'content-type': type, ...headers }).end(body);
    if (pathname.endsWith('/makegood-panel.js')) {
      return send('text/javascript', shell, { 'access-control-allow-origin': '*' });
    }
    if (pathname.endsWith('/frame.html')) return send('text/html', '<script type="module" src="frame.js"></script>');
    if (pathname.endsWith('/frame.js')) return send('text/javascript', FRAME);
    if (pathname in bodies) {
      const html = `<!doctype html><html lang="en"><title>Host</title>
        <script type="module" src="${frameOrigin}/embed/makegood-panel.js"></script>${bodies[pathname].replaceAll('{frame}', frameOrigin)}`;
      return send('text/html', html, { 'content-security-policy': HOST_POLICY(frameOrigin) });
    }
    return reply.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
  });
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address();
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    frameOrigin: `http://localhost:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
