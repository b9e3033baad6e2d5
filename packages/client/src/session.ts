import { type CommandOutput, fail, type MadangError, type User } from '@madang/protocol';
import type { Beginning, Call } from './connection.js';
import { beginCookieSession, endCookieSession } from './cookie-session.js';
import { errorFrom, mayRetry } from './errors.js';
import { Value } from './observable.js';

/** How a session begins. */
export type Credentials = { name: string } | { token: string };

/** What a session tells when it begins or goes on. */
export type SessionState = CommandOutput<'session.get'>;

/** What the user may do here, whatever room it is, as the operator has set it. */
export type Abilities = SessionState['can'];

/** What a session is made from. */
export interface SessionOptions {
  url: URL;
  credentials: 'token' | 'cookie';
  token: string | undefined;
  name: string | undefined;
}

/** Who is signed in, and by what credentials a connection goes on with the session. */
export class Session {
  readonly user = new Value<User | undefined>(undefined);
  readonly can = new Value<Abilities | undefined>(undefined);
  readonly #options: SessionOptions;
  #token: string | undefined;
  #mayBeginByName = true;
  /** Why the credentials that were shown don't count. */
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

  /** Goes on with the session over a connection that was just opened, or begins one if it can. */
  async begin(call: Call, presentsToken: boolean): Promise<SessionState | Exclude<Beginning, { next: 'online' }>> {
    const state = await this.#resume(call, presentsToken);
    if (state) return this.#accept(state);
    const { name } = this.#options;
    if (name === undefined || !this.#mayBeginByName) return this.#signedOut();
    try {
      if (!this.usesCookie) return await this.start(call, { name });
      // Where cookies are blocked, the next connection has no session either: that must not begin one guest after another.
      this.#mayBeginByName = false;
      await beginCookieSession(this.#options.url, { name });
      return { next: 'again' };
    } catch (error) {
      const known = errorFrom(error);
      if (mayRetry(known)) throw known;
      return { next: 'signed-out', error: known };
    }
  }

  /** Begins a session over a connection that has none. */
  async start(call: Call, credentials: Credentials): Promise<SessionState> {
    const started = await call('session.start', credentials);
    this.#token = started.token;
    return this.#accept(started);
  }

  /** Begins a session that the browser keeps as a cookie; connections opened after it have it. */
  async startByCookie(credentials: Credentials): Promise<void> {
    if (!this.usesCookie) fail('invalid_input', "credentials: is not 'cookie'");
    await beginCookieSession(this.#options.url, credentials);
    this.#mayBeginByName = true;
  }

  /** Ends the session at the server. */
  async end(call: Call): Promise<void> {
    if (this.usesCookie) await endCookieSession(this.#options.url);
    else await call('session.end', {});
  }

  /** The user has another nickname. */
  rename(name: string): void {
    const user = this.user.get();
    if (user && user.name !== name) this.user.set({ ...user, name });
  }

  /** Forgets the session, which is over; no other begins by itself. */
  forget(): void {
    this.#token = undefined;
    this.#mayBeginByName = false;
    this.user.set(undefined);
    this.can.set(undefined);
  }

  /** Forgets a token that the server doesn't know; says whether there is another way in. */
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
      // To have no cookie is no fault, but to have one that doesn't count is.
      if (this.#token !== undefined || known.details?.['ignored'] !== undefined) this.#refusal = known;
      this.#token = undefined;
      return undefined;
    }
  }

  /** Nobody is signed in; tells once what was refused. */
  #signedOut(): { next: 'signed-out'; error?: MadangError } {
    const error = this.#refusal;
    this.#refusal = undefined;
    return { next: 'signed-out', ...(error && { error }) };
  }

  #accept(state: SessionState): SessionState {
    this.#mayBeginByName = true;
    this.#refusal = undefined;
    const can = this.can.get();
    if (can?.createRooms !== state.can.createRooms || can.openDirects !== state.can.openDirects)
      this.can.set(state.can);
    // After it: whoever hears that there is a user finds what they may do.
    const user = this.user.get();
    if (user?.id !== state.user.id || user.name !== state.user.name) this.user.set(state.user);
    return state;
  }
}
