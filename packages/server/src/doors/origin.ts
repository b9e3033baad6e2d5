import type { IncomingMessage } from 'node:http';
import type { Addresses } from './client-address.js';

/**
 * Whether a request comes from the page's own origin, or one that the settings allow, so that its cookies may count.
 * Browsers send `Origin` with every WebSocket handshake and every request that can change something; a request that
 * has neither that nor `Sec-Fetch-Site` counts only if it can change nothing.
 */
export function mayUseCookies(request: IncomingMessage, allowed: readonly string[], addresses: Addresses): boolean {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (origin !== undefined) return allowed.includes(origin) || origin === ownOrigin(request, addresses);
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const isUpgrade = request.headers.upgrade !== undefined;
  return !isUpgrade && (request.method === 'GET' || request.method === 'HEAD');
}

/** Whether a request came over TLS, to us or to a proxy that we trust. */
export function isSecure(request: IncomingMessage, addresses: Addresses): boolean {
  if ('encrypted' in request.socket) return true;
  return addresses.isProxied(request) && firstOf(request.headers['x-forwarded-proto']) === 'https';
}

function ownOrigin(request: IncomingMessage, addresses: Addresses): string {
  const forwarded = addresses.isProxied(request) ? firstOf(request.headers['x-forwarded-host']) : undefined;
  return `${isSecure(request, addresses) ? 'https' : 'http'}://${forwarded ?? request.headers.host ?? ''}`;
}

function firstOf(header: string | string[] | undefined): string | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  return value?.split(',')[0]?.trim();
}
