import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { enter, visit } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

// Below a path, as the service worker must leave the rest of a site alone.
const web = useWeb({ flags: ['--limits', 'off', '--path', '/talk'] });
const address = () => `${web.url}/talk/`;

/** Waits until the browser has kept the web client, and gives it the page. */
async function kept(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, 20));
  });
}

test('a manifest in the language of the page, with icons that are there', async () => {
  for (const [language, name] of [
    ['ko', '마당 Madang'],
    ['en', 'Madang'],
  ] as const) {
    await using one = await visit(web.browser, address(), { language });
    const { page } = one;
    await page.getByRole('textbox').waitFor();
    const link = page.locator('link[rel="manifest"]');
    const from = await link.evaluate((element: HTMLLinkElement) => element.href);
    const answer = await fetch(from);
    expect(answer.headers.get('content-type')).toMatch(/^application\/manifest\+json/);
    const manifest = (await answer.json()) as Record<string, string> & { icons: Record<string, string>[] };
    expect(manifest).toMatchObject({ name, lang: language, display: 'standalone' });
    expect(new URL(manifest['start_url'] ?? '', from).pathname).toBe('/talk/');
    expect(new URL(manifest['scope'] ?? '', from).pathname).toBe('/talk/');
    expect(manifest.icons.map(({ purpose }) => purpose)).toContain('maskable');
    for (const { src = '', type = '' } of manifest.icons) {
      const icon = await fetch(new URL(src, from));
      expect(icon.headers.get('content-type')).toContain(type);
    }
  }
});

test('without a server the web client opens; the rest of the site goes its usual way', async () => {
  await using one = await enter(web.browser, address(), '오프라인', { isKept: true });
  const { page } = one;
  await kept(page);
  expect(await page.evaluate(() => fetch('readyz').then(({ status }) => status))).toBe(200);
  await web.server.kill();
  await page.goto(`${address()}?from=link`);
  await page.getByRole('button', { name: '지금 연결' }).waitFor();
  // A page of the site that is not the web client's: the browser's own failure.
  await expect(page.goto(`${web.url}/talk/readyz`)).rejects.toThrow(/ERR_CONNECTION_REFUSED/);
  await expect(page.goto(`${web.url}/`)).rejects.toThrow(/ERR_CONNECTION_REFUSED/);
  await web.server.start();
  await page.goto(`${web.url}/talk/readyz`);
  expect(await page.textContent('body')).toContain('ready');
  await page.goto(address());
  await page.locator('#composer').waitFor();
  expect(one.problems).toEqual([]);
});
