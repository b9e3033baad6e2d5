import { type CommandInput, MadangError, PROBLEM_TYPE } from '@madang/protocol';
import { errorFrom, isErrorObject, unavailable } from './errors.js';

/** How long the server may take to answer, in ms. */
const TIME_OUT_MS = 10_000;

/** A session that was started over the HTTP transport. */
export interface StartedSession {
  /** The id of its user. */
  userId: string;
  /** Ends it again, where the browser turns out not to keep its cookie: otherwise the nickname would stay taken by nobody. */
  end(): Promise<void>;
}

/** Starts a session, and has its cookie set. Throws `unauthenticated` if the browser takes no cookies at all. */
export async function beginCookieSession(
  url: URL,
  credentials: CommandInput<'session.start'>,
): Promise<StartedSession> {
  if (typeof navigator === 'object' && 'cookieEnabled' in navigator && !navigator.cookieEnabled) throw cookieRefused();
  const { token, user } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  });
  if (typeof token !== 'string') throw notTheServer();
  return {
    userId: idOf(user),
    end: async () => {
      // Without cookies: the answer takes away the browser's, which may be somebody else's by now.
      await request(url, { method: 'DELETE', credentials: 'omit', headers: { authorization: `Bearer ${token}` } });
    },
  };
}

/**
 * Ends the cookie's session if it is this user's. Returns false if it is somebody else's: another user has signed in, in
 * another tab. No error if it has already ended.
 */
export async function endCookieSession(url: URL, userId: string | undefined): Promise<boolean> {
  try {
    const { user } = await request(url, { method: 'GET' });
    if (idOf(user) !== userId) return false;
    await request(url, { method: 'DELETE' });
  } catch (error) {
    if (errorFrom(error).code !== 'unauthenticated') throw error;
  }
  return true;
}

/** The browser does not keep the session's cookie. `details.cookie` tells it from a session that has ended. */
export function cookieRefused(): MadangError {
  return new MadangError({
    code: 'unauthenticated',
    message: 'The browser refused the cookie of the session',
    details: { cookie: 'refused' },
  });
}

/** The browser now has another user's session: they signed in in another tab. `details.cookie` tells it from others. */
export function cookieReplaced(): MadangError {
  return new MadangError({
    code: 'unauthenticated',
    message: 'Somebody else has signed in in this browser meanwhile',
    details: { cookie: 'replaced' },
  });
}

function idOf(user: unknown): string {
  if (typeof user !== 'object' || user === null || !('id' in user) || typeof user.id !== 'string') throw notTheServer();
  return user.id;
}

async function request(url: URL, init: RequestInit): Promise<Record<string, unknown>> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(new URL('api/session', url), {
      credentials: 'include',
      signal: AbortSignal.timeout(TIME_OUT_MS),
      ...init,
    });
    answer = await response.json();
  } catch (error) {
    throw unavailable('The server cannot be reached', error);
  }
  const type = response.headers.get('content-type') ?? '';
  if (response.ok && typeof answer === 'object' && answer !== null) return answer as Record<string, unknown>;
  if (type.startsWith(PROBLEM_TYPE) && isErrorObject(answer)) throw errorFrom(answer);
  throw notTheServer();
}

/** A captive portal, a proxy's error page, or the sign-in of a company's network answers in the server's place. */
function notTheServer(): MadangError {
  return unavailable('Something else answered in place of the server');
}
