import type { IncomingMessage } from 'node:http';

/** What Express middleware makes of cookies, under the names of cookie-parser and express-session. */
const OF_COOKIES = ['cookies', 'signedCookies', 'session'];

/**
 * The same request as one whose only credential is a bearer token: what it says of cookies can't be seen, also where
 * other middleware has read them before.
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
