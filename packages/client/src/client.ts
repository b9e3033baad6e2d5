import type {
  CommandInput,
  CommandName,
  CommandOutput,
  EventName,
  MadangError,
  Message,
  Room,
  Section,
  SessionAbilities,
  SignalName,
  SignalOf,
  User,
} from '@madang/protocol';
import type { BackOffOptions } from './back-off.js';
import type { ConnectionState } from './connection.js';
import type { CursorReset, Cursors } from './cursors.js';
import type { Observable } from './observable.js';
import type { EarlySocket } from './early-socket.js';
import type { OfflineStore } from './offline-store.js';
import type { OutboxEntry, OutboxStore } from './outbox-store.js';
import type { RoomEvent } from './room-event.js';
import type { RoomView } from './room-state.js';
import type { Credentials } from './session.js';
import type { OpenTransport } from './transport.js';

/** Options of a client. */
export interface ClientOptions {
  /**
   * The server's address: `http://localhost:3000`, or with a mount path `https://host/chat`. In a page it may be
   * relative to the page's address: `/chat`; the page's folder if absent.
   */
  url?: string;
  /**
   * The wire; `socket.io` if absent. `auto` is `websocket`, or `socket.io` where a proxy lets no WebSocket through, and the
   * lightest in a page. A function supplies your own.
   */
  transport?: 'auto' | 'socket.io' | 'websocket' | OpenTransport;
  /** What `openEarly` of `@madang/client/early` has begun; for `transport: 'auto'` and a session in a cookie or none. */
  early?: EarlySocket;
  /**
   * `cookie` (in a browser; from the same origin, or one of the same site that the server's `--origins` lists): the
   * server keeps the session in an HttpOnly cookie and the page never sees the token. `token` (the default): the client
   * has it, see {@link Client.token}.
   */
  credentials?: 'token' | 'cookie';
  /** Resumes this session. */
  token?: string;
  /** Starts a guest with this nickname if there is no session. */
  name?: string;
  /**
   * `false`: `on` listeners don't receive `message.created` of this client's own sends, since the acknowledgement has
   * brought it. Default true.
   */
  echo?: boolean;
  /**
   * Continues where another client was: listeners receive every event after these cursors, as after a lost connection.
   * Register them before `connect()`. From each room's head if absent.
   */
  resume?: Cursors;
  /** Where unsent messages are kept. Default: IndexedDB in browsers, memory elsewhere. */
  outbox?: OutboxStore;
  /**
   * Keeps the user's rooms and the newest messages of those they used last, and shows them when the server can't be
   * reached at the start: `user` and `rooms` are then known while `state` is `offline` or `reconnecting`. Deleted when
   * they sign out, or somebody else signs in. Default: nothing is kept.
   */
  offline?: OfflineStore;
  /** How long to wait between attempts to connect. */
  backOff?: BackOffOptions;
}

/** What `on` can listen to: an event, a signal, or `cursor.reset`, which comes from the client itself. */
export type HeardName = EventName | SignalName | 'cursor.reset';

/** What an `on` listener of this name receives. */
export type Heard<N extends HeardName> = N extends EventName
  ? Extract<RoomEvent, { type: N }>
  : N extends SignalName
    ? SignalOf<N>
    : N extends 'cursor.reset'
      ? CursorReset
      : never;

/** A message in the outbox. */
export interface Sending {
  /** Its id until the server has given it one; see `ViewMessage.key`. */
  clientId: string;
  /**
   * The message as stored. Rejects with a `MadangError` if it was finally refused or discarded, if its user signed out,
   * or if the client was closed. It need not be awaited.
   */
  sent: Promise<Message>;
}

