import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Debian's Chromiums. The one without windows comes first: a page costs a third less processor time in it. */
const SYSTEM_CHROMIUMS = ['/usr/lib/chromium/chromium-headless-shell', '/usr/bin/chromium'];

/**
 * Even headless, Chromium preloads these pages of its own for address suggestions, in each profile. That costs as much
 * as the visitor's page.
 */
const OWN_PAGES = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup', 'PreloadTopChromeWebUI'];

/**
 * What Playwright itself disables. It has to be repeated: if a flag appears twice, Chromium takes only the last one.
 */
const OFF_FOR_PLAYWRIGHT = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
];

/** Whether there is a Chromium: Debian's, or the one that Playwright was told to install. */
export function hasChromium(): boolean {
  return [...SYSTEM_CHROMIUMS, chromium.executablePath()].some((path) => existsSync(path));
}

let started: Promise<Browser> | undefined;

/**
 * A real headless Chromium: the system's if there is one, otherwise Playwright's. All files of a worker use the same one:
 * closing it closes the pages, and the browser ends with the worker.
 */
export async function startBrowser(): Promise<Browser> {
  const running = await started;
  if (running?.isConnected() === true) return running;
  started = launch();
  return started;
}

async function launch(): Promise<Browser> {
  const executablePath = SYSTEM_CHROMIUMS.find((path) => existsSync(path));
  const browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      // A process less for each browser, and one less for each page: the latter waits for a next page of its site.
      '--in-process-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--disable-features=${[...OFF_FOR_PLAYWRIGHT, ...OWN_PAGES, 'SpareRendererForSitePerProcess'].join()}`,
    ],
  });
  browser.close = async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
  };
  return browser;
}
