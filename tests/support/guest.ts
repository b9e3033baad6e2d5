import type { CommandOutput } from '@madang/protocol';

/** A guest with a session but no connection yet. */
export type Guest = CommandOutput<'session.start'>;

/** A guest with the cookie of their session, as a browser would send it. */
export type GuestWithCookie = Guest & { cookie: string; cookieName: string };

/** Starts a guest's session over HTTP. */
export async function startGuest(url: string, name: string): Promise<GuestWithCookie> {
  const response = await fetch(`${url}/api/session`, { method: 'POST', body: JSON.stringify({ name }) });
  if (response.status !== 201) throw new Error(`POST /api/session: ${response.status} ${await response.text()}`);
  const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  return { ...((await response.json()) as Guest), cookie, cookieName: cookie.split('=', 1)[0] ?? '' };
}