/** A connection to one workspace, for one user or bot. Does nothing before `connect()` or `signIn()`. */
export interface Client {
  readonly state: Observable<ConnectionState>;
  readonly user: Observable<User | undefined>;
  /**
   * What the user may do here, so that a user interface offers nothing that would be `forbidden`; undefined without a
   * session.
   */
  readonly can: Observable<SessionAbilities | undefined>;
  /**
   * How far the server's clock is ahead of the device's, in ms, as the last session began. The times of messages are the
   * server's, so they compare with `Date.now() + clockOffset.get()`, however wrong the device's clock is.
   */
  readonly clockOffset: Observable<number>;
  /** The caller's rooms, kept up to date, in no particular order; without those that they have hidden. */
  readonly rooms: Observable<readonly Room[]>;
  /** The sections of the caller's list of rooms, in their order; a room's `section` is the id of one. */
  readonly sections: Observable<readonly Section[]>;
  /** The messages in the outbox, of all rooms: those that wait, and those that were refused (with an `error`). */
  readonly unsent: Observable<readonly OutboxEntry[]>;
  /**
   * Why the outbox's store can't keep unsent messages, for example because the browser denies storage or the disk is
   * full: they are then in memory only, and lost with the page. Undefined while the store works.
   */
  readonly outboxError: Observable<MadangError | undefined>;
  /**
   * The session's token: a secret, for resuming later. Undefined without a session and with `credentials: 'cookie'`.
   */
  readonly token: string | undefined;
  /** Connects, and reconnects automatically. Does nothing if already called. */
  connect(): void;
  /** Ends the wait for the next attempt to connect. */
  reconnectNow(): void;
  /** Closes for good. Unsent messages stay in the outbox's store. May be called twice. */
  close(): Promise<void>;
  /**
   * Starts a session, connecting first if necessary. Throws `MadangError`: `conflict` if the name is taken or somebody
   * is signed in, `unavailable` if the server can't be reached, `unauthenticated` with `details.cookie`: `'refused'` if the
   * browser does not keep the session's cookie, `'replaced'` if somebody else signs in in another tab meanwhile …
   */
  signIn(credentials: Credentials): Promise<User>;
  /**
   * Ends the session and forgets everything that belonged to it, including unsent messages. Throws `MadangError` if the
   * server can't be told.
   */
  signOut(): Promise<void>;
  /**
   * Calls a command of the table. Throws `MadangError`; `unavailable` if not connected, or after 10 s without an
   * answer.
   */
  call<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>>;
  /**
   * Listens to an event or a signal until the returned function is called. A room's events arrive in seq order, each
   * once, with gaps repaired first: from the room's head at the first connection on, and after each reconnection
   * everything that was missed, however much (a listener of any event makes the client read the whole log; without one,
   * rooms more than 1000 events behind are skipped). A room joined during a break begins at the join. If events can't
   * be delivered, because the server's history is another one or part of it is no longer kept, `cursor.reset` comes
   * first.
   */
  on<N extends HeardName>(name: N, listener: (event: Heard<N>) => void): () => void;
  /**
   * How far listeners have received each room, for `resume`; inside a listener this includes the current event.
   * Undefined before the first session. Save it once the events have been handled.
   */
  cursors(): Cursors | undefined;
  /**
   * Puts a message in the outbox and sends it once. Returns at once: watch the room view, or await `sent`. Your own
   * `clientId`, derived for example from the id of the message you answer, makes the send happen once even across
   * restarts of the program: 1 to 64 letters, digits and `. _ : -`, unique among everything the user sends.
   */
  send(room: string, text: string, options?: { clientId?: string }): Sending;
  /**
   * The messages in a user's outbox, by the user's id, oldest first. For showing what was not sent after a session that ended
   * without signing out. Empty if there are none, or if the store fails.
   */
  unsentOf(user: string): Promise<readonly OutboxEntry[]>;
  /** Sends a failed message again. */
  retry(clientId: string): void;
  /** Discards a message that failed or is waiting. */
  discard(clientId: string): void;
  /** A room's view; the same object for the same id. */
  room(id: string): RoomView;
}
