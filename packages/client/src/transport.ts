import type { MadangError } from '@madang/protocol';

/** What a transport tells. It never does so before the function that opened it has returned. */
export interface TransportHandlers {
  /** Calls can be made now. At most once. */
  opened(): void;
  /** An event or a signal came. */
  message(name: string, payload: unknown): void;
  /** It is over, or couldn't be opened; once, and not after `close()`. `error` is what the server said, if it said anything. */
  closed(error?: MadangError): void;
}

/** What a transport is opened with. */
export interface TransportOptions {
  /** Where the workspace is; its path ends with a slash. */
  url: URL;
  /** A session's token; undefined for none (or the cookie of a page from the same origin). */
  token: string | undefined;
  /** Whether cookies are to go along to another origin, which must allow this page's (`--origins`). */
  withCookies: boolean;
  handlers: TransportHandlers;
}

/** One connection to a server, from its opening to its end. Reconnecting is opening another. */
export interface Transport {
  /** Whether the token was shown while opening, so that the session goes on without `session.start`. */
  readonly presentsToken: boolean;
  /**
   * Calls a command and gives its output. Rejects with a `MadangError`: the server's, or `unavailable` when the
   * connection ends before the answer. It has no time-out of its own.
   */
  call(name: string, input: unknown): Promise<unknown>;
  /** Ends it; open calls reject. Safe twice. */
  close(): void;
}

/** Opens a transport. A new wire for the SDK is one function of this type. */
export type OpenTransport = (options: TransportOptions) => Transport;
