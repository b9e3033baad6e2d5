/**
 * Opens the web client without a network: keeps one version's page and files, and gives that page if the server can't be
 * reached. Online, the page always comes from the server. It answers requests for the web client's own files only;
 * everything else in its scope (the API, pages of the app that Madang is mounted in) goes its usual way, and nothing of
 * a user is kept here.
 *
 * A classic script, since not every browser runs modules as service workers. `BUILD` is placed before it by
 * `service-worker.ts` in the folder above.
 */
declare const BUILD: {
  /** As in the page's `madang-version`. */
  version: string;
  /** The files to keep, relative to the page. */
  files: readonly string[];
};

const worker = self as unknown as ServiceWorkerGlobalScope;

/** The page's address, and the beginning of those of its files. */
const PAGE = worker.registration.scope;

/** All caches of this web client; a site may have several, below different paths. */
const CACHES = `madang ${PAGE} `;
const CACHE = CACHES + BUILD.version;

/** If the server takes longer than this, in ms, the kept page is given: a bad network looks like an endless one. */
const WAIT_MS = 3000;

worker.addEventListener('install', (event) => event.waitUntil(install()));
// The first page that was opened can then load its other parts from here, too.
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener('message', (event) => {
  const { opened, emoji } = (event.data ?? {}) as { opened?: unknown; emoji?: unknown };
  if (opened !== BUILD.version) return;
  event.waitUntil(takeOver());
  if (typeof emoji === 'string') event.waitUntil(keepEmoji(emoji));
});
worker.addEventListener('fetch', (event) => {
  const answer = answerTo(event.request);
  if (answer) event.respondWith(answer);
});

/** Keeps this version, whole or not at all: between two deployments the server may have files of another one. */
async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  try {
    const page = await read(new Request(PAGE, { cache: 'no-cache' }));
    if (!(await page.clone().text()).includes(`content="${BUILD.version}"`)) throw new Error('Another version');
    await Promise.all([
      cache.put(PAGE, page),
      ...BUILD.files.map(async (file) => cache.put(PAGE + file, await read(new Request(PAGE + file)))),
    ]);
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

async function read(request: Request): Promise<Response> {
  const response = await fetch(request);
  if (!response.ok || response.redirected) throw new Error(`${request.url}: ${response.status}`);
  return response;
}

/**
 * Somebody has opened this version's page, by a reload or anew, so this worker need not wait any longer. Pages of older
 * versions that are still open find their files in their own caches, which go once no other page is open.
 */
async function takeOver(): Promise<void> {
  await worker.skipWaiting();
  const { active, waiting, installing } = worker.registration;
  if (active?.state !== 'activated' || waiting || installing) return;
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (pages.filter(({ url }) => url.startsWith(PAGE)).length > 1) return;
  for (const name of await otherCaches()) await caches.delete(name);
}

/** Keeps the emoji of a language; those of all would be too much for every browser. If that fails, they are kept when used. */
async function keepEmoji(language: string): Promise<void> {
  const request = new Request(`${PAGE}emoji/${language}.json`);
  if (await kept(request, [CACHE])) return;
  const response = await read(request).catch(() => undefined);
  if (response) await keep(request, response);
}

/** The answer to a request for one of the web client's files; undefined for any other. */
function answerTo(request: Request): Promise<Response> | undefined {
  const { origin, pathname } = new URL(request.url);
  const address = origin + pathname;
  if (request.method !== 'GET' || !address.startsWith(PAGE)) return undefined;
  const file = address.slice(PAGE.length);
  if (request.mode === 'navigate') return file === '' || file === 'index.html' ? answerPage(request) : undefined;
  // Their names contain a hash of their contents: they never change.
  if (file.startsWith('assets/')) return answerAsset(request);
  if (file.startsWith('emoji/') || BUILD.files.includes(file)) return answerOther(request);
  return undefined;
}

async function answerPage(request: Request): Promise<Response> {
  const answer = fetch(request);
  // If the kept page is given, nobody else hears of a failure.
  answer.catch(() => {});
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, WAIT_MS, undefined));
  const inTime = await Promise.race([answer, late]).catch(() => undefined);
  // A proxy whose server is gone answers with a page of its own.
  if (inTime && inTime.status < 500) return inTime;
  return (await kept(PAGE, [CACHE])) ?? answer;
}

async function answerAsset(request: Request): Promise<Response> {
  return (await kept(request, [CACHE])) ?? (await kept(request, await otherCaches())) ?? fetch(request);
}

/** Files without a hash in their names: the server's, or else the kept ones. */
async function answerOther(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    if (response.ok) await keep(request, response.clone());
    return response;
  } catch (error) {
    const found = await kept(request, [CACHE]);
    if (found) return found;
    throw error;
  }
}

/** Does nothing if the storage is full or denied. */
async function keep(request: Request, response: Response): Promise<void> {
  await caches
    .open(CACHE)
    .then((cache) => cache.put(request, response))
    .catch(() => {});
}

async function kept(request: Request | string, names: readonly string[]): Promise<Response | undefined> {
  for (const cacheName of names) {
    const found = await caches
      .match(request, { cacheName, ignoreSearch: true, ignoreVary: true })
      .catch(() => undefined);
    if (found) return found;
  }
  return undefined;
}

async function otherCaches(): Promise<string[]> {
  const names = await caches.keys().catch((): string[] => []);
  return names.filter((name) => name.startsWith(CACHES) && name !== CACHE);
}
