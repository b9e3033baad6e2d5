import type { AxeResults, RunOptions } from 'axe-core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * What axe finds on a page: by all of its rules in one theme, and against the contrast of the other theme's colours. It is
 * put into a page once and runs there; `@axe-core/playwright` puts it in again for each look, and opens one page more.
 */
export async function violations(page: Page, theme: 'light' | 'dark'): Promise<string[]> {
  // It would say nothing about a frame that it has not been put into.
  if (page.frames().length > 1) throw new Error('The page has frames');
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(source);
  const other = theme === 'light' ? 'dark' : 'light';
  const contrast: RunOptions = { runOnly: { type: 'rule', values: ['color-contrast'] } };
  await page.emulateMedia({ colorScheme: other });
  const found = [...(await run(page, other, contrast))];
  await page.emulateMedia({ colorScheme: theme });
  found.push(...(await run(page, theme, {})));
  return found;
}

async function run(page: Page, theme: string, options: RunOptions): Promise<string[]> {
  return page.evaluate(
    async ([named, asked]) => {
      const { axe } = globalThis as unknown as { axe: { run(node: Node, options: RunOptions): Promise<AxeResults> } };
      // Colours that are still on their way would be judged half way.
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
      });
      if (all.length + passes.length + incomplete.length === 0) throw new Error('axe has looked at nothing');
      return all.map(({ id, nodes }) => `${named}: ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
    },
    [theme, options] as const,
  );
}
