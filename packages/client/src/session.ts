import { type CommandOutput, fail, type MadangError, type SessionAbilities, type User } from '@madang/protocol';
import type { Beginning, Call } from './connection.js';
import { beginCookieSession, cookieReplaced, endCookieSession, type StartedSession } from './cookie-session.js';
import { errorFrom, mayRetry } from './errors.js';
import { Value } from './observable.js';

/** How to start a session. */
export type Credentials = { name: string } | { token: string };

/** The state of a session that begins or resumes. */
export type SessionState = CommandOutput<'session.get'>;

/** Options of a session. */
export interface SessionOptions {
  url: URL;
  credentials: 'token' | 'cookie';
  token: string | undefined;
  name: string | undefined;
}

/** Who is signed in, and the credentials with which a connection resumes the session. */
export class Session {
  readonly user = new Value<User | undefined>(undefined);
  readonly can = new Value<SessionAbilities | undefined>(undefined);
  readonly #options: SessionOptions;
  #token: string | undefined;
  #mayBeginByName = true;
  /** Who is signing in, if the session is to be theirs and nobody else's. */
  #expected: string | undefined;
  /** Why the presented credentials don't count. */
  #refusal: MadangError | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#token = options.token;
  }

  get token(): string | undefined {
    return this.#token;
  }

  get usesCookie(): boolean {
    return this.#options.credentials === 'cookie';
  }

  /** Resumes the session over a new connection, or starts one if it can. */
  async begin(call: Call, presentsToken: boolean): Promise<SessionState | Exclude<Beginning, { next: 'online' }>> {
    const state = await this.#resume(call, presentsToken);
    const expected = this.#expected;
    this.#expected = undefined;
    if (state && expected !== undefined && state.user.id !== expected) {
      return { next: 'signed-out', error: cookieReplaced() };
    }
    if (state) return this.#accept(state);
    const { name } = this.#options;
    if (name === undefined || !this.#mayBeginByName) return this.#signedOut();
    try {
      if (!this.usesCookie) return await this.start(call, { name });
      // Where cookies are blocked, the next connection has no session either: that must not create one guest after
      // another.
      this.#mayBeginByName = false;
      await beginCookieSession(this.#options.url, { name });
      return { next: 'again' };
    } catch (error) {
      const known = errorFrom(error);
      if (mayRetry(known)) throw known;
      return { next: 'signed-out', error: known };
    }
  }

  /** Starts a session over a connection that has none. */
  async start(call: Call, credentials: Credentials): Promise<SessionState> {
    const started = await call('session.start', credentials);
    this.#token = started.token;
    return this.#accept(started);
  }

  /** Starts a session that the browser keeps as a cookie; later connections have it. */
  async startByCookie(credentials: Credentials): Promise<StartedSession> {
    if (!this.usesCookie) fail('invalid_input', "credentials: is not 'cookie'");
    const started = await beginCookieSession(this.#options.url, credentials);
    this.#mayBeginByName = true;
    this.#expected = started.userId;
    return started;
  }

  /** Ends the session on the server. */
  async end(call: Call): Promise<void> {
    if (this.usesCookie && (await endCookieSession(this.#options.url, this.user.get()?.id))) return;
    await call('session.end', {});
  }

  /** Until the server says otherwise, this user is signed in. */
  restore(user: User, can: SessionAbilities): void {
    this.can.set(can);
    this.user.set(user);
  }

  /** The user has a new nickname. */
  rename(name: string): void {
    const user = this.user.get();
    if (user && user.name !== name) this.user.set({ ...user, name });
  }

  /** Forgets the session, which has ended. No other one starts on its own. */
  forget(): void {
    this.#token = undefined;
    this.#mayBeginByName = false;
    this.user.set(undefined);
    this.can.set(undefined);
  }

  /** Forgets a token that the server doesn't know. Returns what to do next. */
  refused(error: MadangError): Beginning {
    const hadToken = this.#token !== undefined;
    this.#token = undefined;
    this.#refusal = error;
    return hadToken ? { next: 'again' } : this.#signedOut();
  }

  async #resume(call: Call, presentsToken: boolean): Promise<SessionState | undefined> {
    if (this.#token === undefined && !this.usesCookie) return undefined;
    try {
      if (this.#token !== undefined && !presentsToken) return await call('session.start', { token: this.#token });
      return await call('session.get', {});
    } catch (error) {
      const known = errorFrom(error);
      if (known.code !== 'unauthenticated') throw known;
      // Having no cookie is no error, but having one that doesn't count is.
      if (this.#token !== undefined || known.details?.['ignored'] !== undefined) this.#refusal = known;
      this.#token = undefined;
      return undefined;
    }
  }

  /** Nobody is signed in. Reports once what was refused. */
  #signedOut(): { next: 'signed-out'; error?: MadangError } {
    const error = this.#refusal;
    this.#refusal = undefined;
    return { next: 'signed-out', ...(error && { error }) };
  }

  #accept(state: SessionState): SessionState {
    this.#mayBeginByName = true;
    this.#refusal = undefined;
    if (JSON.stringify(this.can.get()) !== JSON.stringify(state.can)) this.can.set(state.can);
    // Set afterwards: whoever learns that there is a user can then find what they may do.
    const user = this.user.get();
    if (user?.id !== state.user.id || user.name !== state.user.name) this.user.set(state.user);
    return state;
  }
}
