import type { CommandInput } from '@madang/protocol';
import { errorFrom, unavailable } from './errors.js';

/** Starts a session over the HTTP transport, which sets its cookie. Ignores the token in the answer. */
export async function beginCookieSession(url: URL, credentials: CommandInput<'session.start'>): Promise<void> {
  await request(url, 'POST', JSON.stringify(credentials));
}

/** Ends the cookie's session. No error if it has already ended. */
export async function endCookieSession(url: URL): Promise<void> {
  try {
    await request(url, 'DELETE');
  } catch (error) {
    if (errorFrom(error).code !== 'unauthenticated') throw error;
  }
}

async function request(url: URL, method: 'POST' | 'DELETE', body?: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(new URL('api/session', url), {
      method,
      credentials: 'include',
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body }),
    });
  } catch (error) {
    throw unavailable('The server cannot be reached', error);
  }
  if (response.ok) return;
  // A proxy's error page is not a problem document: the server behind it can't be reached.
  const problem: unknown = await response.json().catch(() => undefined);
  throw problem === undefined ? unavailable(`The server answered ${response.status}`) : errorFrom(problem);
}
