import type { CommandInput, CommandName, CommandOutput, MadangError } from '@madang/protocol';
import { BackOff, type BackOffOptions } from './back-off.js';
import { isDeviceOffline, watchDevice } from './device.js';
import { errorFrom, unavailable } from './errors.js';
import { Value } from './observable.js';
import { Timers } from './timers.js';
import type { OpenTransport, Transport } from './transport.js';

/** The state of the client's connection. */
export type ConnectionState =
  | { status: 'idle' }
  | { status: 'connecting' }
  /** Nobody is signed in: show the nickname form. `error` says why, unless there simply was no session. */
  | { status: 'signed-out'; error?: MadangError }
  | { status: 'online' }
  /** The server can't be reached, or is restarting; the next attempt is at `retryAt` (ms since 1970). */
  | { status: 'reconnecting'; attempt: number; retryAt: number }
  /** The device has no network. The client reconnects when the network is back. */
  | { status: 'offline' }
  | { status: 'closed' };

/** Calls a command of the table. Rejects with a `MadangError`. */
export type Call = <N extends CommandName>(name: N, input: CommandInput<N>) => Promise<CommandOutput<N>>;

/** What to do with a new connection: `again` opens another, with other credentials. */
export type Beginning = { next: 'online' } | { next: 'again' } | { next: 'signed-out'; error?: MadangError };

/** The user of the connection. */
export interface ConnectionOwner {
  /** The token to send while opening. */
  token(): string | undefined;
  /** Starts the session and fetches what was missed. If it throws, the connection is dropped and opened again later. */
  begin(call: Call, presentsToken: boolean): Promise<Beginning>;
  /** The server refused the token while opening. */
  refused(error: MadangError): Beginning;
  /** An event or a signal arrived. */
  message(name: string, payload: unknown): void;
  /** Makes a harmless call, whose answer shows that the connection is alive. `hasJumped`: the device's clock did. */
  probe(call: Call, hasJumped: boolean): Promise<unknown>;
  /** The connection is gone; its open calls have rejected or are about to. */
  lost(): void;
}

/** How a connection is made. */
export interface ConnectionOptions {
  url: URL;
  withCookies: boolean;
  open: OpenTransport;
  backOff?: BackOffOptions;
}

/** How long a call, or opening a connection, may take, in ms. */
const TIME_OUT_MS = 10_000;

/** How long an open connection may take to prove that it is alive, in ms. */
const PROBE_MS = 2_000;

/** A connection that lasted this long, in ms, was good: the back-off starts over. */
const GOOD_MS = 5_000;

/** Maintains one connection to the server over either transport: opens it, and replaces it after each loss. */
export class Connection {
  readonly state = new Value<ConnectionState>({ status: 'idle' });
  readonly #options: ConnectionOptions;
  readonly #owner: ConnectionOwner;
  readonly #backOff: BackOff;
  readonly #timers = new Timers();
  #transport: Transport | undefined;
  /** The current transport is past `begin`. */
  #isBegun = false;
  /** Being probed. */
  #probed: Transport | undefined;
  /** How often anything has arrived over the current transport. */
  #arrivals = 0;
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  // These two by a clock that nobody can set: on a device whose date is changed, a wait stays as long as it was.
  #onlineSince = 0;
  #notBefore = 0;
  #cancelTimer = () => {};
  #unwatchDevice: (() => void) | undefined;

  constructor(options: ConnectionOptions, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#backOff = new BackOff(options.backOff);
  }

