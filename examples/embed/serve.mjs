//! Your back end, as small as it can be: serves the page with a strict content
//! policy, and mints a token for each call.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { promisify } from 'node:util';

const PORT = Number(process.env.PORT ?? 8080);
const WRITTEN = 'http://localhost:7070';
const SIDECAR = process.env.SIDECAR ?? WRITTEN;
const MAKEGOOD = process.env.MAKEGOOD ?? 'makegood';
// A real back end takes the agent from its own session.
const AGENT = process.env.AGENT ?? 'dana';

const PAGES = {
  '/': ['index.html', 'text/html'],
  '/host.js': ['host.js', 'text/javascript'],
  '/host.css': ['host.css', 'text/css'],
};
const POLICY = `default-src 'self'; script-src 'self' ${SIDECAR}; frame-src ${SIDECAR}; require-trusted-types-for 'script'`;

const run = promisify(execFile);

async function mint(interaction) {
  const flags = ['token', 'mint', '--agent', AGENT, '--interaction', interaction];
  return (await run(MAKEGOOD, [...flags, ...process.argv.slice(2)])).stdout.trim();
}

const server = createServer(async (request, reply) => {
  const url = new URL(request.url, 'http://host');
  try {
    if (request.method === 'POST' && url.pathname === '/token') {
      reply.end(await mint(url.searchParams.get('interaction') ?? ''));
    } else if (url.pathname in PAGES) {
      const [file, type] = PAGES[url.pathname];
      const text = await readFile(new URL(file, import.meta.url), 'utf8');
      const body = text.replaceAll(WRITTEN, SIDECAR);
      reply.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY }).end(body);
    } else {
      reply.writeHead(url.pathname === '/favicon.ico' ? 204 : 404).end();
    }
  } catch (error) {
    console.error(error.message);
    reply.writeHead(500).end();
  }
});
server.listen(PORT, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
