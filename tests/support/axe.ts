import type { AxeResults, RunOptions } from 'axe-core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type Theme = 'light' | 'dark';

/**
 * What axe finds on a page: with all rules in one theme, and the contrast rule alone in the other. axe is injected once
 * per page.
 */
export async function violations(page: Page, theme: Theme): Promise<string[]> {
  await inject(page);
  const other = theme === 'light' ? 'dark' : 'light';
  const contrast: RunOptions = { runOnly: { type: 'rule', values: ['color-contrast'] } };
  await page.emulateMedia({ colorScheme: other });
  const found = [...(await run(page, other, contrast))];
  await page.emulateMedia({ colorScheme: theme });
  found.push(...(await run(page, theme, {})));
  return found;
}

/** What axe finds on a page in the theme that it is shown in, with all rules. */
export async function violationsAsShown(page: Page, theme: Theme): Promise<string[]> {
  await inject(page);
  return run(page, theme, {});
}

async function inject(page: Page): Promise<void> {
  // axe reports nothing about frames it was not injected into.
  if (page.frames().length > 1) throw new Error('The page has frames');
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(source);
}

async function run(page: Page, theme: string, options: RunOptions): Promise<string[]> {
  return page.evaluate(
    async ([named, asked]) => {
      const { axe } = globalThis as unknown as { axe: { run(node: Node, options: RunOptions): Promise<AxeResults> } };
      // Colours in the middle of a transition would be judged as they are at that moment.
      for (const animation of document.getAnimations()) {
        if (animation.effect?.getComputedTiming().endTime !== Infinity) animation.finish();
      }
      const {
        violations: all,
        passes,
        incomplete,
      } = await axe.run(document, {
        ...asked,
        resultTypes: ['violations'],
        // Elements are named by their HTML.
        selectors: false,
      });
      if (all.length + passes.length + incomplete.length === 0) throw new Error('axe checked nothing');
      return all.map(({ id, nodes }) => `${named}: ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
    },
    [theme, options] as const,
  );
}
