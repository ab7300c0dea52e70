//! How the panel looks at a width and in a theme, and whether everybody can use it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { keepPicture } from './browser.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LEAST_HEIGHT = 420;
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** A window in which a whole panel can be seen without scrolling the page. */
export const TALL = { width: 1440, height: 1600 };

/** Checks the panel at both widths, light and dark, and in forced colours; keeps a picture of each. */
export async function assertUsable(desk, name) {
  for (const width of [360, 320]) {
    for (const theme of ['light', 'dark']) {
      await dress(desk, width, theme);
      await assertReflows(desk, name, width);
      await assertTargets(desk);
      await assertClean(desk, `${name} ${width} ${theme}`);
      await keepPicture(desk.panel, `${name}-${width}-${theme}`);
    }
  }
  await desk.page.emulateMedia({ forcedColors: 'active' });
  await dress(desk, 360, 'auto');
  await assertClean(desk, `${name} forced colors`);
  await keepPicture(desk.panel, `${name}-forced-colors`);
  await desk.page.emulateMedia({ forcedColors: 'none' });
}

/** Gives the panel a width, a look, and the height of its content. */
export async function dress(desk, width, theme) {
  await resize(desk, { theme, width, height: LEAST_HEIGHT });
  const height = await desk.body.evaluate(() => document.documentElement.scrollHeight);
  await resize(desk, { theme, width, height });
}

async function resize(desk, wanted) {
  await desk.panel.evaluate((panel, { theme, width, height }) => {
    panel.theme = theme;
    Object.assign(panel.closest('.desk').style, { blockSize: 'auto', overflow: 'visible' });
    panel.closest('.desk-body').style.gridTemplateColumns = 'minmax(0, 1fr) auto';
    panel.style.inlineSize = `${width}px`;
    panel.style.blockSize = `${height}px`;
  }, wanted);
  await desk.body.evaluate((_, { theme, width, height }) => new Promise((done) => {
    const dressed = () => innerWidth === width && innerHeight === height && document.documentElement.dataset.theme === theme;
    const look = () => requestAnimationFrame(dressed() ? () => requestAnimationFrame(done) : look);
    look();
  }), wanted);
}

async function assertReflows(desk, name, width) {
  const wide = await desk.body.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `${name} is ${wide} px wide at ${width} px`);
}

// WCAG 2.2, 2.5.8: what is pressed is at least 24 by 24 CSS pixels.
async function assertTargets(desk) {
  const small = await desk.body.evaluate(() => [...document.querySelectorAll('button, input, select, summary, [tabindex="0"]')]
    .map((node) => [node.textContent || node.name, node.getBoundingClientRect()])
    .filter(([, { width, height }]) => width > 0 && (width < 24 || height < 24))
    .map(([text, { width, height }]) => `${text}: ${width} by ${height}`));
  assert.deepEqual(small, []);
}

async function assertClean(desk, what) {
  const handle = await desk.panel.locator('iframe').elementHandle();
  await assertCleanFrame(await handle.contentFrame(), what);
}

/** Fails on whatever axe finds against WCAG 2.2 AA in a frame. */
export async function assertCleanFrame(frame, what) {
  await frame.evaluate(AXE);
  const found = await frame.evaluate(async (rules) => {
    const { violations } = await axe.run(document, { runOnly: rules, iframes: false });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.join(' ')} ${failureSummary}`).join('; ')}`);
  }, RULES);
  assert.deepEqual(found, [], what);
}
