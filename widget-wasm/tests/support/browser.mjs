//! Chromium, and pages that remember every error they saw.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

import { CHROMIUM, SCREENSHOTS } from './paths.mjs';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  // In place of the driver's own list, which turns storage partitioning off: without it a frame of
  // another site has no locks and no storage, as it has in no browser that people use.
  '--disable-features=Translate,MediaRouter,OptimizationHints',
];

/** Starts the browser. */
export function openBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/**
 * Opens a page of its own context unless one is given.
 *
 * `page.problems` collects page errors and console errors, those of a content
 * policy among them; `page.dialogs` collects what a script tried to show.
 */
export async function openPage(browser, options = {}) {
  const { context, ...rest } = options;
  const owner = context ?? await browser.newContext({ viewport: { width: 1440, height: 900 }, ...rest });
  const page = await owner.newPage();
  page.setDefaultTimeout(15_000);
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') page.problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('dialog', (dialog) => {
    page.problems.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  return page;
}

/** Fails on any error the page saw, except those that the case is about. */
export function assertCalm(page, ...expected) {
  const surprises = page.problems.filter((problem) => !expected.some((pattern) => pattern.test(problem)));
  assert.deepEqual(surprises, []);
}

/** Keeps a picture of a page or of one element. */
export function keepPicture(target, name) {
  return target.screenshot({ path: join(SCREENSHOTS, `${name}.png`), animations: 'disabled' });
}
