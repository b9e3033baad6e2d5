import { fail } from '@madang/protocol';
import { parse, serialize } from 'cookie';
import type { IncomingMessage } from 'node:http';
import type { Session } from '../identity/actor.js';
import type { HostUser, Sessions } from '../identity/sessions.js';
import type { Addresses } from './client-address.js';
import { isSecure, mayUseCookies } from './origin.js';

/** How long a browser keeps the session cookie, in seconds. */
const COOKIE_MAX_AGE = 90 * 24 * 3600;

/** Tells who a host app's request is from; null for nobody. */
export type Authenticate = (request: IncomingMessage) => Promise<HostUser | null>;

/** Finds whose a request is: a bearer token's (the operator's too), the host app's user, or from the same origin the cookie's. */
export class Credentials {
  readonly #sessions: Sessions;
  readonly #operator: (token: string) => Session | undefined;
  readonly #addresses: Addresses;
  readonly #origins: readonly string[];
  readonly #path: string;
  readonly #authenticate: Authenticate | undefined;

  constructor(parts: {
    sessions: Sessions;
    /** The operator's session, if a token is the operator's. */
    operator: (token: string) => Session | undefined;
    addresses: Addresses;
    /** Other origins whose pages may use cookies. */
    origins: readonly string[];
    /** Where Madang is mounted; the cookie's path. */
    path: string;
    authenticate: Authenticate | undefined;
  }) {
    this.#sessions = parts.sessions;
    this.#operator = parts.operator;
    this.#addresses = parts.addresses;
    this.#origins = parts.origins;
    this.#path = parts.path;
    this.#authenticate = parts.authenticate;
  }

  /** The session of a request, or undefined. Throws `unauthenticated` for a bearer token that is not valid. */
  async find(request: IncomingMessage): Promise<Session | undefined> {
    const { authorization } = request.headers;
    const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    const operator = bearer === undefined ? undefined : this.#operator(bearer);
    if (operator) return operator;
    const sameOrigin = mayUseCookies(request, this.#origins, this.#addresses);
    if (this.#authenticate && (sameOrigin || authorization !== undefined)) {
      const askedAt = performance.now();
      const host = await this.#authenticate(request);
      if (host) return this.#sessions.ofHostUser(host, askedAt);
    }
    if (bearer !== undefined) {
      return (
        (await this.#sessions.find(bearer, this.#addresses.of(request))) ??
        fail('unauthenticated', 'This token is not valid, or its session has ended')
      );
    }
    if (authorization !== undefined) return fail('unauthenticated', 'Authorization must be "Bearer <token>"');
    const token = sameOrigin ? this.#cookieOf(request) : undefined;
    return token === undefined ? undefined : this.#sessions.find(token, this.#addresses.of(request));
  }

  /** The `Set-Cookie` header of a session that begins; its token is kept from scripts. */
  cookieFor(token: string, request: IncomingMessage): string {
    return this.#serialize(token, request, COOKIE_MAX_AGE);
  }

  /** The `Set-Cookie` header that makes a browser forget the session. */
  clearedCookie(request: IncomingMessage): string {
    return this.#serialize('', request, 0);
  }

  #cookieOf(request: IncomingMessage): string | undefined {
    return parse(request.headers.cookie ?? '')[this.#cookieName(isSecure(request, this.#addresses))];
  }

  #serialize(value: string, request: IncomingMessage, maxAge: number): string {
    const secure = isSecure(request, this.#addresses);
    const path = this.#path || '/';
    return serialize(this.#cookieName(secure), value, { httpOnly: true, sameSite: 'lax', secure, path, maxAge });
  }

  // A "__Host-" cookie can't be set by another host of the same site, but it needs TLS and the whole path.
  #cookieName(secure: boolean): string {
    return secure && !this.#path ? '__Host-madang_session' : 'madang_session';
  }
}
