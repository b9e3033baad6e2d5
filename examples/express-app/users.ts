import type { Response } from 'express';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The app's own users: here anybody who gives a name. A real app has passwords and a database. */
interface User {
  id: string;
  name: string;
}

const COOKIE = 'app_session';

const sessions = new Map<string, User>();

/** Signs a user in, and sets the app's cookie. */
export function signIn(form: unknown, response: Response): void {
  const name = nameIn(form);
  if (!name) return;
  const session = randomBytes(16).toString('hex');
  sessions.set(session, { id: Buffer.from(name).toString('base64url').slice(0, 80), name });
  response.cookie(COOKIE, session, { httpOnly: true, sameSite: 'lax' });
}

/** Signs a user out. */
export function signOut(request: IncomingMessage, response: Response): void {
  sessions.delete(sessionIn(request));
  response.clearCookie(COOKIE);
}

/** The user who sent a request. Madang asks this too, for pages, calls and sockets. */
export function userOf(request: IncomingMessage): User | null {
  return sessions.get(sessionIn(request)) ?? null;
}

function sessionIn(request: IncomingMessage): string {
  return new RegExp(`(?:^|; )${COOKIE}=([0-9a-f]+)`).exec(request.headers.cookie ?? '')?.[1] ?? '';
}

function nameIn(form: unknown): string {
  if (typeof form !== 'object' || form === null || !('name' in form)) return '';
  return typeof form.name === 'string' ? form.name.trim().slice(0, 32) : '';
}
