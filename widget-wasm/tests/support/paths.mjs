//! Where things are, and what is missing.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The repository's root. */
export const ROOT = join(here, '../../..');
/** The test files. */
export const CASES = join(here, '../cases');
/** Where screenshots go. */
export const SCREENSHOTS = join(ROOT, 'target/screenshots');
/** The shell element's file. */
export const SHELL = join(ROOT, 'widget-wasm/web/makegood-panel.js');
/** The `.proto` files. */
export const PROTO = join(ROOT, 'proto');
/** The sidecar's binary. */
export const MAKEGOOD = process.env.MAKEGOOD_BIN ?? join(ROOT, 'target/debug/makegood');
/** The browser. */
export const CHROMIUM = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium';

/** Names what the suite needs and does not find, each with the way to get it. */
export function missing() {
  return [
    [CHROMIUM, 'install it (Debian: apt-get install chromium) or set CHROMIUM_BIN'],
    [MAKEGOOD, 'build it with cargo build -p makegood-sidecar, or set MAKEGOOD_BIN'],
    [join(ROOT, 'widget-wasm/node_modules/playwright-core'), 'run npm ci in widget-wasm'],
  ].filter(([path]) => !existsSync(path)).map(([path, fix]) => `${path} is not there: ${fix}`);
}
