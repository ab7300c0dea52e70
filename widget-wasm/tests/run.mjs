//! Runs the browser suite: `node widget-wasm/tests/run.mjs [WORD…]`.
//!
//! With words, only the files of `cases/` whose name has one of them. Needs
//! Chromium (`CHROMIUM_BIN`, or /usr/bin/chromium) and the sidecar's binary
//! (`MAKEGOOD_BIN`, or target/debug/makegood). Screenshots go to
//! `target/screenshots/`.

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

import { CASES, SCREENSHOTS, missing } from './support/paths.mjs';

const words = process.argv.slice(2);
const files = readdirSync(CASES)
  .filter((name) => name.endsWith('.test.mjs'))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .map((name) => join(CASES, name));

const lacking = missing();
if (lacking.length > 0 || files.length === 0) {
  console.error(lacking.join('\n') || `no file of ${CASES} has ${words.join(' or ')} in its name`);
  process.exit(1);
}
mkdirSync(SCREENSHOTS, { recursive: true });

let passed = 0;
let failed = 0;
const started = Date.now();
const isCase = (event) => event.details?.type !== 'suite' && !files.includes(event.name);
const events = run({ files, concurrency: 2 });
events.on('test:pass', (event) => {
  if (isCase(event)) passed += 1;
});
events.on('test:fail', (event) => {
  if (isCase(event)) failed += 1;
  process.exitCode = 1;
});
events.compose(new spec()).pipe(process.stdout).on('unpipe', () => {});
events.on('end', () => setImmediate(() => {
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${passed} passed, ${failed} failed in ${seconds} s; screenshots in ${SCREENSHOTS}`);
}));
