//! `makegood demo` as a child process: started, killed, started again.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { call } from './api.mjs';
import { MAKEGOOD } from './paths.mjs';

const START_MS = 60_000;

/** A running demo with a data folder of its own. */
export class Demo {
  /** The data folder. */
  data = mkdtempSync(join(tmpdir(), 'makegood-suite-'));
  #child = null;
  #flags = [];

  /** Starts one on a free port, under the standard policy or another one's text. */
  static async start({ policy } = {}) {
    const demo = new Demo();
    if (policy) {
      demo.#flags = ['--policy', join(demo.data, 'other.toml')];
      writeFileSync(demo.#flags[1], policy);
    }
    await demo.#launch(0);
    return demo;
  }

  async #launch(port) {
    const flags = ['demo', '--port', String(port), '--data', this.data, '--seed', '7', '--print-json', ...this.#flags];
    const { child, line } = await launch(MAKEGOOD, flags);
    this.#child = child;
    const { demo_url: demoUrl, page_origin: pageOrigin, frame_origin: frameOrigin, token } = JSON.parse(line);
    Object.assign(this, { demoUrl, pageOrigin, frameOrigin, token });
  }

  /** Ends it as a power cut would. */
  async kill() {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  /** Starts it again on the same folder and port. */
  restart() {
    return this.#launch(new URL(this.pageOrigin).port);
  }

  /** Ends it and removes its folder. */
  async close() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    rmSync(this.data, { recursive: true, force: true });
  }

  /** Asks one of the demo's own endpoints. */
  async ask(path, body) {
    const reply = await fetch(`${this.pageOrigin}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${this.token}`, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(`${path} answered ${reply.status}`);
    return reply.json();
  }

  /** Calls the API as an agent on a call. */
  async call(agent, interactionId, method, request) {
    const { token } = await this.ask('/demo/token', { agent: agent.id, interaction_id: interactionId });
    return call(this.frameOrigin, token, method, request);
  }

  /** Calls the API as somebody with another access, such as an administrator. */
  async callAs(agent, access, method, request) {
    const mint = ['token', 'mint', '--data', this.data, '--agent', agent.id, '--access', access];
    const { line } = await launch(MAKEGOOD, mint);
    return call(this.frameOrigin, line, method, request);
  }

  /** The panel of a call as the sidecar has it now. */
  async panel(agent, interactionId, phone) {
    const request = { interactionId, ...(phone && { lookup: { phone } }) };
    const { panel } = await this.call(agent, interactionId, 'CustomerService/GetPanel', request);
    return panel;
  }
}

/** Starts a program; waits for the first line that it prints, unless `waits` is false. */
export async function launch(program, flags, { env: more = {}, waits = true } = {}) {
  // The suite's own variable is none of the sidecar's, which refuses those it does not know.
  const { MAKEGOOD_BIN: _, ...env } = { ...process.env, ...more };
  const child = spawn(program, flags, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const said = [];
  child.stderr.on('data', (bytes) => said.push(bytes));
  if (!waits) return { child };
  const deadline = AbortSignal.timeout(START_MS);
  const line = once(createInterface({ input: child.stdout }), 'line', { signal: deadline }).then(([text]) => text);
  const end = once(child, 'exit', { signal: deadline }).then(([code]) => {
    throw new Error(`${program} ended with ${code} before it was ready: ${Buffer.concat(said).toString().slice(-2000)}`);
  });
  end.catch(() => {});
  return { child, line: await Promise.race([line, end]) };
}
