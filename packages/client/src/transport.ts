import type { MadangError } from '@madang/protocol';

/** Callbacks of a transport, none of which is called before the function that opened it has returned. */
export interface TransportHandlers {
  /** Calls can be made now. Called at most once. */
  opened(): void;
  /** An event or a signal arrived. */
  message(name: string, payload: unknown): void;
  /**
   * It has closed, or couldn't be opened. Called once, and not after `close()`. `error` is the server's error, if it
   * sent one.
   */
  closed(error?: MadangError): void;
}

/** Options for opening a transport. */
export interface TransportOptions {
  /** The workspace's address; its path ends with a slash. */
  url: URL;
  /** A session's token; undefined for none (or for the cookie of a page from the same origin). */
  token: string | undefined;
  /** Whether to send cookies to another origin, which must allow this page's (`--origins`). */
  withCookies: boolean;
  handlers: TransportHandlers;
}

/** One connection to a server, from its opening to its end. To reconnect, open another. */
export interface Transport {
  /** Whether the token was sent while opening, so that the session resumes without `session.start`. */
  readonly presentsToken: boolean;
  /**
   * Calls a command and returns its output. Rejects with a `MadangError`: the server's, or `unavailable` if the
   * connection ends before the answer. It has no time-out of its own.
   */
  call(name: string, input: unknown): Promise<unknown>;
  /** Closes it; open calls reject. May be called twice. */
  close(): void;
}

/** Opens a transport. A new wire for the SDK is one function of this type. */
export type OpenTransport = (options: TransportOptions) => Transport;
