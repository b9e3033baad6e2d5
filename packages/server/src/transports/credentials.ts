import { type ErrorObject, fail } from '@madang/protocol';
import { parse, serialize } from 'cookie';
import type { IncomingMessage } from 'node:http';
import type { Session } from '../identity/actor.js';
import type { HostUser, Sessions } from '../identity/sessions.js';
import type { Addresses } from './client-address.js';
import { isBearer, isBrowsers, type Origins } from './origin.js';
import { asBearers } from './request-view.js';

/** How long a browser keeps the session cookie, in seconds. */
const COOKIE_MAX_AGE = 90 * 24 * 3600;

const BAD_AUTHORIZATION = 'Authorization must be "Bearer <token>"';
const UNKNOWN_TO_HOST = 'The app that this chat belongs to does not know who you are; sign in there first';

/** Returns who a host app's request is from; null for nobody. */
export type Authenticate = (request: IncomingMessage) => Promise<HostUser | null>;

/** Who a request is from. */
export interface Identity {
  session?: Session | undefined;
  /** Why there is no session although the request has credentials: the rule that disregards them. */
  refusal?: ErrorObject | undefined;
}

/**
 * Determines who a request is from. A bearer token counts from anywhere, and then nothing else in the request does.
 * Otherwise the host app is asked, then the session cookie counts, both only if {@link Origins} finds no problem.
 */
export class Credentials {
  readonly #sessions: Sessions;
  readonly #operator: (token: string) => Session | undefined;
  readonly #addresses: Addresses;
  readonly #origins: Origins;
  readonly #path: string;
  readonly #workspaceId: string;
  readonly #authenticate: Authenticate | undefined;

  constructor(parts: {
    sessions: Sessions;
    /** Returns the operator's session for the operator's token. */
    operator: (token: string) => Session | undefined;
    addresses: Addresses;
    origins: Origins;
    /** Where Madang is mounted: the cookie's path. */
    path: string;
    /** Identifies the database, in letters and digits: it distinguishes the cookies of several servers on one host. */
    workspaceId: string;
    authenticate: Authenticate | undefined;
  }) {
    this.#sessions = parts.sessions;
    this.#operator = parts.operator;
    this.#addresses = parts.addresses;
    this.#origins = parts.origins;
    this.#path = parts.path;
    this.#workspaceId = parts.workspaceId;
    this.#authenticate = parts.authenticate;
  }

  /** Determines who a request is from. Throws `unauthenticated` for an invalid `Authorization` sent by a program. */
  async find(request: IncomingMessage): Promise<Identity> {
    if (isBearer(request)) return { session: await this.#ofBearer(request) };
    const problem = this.#origins.problemOf(request);
    const session = problem === undefined ? await this.#ofBrowser(request) : undefined;
    if (session) return { session };
    // A browser attaches other schemes on its own, for a proxy. A program means what it sends.
    if (request.headers.authorization !== undefined && !isBrowsers(request)) fail('unauthenticated', BAD_AUTHORIZATION);
    return { refusal: this.#refusal(request, problem) };
  }

  /**
   * The session of a token that a request carries elsewhere than in `Authorization`; the host app is asked as if it
   * were there. Undefined if nobody knows the token.
   */
  async ofToken(token: string, request: IncomingMessage): Promise<Session | undefined> {
    const host = await this.#ofHost(asBearers(request, token));
    return host ?? this.#sessions.find(token, this.#addresses.of(request));
  }

  /**
   * The `Set-Cookie` header for a new session; scripts can't read the token. Undefined if the request's cookies would
   * not count: otherwise any page could sign its visitor in as somebody else.
   */
  cookieFor(token: string, request: IncomingMessage): string | undefined {
    return this.#serialize(token, request, COOKIE_MAX_AGE);
  }

  /** The `Set-Cookie` header that clears the session cookie; undefined if the request's cookies would not count. */
  clearedCookie(request: IncomingMessage): string | undefined {
    return this.#serialize('', request, 0);
  }

  /**
   * The name of the session cookie. A cookie belongs to a host with all its ports, and behind a proxy that strips
   * prefixes even the path is the same, so the name identifies the server. With TLS, its prefix keeps a page without
   * TLS from setting it; `__Host-`, which requires the path `/`, also keeps out other hosts of the same site (RFC
   * 6265bis, 4.1.3).
   */
  cookieName(request: IncomingMessage): string {
    const prefix = this.#path ? '__Secure-' : '__Host-';
    return `${this.#origins.isSecure(request) ? prefix : ''}madang_session_${this.#workspaceId}`;
  }

  async #ofBearer(request: IncomingMessage): Promise<Session> {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return fail('unauthenticated', BAD_AUTHORIZATION);
    const session = this.#operator(token) ?? (await this.ofToken(token, request));
    return session ?? fail('unauthenticated', 'This token is not valid, or its session has ended');
  }

  async #ofBrowser(request: IncomingMessage): Promise<Session | undefined> {
    const host = await this.#ofHost(request);
    if (host) return host;
    const token = this.#cookieOf(request);
    return token === undefined ? undefined : this.#sessions.find(token, this.#addresses.of(request));
  }

  async #ofHost(request: IncomingMessage): Promise<Session | undefined> {
    if (!this.#authenticate) return undefined;
    const askedAt = performance.now();
    const host = await this.#authenticate(request);
    return host ? this.#sessions.ofHostUser(host, askedAt) : undefined;
  }

  #refusal(request: IncomingMessage, problem: string | undefined): ErrorObject | undefined {
    const { authorization, cookie } = request.headers;
    if (authorization !== undefined) return refused(BAD_AUTHORIZATION, 'authorization');
    if (problem === undefined) return this.#authenticate && refused(UNKNOWN_TO_HOST);
    const isOurs = this.#authenticate ? Boolean(cookie) : this.#cookieOf(request) !== undefined;
    if (isOurs) return refused(`Cookie ignored: ${problem}`, 'cookie');
    return this.#authenticate && refused(`The app's sign-in is ignored: ${problem}`, 'sign-in');
  }

  #cookieOf(request: IncomingMessage): string | undefined {
    return parse(request.headers.cookie ?? '')[this.cookieName(request)];
  }

  #serialize(value: string, request: IncomingMessage, maxAge: number): string | undefined {
    if (this.#origins.problemOf(request) !== undefined) return undefined;
    const secure = this.#origins.isSecure(request);
    const path = this.#path || '/';
    return serialize(this.cookieName(request), value, { httpOnly: true, sameSite: 'lax', secure, path, maxAge });
  }
}

/** `ignored`: the credentials that a rule disregards. */
function refused(message: string, ignored?: 'authorization' | 'cookie' | 'sign-in'): ErrorObject {
  return { code: 'unauthenticated', message, ...(ignored && { details: { ignored } }) };
}
