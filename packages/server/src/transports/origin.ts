import type { IncomingMessage } from 'node:http';
import type { Addresses } from './client-address.js';

/** Which other origins' pages may call without credentials: any, or only those of `origins`. */
export type CrossOrigin = 'any' | 'listed';

/** The longest host name, with a port. */
const MAX_HOST_CHARS = 253 + ':65535'.length;

/**
 * The rules about origins. A browser attaches cookies, and Basic and Negotiate credentials, to requests from any page.
 * So these count only if the request comes from a page of this server or of a listed origin, or can't come from a
 * browser.
 */
export class Origins {
  readonly #addresses: Addresses;
  readonly #listed: ReadonlySet<string>;
  readonly #crossOrigin: CrossOrigin;

  constructor(parts: {
    addresses: Addresses;
    /** Other origins whose pages may use credentials. */
    listed: readonly string[];
    crossOrigin: CrossOrigin;
  }) {
    this.#addresses = parts.addresses;
    this.#listed = new Set(parts.listed);
    this.#crossOrigin = parts.crossOrigin;
  }

  /**
   * Says why the credentials that a browser attaches on its own don't count in a request; undefined if they do.
   * Browsers send `Origin` with every WebSocket handshake and every request that can change something. With a GET to a
   * page's own server without TLS they send neither that nor `Sec-Fetch-Site`, so such a GET counts: it changes
   * nothing.
   */
  problemOf(request: IncomingMessage): string | undefined {
    const { origin } = request.headers;
    if (origin !== undefined) return this.#isTrusted(origin, request) ? undefined : this.#foreign(origin, request);
    const site = request.headers['sec-fetch-site'];
    if (site === 'same-origin' || site === 'none') return undefined;
    if (site !== undefined) return `the request comes from another site (Sec-Fetch-Site: ${shortened(site)})`;
    const isUpgrade = request.headers.upgrade !== undefined;
    const isSafe = !isUpgrade && (request.method === 'GET' || request.method === 'HEAD');
    return isSafe || isProgram(request) ? undefined : 'the request has no Origin header';
  }

  /** Whether a request may be served at all: `crossOrigin` may exclude pages of other origins. */
  admits(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    return this.#crossOrigin === 'any' || origin === undefined || this.#isTrusted(origin, request);
  }

  /** Whether an origin is listed. */
  isListed(origin: string | undefined): boolean {
    return origin !== undefined && this.#listed.has(origin);
  }

  /** The origin at which a browser sees this server, as far as the request shows. Undefined without a usable `Host`. */
  own(request: IncomingMessage): string | undefined {
    const forwarded = this.#addresses.isProxied(request) ? firstOf(request.headers['x-forwarded-host']) : undefined;
    const host = forwarded ?? request.headers.host ?? '';
    // An internationalised name costs far more to parse than its length; and no longer one exists (RFC 1035, 2.3.4).
    if (host.length > MAX_HOST_CHARS) return undefined;
    const url = `${this.isSecure(request) ? 'https' : 'http'}://${host}`;
    // As browsers write an origin: without the default port, in lower case.
    return URL.canParse(url) ? new URL(url).origin : undefined;
  }

  /** Whether a request came over TLS, to us or to a trusted proxy. */
  isSecure(request: IncomingMessage): boolean {
    if ('encrypted' in request.socket) return true;
    if (!this.#addresses.isProxied(request)) return false;
    const scheme = firstOf(request.headers['x-forwarded-proto'])?.toLowerCase();
    // Some proxies report a WebSocket's scheme.
    return scheme === 'https' || scheme === 'wss';
  }

  #isTrusted(origin: string, request: IncomingMessage): boolean {
    return this.#listed.has(origin) || origin === this.own(request);
  }

  #foreign(origin: string, request: IncomingMessage): string {
    if (origin === 'null') return 'its Origin is null, as of a sandboxed frame, a file or a redirect';
    const own = this.own(request) ?? 'unknown for want of a Host header';
    return `its Origin ${shortened(origin)} is not in --origins, nor this server's own (${shortened(own)})`;
  }
}

/** Whether a request has nothing that every browser would send, and nothing that one may attach on its own. */
export function isProgram(request: IncomingMessage): boolean {
  const { authorization, cookie } = request.headers;
  return !isBrowsers(request) && !cookie && (authorization === undefined || isBearer(request));
}

/** Whether a request has what only browsers send. */
export function isBrowsers({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined;
}

/** Whether a request's `Authorization` has the one scheme that no browser attaches on its own. */
export function isBearer({ headers }: IncomingMessage): boolean {
  return /^bearer\b/i.test(headers.authorization ?? '');
}

function shortened(header: string): string {
  return header.slice(0, 100);
}

function firstOf(header: string | string[] | undefined): string | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  return value?.split(',')[0]?.trim();
}
