import { fail } from '@madang/protocol';

/**
 * The address where a server is mounted, with a trailing slash. Resolves `given` against the page's folder (in a
 * worker, its script's), so `/chat`, `chat`, `''` and a full address all work. Throws `invalid_input` if it is not an
 * http(s) address, or is relative where there is no page.
 */
export function serverUrl(given = ''): URL {
  const folder = pageFolder();
  if (!URL.canParse(given, folder)) {
    fail('invalid_input', `url: must be a full address, such as http://localhost:3000, outside of a page`);
  }
  const url = new URL(given, folder);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    fail('invalid_input', 'url: must be an http(s) address, such as http://localhost:3000');
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  url.search = '';
  url.hash = '';
  return url;
}

/** Undefined in Node, and in a page without an address of its own. */
function pageFolder(): URL | undefined {
  const page = typeof document === 'object' ? document.baseURI : globalThis.location?.href;
  return URL.canParse('.', page) ? new URL('.', page) : undefined;
}
