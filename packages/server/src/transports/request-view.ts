import type { IncomingMessage } from 'node:http';

/** What Express middleware derives from cookies, under the names of cookie-parser and express-session. */
const OF_COOKIES = ['cookies', 'signedCookies', 'session'];

/**
 * The same request with a bearer token as its only credential: its cookies are hidden, even if other middleware has
 * already parsed them.
 */
export function asBearers(request: IncomingMessage, token: string): IncomingMessage {
  const { cookie: _, ...headers } = request.headers;
  headers.authorization = `Bearer ${token}`;
  const raw = Object.entries(headers).flatMap(([name, value = []]) => [value].flat().map((each) => [name, each]));
  const hidden = Object.fromEntries(OF_COOKIES.map((name) => [name, { value: undefined }]));
  return Object.create(request, {
    ...hidden,
    headers: { value: headers },
    headersDistinct: { value: Object.fromEntries(raw.map(([name, value]) => [name, [value]])) },
    rawHeaders: { value: raw.flat() },
  }) as IncomingMessage;
}
