import type {
  CommandInput,
  CommandName,
  CommandOutput,
  EventName,
  LoggedEvent,
  MadangError,
  Message,
  Room,
  SignalName,
  SignalOf,
  User,
} from '@madang/protocol';
import type { BackOffOptions } from './back-off.js';
import type { ConnectionState } from './connection.js';
import type { CursorReset, Cursors } from './cursors.js';
import type { Observable } from './observable.js';
import type { OutboxStore } from './outbox-store.js';
import type { RoomView } from './room-state.js';
import type { Abilities, Credentials } from './session.js';
import type { OpenTransport } from './transport.js';

/** What a client is made with. */
export interface ClientOptions {
  /**
   * Where the server is: `http://localhost:3000`, or with a mount path `https://host/chat`. In a page it may be relative
   * to the page's address: `/chat`; the page's folder if absent.
   */
  url?: string;
  /** The wire; `socket.io` if absent. A function brings one of your own. */
  transport?: 'socket.io' | 'websocket' | OpenTransport;
  /**
   * `cookie` (a browser; the same origin, or one of the same site that the server's `--origins` lists): the server keeps the session in an HttpOnly cookie and the page never has the
   * token. `token` if absent: the client has it, see {@link Client.token}.
   */
  credentials?: 'token' | 'cookie';
  /** Goes on with this session. */
  token?: string;
  /** Begins as a guest with this nickname when there is no session. */
  name?: string;
  /** `false`: `message.created` of this client's own sends is not given to `on` listeners, for the acknowledgement brought it. Default true. */
  echo?: boolean;
  /**
   * Goes on where another client was: listeners are told every event after these cursors, as after a break. Register
   * them before `connect()`. From each room's head if absent.
   */
  resume?: Cursors;
  /** Where unsent messages are kept; IndexedDB in browsers, memory elsewhere if absent. */
  outbox?: OutboxStore;
  /** How long to wait between attempts to connect. */
  backOff?: BackOffOptions;
}

/** What `on` can hear: an event, a signal, or `cursor.reset`, which the client itself tells. */
export type HeardName = EventName | SignalName | 'cursor.reset';

/** What `on` hears by this name. */
export type Heard<N extends HeardName> = N extends EventName
  ? Extract<LoggedEvent, { type: N }>
  : N extends SignalName
    ? SignalOf<N>
    : N extends 'cursor.reset'
      ? CursorReset
      : never;

/** A message that is on its way. */
export interface Sending {
  /** Its id until it has one of the server's; see `ViewMessage.key`. */
  clientId: string;
  /**
   * The message as it was stored. Rejects with a `MadangError` when it was refused for good or discarded, when its user
   * signed out, or when the client was closed. It need not be awaited.
   */
  sent: Promise<Message>;
}

/** A connection to one workspace, for one person or bot. Nothing happens before `connect()` or `signIn()`. */
export interface Client {
  readonly state: Observable<ConnectionState>;
  readonly user: Observable<User | undefined>;
  /** What the user may do here, so that nothing is offered that would be `forbidden`; undefined without a session. */
  readonly can: Observable<Abilities | undefined>;
  /** The caller's rooms, kept up to date, in any order; without those that they have hidden. */
  readonly rooms: Observable<readonly Room[]>;
  /**
   * Why unsent messages can't be kept in the outbox's store, as where a browser denies storage or the disk is full: they
   * are then in memory only, and lost with the page. Undefined while the store works.
   */
  readonly outboxError: Observable<MadangError | undefined>;
  /** The session's token: a secret, to go on with later. Undefined without a session and with `credentials: 'cookie'`. */
  readonly token: string | undefined;
  /** Connects, and after each loss again by itself. Does nothing when it has begun. */
  connect(): void;
  /** Ends the wait for the next attempt to connect. */
  reconnectNow(): void;
  /** Ends everything for good; unsent messages stay in the outbox's store. Safe twice. */
  close(): Promise<void>;
  /** Begins a session, connecting if need be. Throws `MadangError`: `conflict` when the name is taken or somebody is signed in, `unavailable` when the server can't be reached … */
  signIn(credentials: Credentials): Promise<User>;
  /** Ends the session and forgets what belonged to it, unsent messages too. Throws `MadangError` when the server can't be told. */
  signOut(): Promise<void>;
  /** Calls a command of the table. Throws `MadangError`; `unavailable` when not connected, or after 10 s without an answer. */
  call<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>>;
  /**
   * Hears an event or a signal until the returned function is called. A room's events come in seq order, each once, with
   * gaps repaired before: from the room's head at the first connection on, and after each reconnection all that was
   * missed, however much (a listener of any event has the whole log read; without one, rooms that are more than 1000
   * events behind are passed over). A room that was joined during a break begins at the joining. Where events can't be
   * told, since the server's history is another one or part of it is no longer kept, `cursor.reset` says so first.
   */
  on<N extends HeardName>(name: N, listener: (event: Heard<N>) => void): () => void;
  /**
   * How far listeners have been told, for `resume`; inside a listener, with the event that it is told. Undefined before
   * the first session. Save it when what was told is dealt with.
   */
  cursors(): Cursors | undefined;
  /**
   * Puts a message in the outbox and sends it once. Returns at once: watch the room view, or await `sent`. A `clientId`
   * of your own, such as one made from the id of the message that you answer, makes the send once also over a restart of
   * the program: 1 to 64 letters, digits and `. _ : -`, unique among all that the user sends.
   */
  send(room: string, text: string, options?: { clientId?: string }): Sending;
  /** Sends a failed message again. */
  retry(clientId: string): void;
  /** Throws away a failed message, or one that waits. */
  discard(clientId: string): void;
  /** What one room shows; the same object for the same id. */
  room(id: string): RoomView;
}
