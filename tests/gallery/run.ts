/**
 * Takes the screenshots of docs/gallery.md from a real server in a real browser, and writes that page: `npm run gallery`.
 * `npm run gallery -- <name>` takes only those whose names contain it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startBrowser } from '../support/browser.ts';
import { startServer } from '../support/start-server.ts';
import { fillWorkspace, type Scene } from './scene.ts';
import { type Shot, shots } from './shots.ts';

const IMAGES = new URL('../../docs/images/gallery/', import.meta.url);
const PAGE = new URL('../../docs/gallery.md', import.meta.url);

const wanted = process.argv[2] ?? '';
await mkdir(IMAGES, { recursive: true });
await using server = await startServer();
const browser = await startBrowser();
try {
  const scene = await fillWorkspace(server.url);
  // One after the other: each is seen at rest.
  for (const shot of shots.filter(({ name }) => name.includes(wanted))) {
    process.stdout.write(`${shot.name} …\n`);
    // oxlint-disable-next-line no-await-in-loop
    await take(browser, server.url, scene, shot);
  }
  await scene.end();
} finally {
  await browser.close();
}
await writeFile(PAGE, galleryPage());
process.exit();

async function take(opened: Browser, url: string, scene: Scene, shot: Shot): Promise<void> {
  const context = await contextOf(opened, shot);
  try {
    const page = await context.newPage();
    if (shot.visitor !== 'nobody') {
      await context.addCookies([{ ...scene.cookieOf(shot.language), url }]);
    }
    await page.addInitScript(
      (stored) => {
        for (const [key, value] of stored) localStorage.setItem(key, value);
      },
      Object.entries(shot.stored ?? {}),
    );
    await page.goto(`${url}/#${shot.place?.(scene) ?? `/r/${scene.main}`}`);
    await shot.show?.(page, scene, context);
    await atRest(page);
    const path = fileURLToPath(new URL(`${shot.name}.png`, IMAGES));
    await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  } finally {
    await context.close();
  }
}

function contextOf(opened: Browser, shot: Shot): Promise<BrowserContext> {
  const { width, height, scale, isTouch } = shot.screen;
  return opened.newContext({
    locale: shot.language === 'ko' ? 'ko-KR' : 'en-US',
    timezoneId: 'Asia/Seoul',
    colorScheme: shot.theme,
    viewport: { width, height },
    deviceScaleFactor: scale,
    ...(isTouch && { isMobile: true, hasTouch: true }),
    ...(shot.isForced && { forcedColors: 'active' }),
  });
}

/** Waits until two looks at the page, a moment apart, are the same. */
async function atRest(page: Page): Promise<void> {
  let before = '';
  for (let look = 0; look < 20; look++) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    const now = (await page.screenshot({ type: 'jpeg', quality: 20, animations: 'disabled', caret: 'hide' })).toString(
      'base64',
    );
    if (now === before) return;
    before = now;
    // oxlint-disable-next-line no-await-in-loop
    await page.waitForTimeout(250);
  }
}

function galleryPage(): string {
  const parts = shots.map(({ name, title, alt }) => `## ${title}\n\n![${alt}](images/gallery/${name}.png)\n`);
  return `<!-- Made by \`npm run gallery\`. Do not edit. -->

# Gallery

The web client as it is, taken by \`npm run gallery\` from a real server in a real browser: a phone, a tablet and a
desktop, Korean and English, light, dark and high contrast, at 100 and 400 % zoom.

${parts.join('\n')}`;
}
