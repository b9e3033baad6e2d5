/** How long the workspace may take to answer, in ms. */
const TIMEOUT_MS = 10_000;

/** Checks that there is a Madang at an address. Returns the problem as a sentence; undefined if there is one. */
export async function probe(address: URL): Promise<string | undefined> {
  const url = `${address.origin}${address.pathname.replace(/\/+$/, '')}`;
  let response: Response;
  try {
    response = await fetch(`${url}/api/session`, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    return `No server answers at ${url} (${causeOf(error)}).`;
  }
  const { status, headers } = response;
  const moved = headers.get('location');
  if (status >= 300 && status < 400 && moved !== null) {
    return `${url} sends its visitors elsewhere (${moved}); give that address, without what comes after the workspace.`;
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body === 'object' && body !== null && ('user' in body || 'code' in body)) return undefined;
  return `What answers at ${url} (${status}) is not a Madang server.`;
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string') {
    return cause.code;
  }
  return cause instanceof Error ? cause.message : String(cause);
}