  /** Starts connecting, and keeps trying until closed. Does nothing if already started. */
  connect(): void {
    if (this.state.get().status !== 'idle') return;
    this.#unwatchDevice = watchDevice({
      awake: (hasJumped) => (this.#transport ? this.#probe(this.#transport, hasJumped) : this.#hurry()),
      offline: () => this.#wentOffline(),
    });
    this.state.set({ status: 'connecting' });
    this.#open();
  }

  /** Ends the wait for the next attempt. */
  reconnectNow(): void {
    const { status } = this.state.get();
    if (this.#transport || (status !== 'reconnecting' && status !== 'offline')) return;
    if (!isDeviceOffline()) {
      this.state.set({ status: 'reconnecting', attempt: Math.max(1, this.#backOff.attempt), retryAt: Date.now() });
    }
    this.#open();
  }

  /** Drops the connection, if there is one, and opens another at once: the credentials have changed. */
  reopen(): void {
    if (this.state.get().status === 'closed') return;
    this.#drop();
    this.state.set({ status: 'connecting' });
    this.#open();
  }

  /** Drops the connection and opens none: nobody is signed in. */
  signedOut(error?: MadangError): void {
    if (this.state.get().status === 'closed') return;
    this.#drop();
    this.#signedOut(error);
  }

  /**
   * Opens a connection unless there is one, and resolves when it is usable, with or without a session. Rejects with
   * `unavailable` if it can't be opened now.
   */
  ready(): Promise<void> {
    const { status } = this.state.get();
    if (status === 'closed') return Promise.reject(unavailable('The client was closed'));
    if (this.#isBegun) return Promise.resolve();
    const ready = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    if (status === 'idle') this.connect();
    else if (!this.#transport) this.#open();
    return ready;
  }

  /** A call has given the current connection a session. */
  signedIn(): void {
    if (this.#isBegun) this.#becameGood();
    else this.reopen();
  }

  /** The server asked not to be called again for this long, in ms. */
  waitAtLeast(ms: number): void {
    this.#notBefore = performance.now() + ms;
  }

  /** Calls over the current connection. `unavailable` if there is none, and if no answer comes within 10 s. */
  readonly call: Call = (name, input) => {
    if (!this.#transport || !this.#isBegun) {
      return Promise.reject(unavailable('There is no connection to the server'));
    }
    return this.#callOver(this.#transport, name, input);
  };

  /** Closes for good. May be called twice. */
  close(): void {
    if (this.state.get().status === 'closed') return;
    this.#unwatchDevice?.();
    this.#drop();
    this.#timers.close();
    this.state.set({ status: 'closed' });
  }

  #open(): void {
    this.#cancelTimer();
    const transport = this.#options.open({
      url: this.#options.url,
      withCookies: this.#options.withCookies,
      token: this.#owner.token(),
      handlers: {
        opened: () => {
          if (transport === this.#transport) void this.#begin(transport);
        },
        message: (name, payload) => {
          if (transport !== this.#transport) return;
          this.#arrivals += 1;
          this.#owner.message(name, payload);
        },
        closed: (error) => {
          if (transport === this.#transport) this.#lost(error);
        },
      },
    });
    this.#transport = transport;
    this.#cancelTimer = this.#timers.after(TIME_OUT_MS, () => this.#lost());
  }

  async #begin(transport: Transport): Promise<void> {
    this.#cancelTimer();
    try {
      const call: Call = (name, input) => this.#callOver(transport, name, input);
      const beginning = await this.#owner.begin(call, transport.presentsToken);
      if (transport !== this.#transport) return;
      if (beginning.next !== 'again') this.#isBegun = true;
      this.#follow(beginning);
      if (this.#isBegun) for (const { resolve } of this.#waiting.splice(0)) resolve();
    } catch (error) {
      if (transport === this.#transport) this.#lost(errorFrom(error));
    }
  }

  #follow(beginning: Beginning): void {
    switch (beginning.next) {
      case 'online':
        return this.#becameGood();
      case 'again':
        this.#close();
        return this.#open();
      case 'signed-out':
        return this.#signedOut(beginning.error);
    }
  }

  #becameGood(): void {
    this.#onlineSince = performance.now();
    this.state.set({ status: 'online' });
  }

  #signedOut(error: MadangError | undefined): void {
    this.state.set({ status: 'signed-out', ...(error && { error }) });
  }

  #lost(error?: MadangError): void {
    const { status } = this.state.get();
    if (error?.code === 'unauthenticated') {
      this.#close();
      this.#follow(this.#owner.refused(error));
      return;
    }
    this.#drop();
    // A user who is looking at the nickname form needs no connection; signing in opens one.
    if (status === 'signed-out' || status === 'closed') return;
    if (status === 'online' && performance.now() - this.#onlineSince >= GOOD_MS) this.#backOff.reset();
    if (error?.retryAfter !== undefined) this.waitAtLeast(error.retryAfter * 1000);
    this.#retryLater();
  }

  #retryLater(): void {
    const isOffline = isDeviceOffline();
    const backOffMs = isOffline ? this.#backOff.maxMs : this.#backOff.next();
    const waitMs = Math.max(backOffMs, this.#notBefore - performance.now());
    this.state.set(
      isOffline
        ? { status: 'offline' }
        : { status: 'reconnecting', attempt: this.#backOff.attempt, retryAt: Date.now() + Math.round(waitMs) },
    );
    this.#cancelTimer = this.#timers.after(waitMs, () => this.#open());
  }

  /** Closes the current transport, and rejects those who wait for one. */
  #drop(): void {
    this.#close();
    for (const { reject } of this.#waiting.splice(0)) reject(unavailable('The server cannot be reached'));
  }

  #close(): void {
    this.#cancelTimer();
    const transport = this.#transport;
    if (!transport) return;
    this.#transport = undefined;
    this.#isBegun = false;
    this.#owner.lost();
    transport.close();
  }

  #hurry(): void {
    if (performance.now() >= this.#notBefore) this.reconnectNow();
  }

  /**
   * Replaces a connection over which nothing arrives any more. The browser would notice only when its system gives up on
   * the TCP connection, which takes minutes, and the server's next ping is up to a heartbeat away.
   */
  #probe(transport: Transport, hasJumped: boolean): void {
    if (this.state.get().status !== 'online' || this.#probed === transport) return;
    this.#probed = transport;
    const before = this.#arrivals;
    let isAnswered = false;
    // A refusal is an answer too.
    const answered = () => void (isAnswered = true);
    this.#owner.probe(this.call, hasJumped).then(answered, answered);
    const conclude = () => {
      this.#probed = undefined;
      if (isAnswered || this.#arrivals > before || transport !== this.#transport) return;
      this.#lost();
      this.#hurry();
    };
    // One turn later: in a page that has just woken the answer may wait behind this timer.
    this.#timers.after(PROBE_MS, () => this.#timers.after(0, conclude));
  }

  #wentOffline(): void {
    if (this.#transport && this.state.get().status !== 'signed-out') this.#lost();
  }

  async #callOver<N extends CommandName>(
    transport: Transport,
    name: N,
    input: CommandInput<N>,
  ): Promise<CommandOutput<N>> {
    const late = () => unavailable(`${name} had no answer within ${TIME_OUT_MS / 1000} s`);
    try {
      return (await this.#timers.within(TIME_OUT_MS, transport.call(name, input), late)) as CommandOutput<N>;
    } catch (error) {
      throw errorFrom(error);
    }
  }
}
