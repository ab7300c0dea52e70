//! The example `examples/embed`: a page of another origin with a strict policy,
//! one script tag, and a back end that mints tokens.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { join } from 'node:path';

import { assertCalm, keepPicture, openBrowser, openPage } from '../support/browser.mjs';
import { Demo, launch } from '../support/demo.mjs';
import { until } from '../support/desktop.mjs';
import { MAKEGOOD, ROOT } from '../support/paths.mjs';

describe('the embed example', () => {
  const running = [];
  let browser;
  let demo;
  let caller;
  let url;

  before(async () => {
    // The demo's data, served as a vendor would serve it.
    demo = await Demo.start();
    const { agents: [agent], callers } = await demo.ask('/demo/cast.json');
    [caller] = callers;
    await demo.kill();
    const [sidecarPort, hostPort] = [await freePort(), await freePort()];
    const flags = ['--data', demo.data, '--listen', `127.0.0.1:${sidecarPort}`, '--allowed-origins', `http://127.0.0.1:${hostPort}`];
    const { child: sidecar } = await launch(MAKEGOOD, ['serve', ...flags], { waits: false });
    running.push(sidecar);
    await until(async () => (await fetch(`http://localhost:${sidecarPort}/readyz`).catch(() => null))?.ok, () => 'the sidecar is not ready');
    const env = { PORT: String(hostPort), SIDECAR: `http://localhost:${sidecarPort}`, MAKEGOOD, AGENT: agent.id };
    const host = await launch(process.execPath, [join(ROOT, 'examples/embed/serve.mjs'), '--data', demo.data], { env });
    running.push(host.child);
    url = host.line;
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    for (const child of running) {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    }
    await demo?.close();
  });

  it('shows a call in a page of another origin, and tells the page about it', async () => {
    const page = await openPage(browser);
    await page.goto(url);
    await page.evaluate(() => document.querySelector('makegood-panel').ready);
    await page.getByRole('textbox', { name: 'Number' }).fill(caller.phone);
    await page.getByRole('button', { name: 'Ring' }).click();
    const frame = page.locator('makegood-panel').frameLocator('iframe');
    await frame.locator('[data-part="identity"]').getByText(caller.name).waitFor();
    await page.getByText(/makegoodmatch .*"count":1/).first().waitFor();
    await page.getByRole('button', { name: 'Answer' }).click();
    await frame.locator('[data-act="card-1"]').click();
    await page.getByText('makegoodreserve').first().waitFor();
    await page.getByRole('button', { name: 'Hang up' }).click();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('wrap-up refused').waitFor();
    await frame.locator('[data-act="give"]').click();
    await page.getByText(/makegoodcommit .*"minorUnits":\d+/).waitFor();
    assert.equal(await page.evaluate(() => document.querySelector('makegood-panel').state), 'live');
    await keepPicture(page, 'embed');
    assertCalm(page);
  });
});

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
