import type { CommandOutput } from '@madang/protocol';

/** A guest who has a session, but no connection yet. */
export type Guest = CommandOutput<'session.start'>;

/** Starts a guest's session over HTTP. */
export async function startGuest(url: string, name: string): Promise<Guest> {
  const response = await fetch(`${url}/api/session`, { method: 'POST', body: JSON.stringify({ name }) });
  if (response.status !== 201) throw new Error(`POST /api/session: ${response.status} ${await response.text()}`);
  return (await response.json()) as Guest;
}
