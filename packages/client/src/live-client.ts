import { type CommandInput, type CommandName, type CommandOutput, fail, type User } from '@madang/protocol';
import { autoTransport } from './auto-transport.js';
import { AwayWatch } from './away.js';
import type { Client, ClientOptions, Heard, HeardName, Sending } from './client.js';
import { type Beginning, type Call, Connection } from './connection.js';
import { cookieRefused } from './cookie-session.js';
import { type Cursors, readCursors } from './cursors.js';
import { unavailable } from './errors.js';
import { type NamedSignal, readIncoming } from './incoming.js';
import { socketIo } from './lazy-socket-io.js';
import { Listeners } from './listeners.js';
import { OfflineCopy } from './offline-copy.js';
import type { OfflineState } from './offline-store.js';
import { Outbox } from './outbox.js';
import { indexedDbOutboxStore, memoryOutboxStore, type OutboxEntry } from './outbox-store.js';
import type { RoomEvent } from './room-event.js';
import { RoomFeed } from './room-feed.js';
import type { RoomView } from './room-state.js';
import { type Credentials, Session, type SessionState } from './session.js';
import { ServerClock } from './server-clock.js';
import { serverUrl } from './server-url.js';
import type { OpenTransport } from './transport.js';
import { openPlainWebSocket } from './websocket-transport.js';

/** Creates a client. Throws `invalid_input` for an option that can't be used. */
export function createClient(options: ClientOptions = {}): Client {
  return new LiveClient(options);
}

/** The parts of a client, wired together. */
class LiveClient implements Client {
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #feed: RoomFeed;
  readonly #listeners = new Listeners();
  readonly #offline: OfflineCopy | undefined;
  readonly #away: AwayWatch;
  readonly #clock = new ServerClock();
  readonly #echo: boolean;
  #userId: string | undefined;

  constructor(options: ClientOptions) {
    const { backOff = {}, credentials = 'token', token, name, echo = true } = options;
    const url = serverUrl(options.url);
    this.#echo = echo;
    this.#session = new Session({ url, credentials, token, name });
    this.#connection = new Connection(
      { url, withCookies: credentials === 'cookie', open: openOf(options), backOff },
      {
        token: () => this.#session.token,
        begin: (call, presentsToken) => this.#begin(call, presentsToken),
        refused: (error) => this.#outcome(this.#session.refused(error)),
        message: (event, payload) => this.#message(event, payload),
        probe: (call, hasJumped) => this.#probe(call, hasJumped),
        lost: () => this.#lost(),
      },
    );
    this.#outbox = new Outbox({
      call: this.#connection.call,
      now: this.#clock.now,
      store: options.outbox ?? defaultStore(url),
      backOff,
      changed: (room) => this.#feed.refresh(room),
      acknowledged: (message) => this.#feed.acknowledged(message),
    });
    this.#feed = new RoomFeed({
      call: this.#connection.call,
      backOff,
      isOnline: () => this.#isOnline,
      me: () => this.user.get(),
      entries: (room) => this.#outbox.entries(room),
      arrived: (message) => this.#outbox.arrived(message),
      emit: (event) => this.#emit(event),
      wantsAll: () => this.#listeners.hearEvents,
      reset: (reset) => this.#listeners.emit(reset),
      loaded: () => this.#offline?.changed(),
      ...(options.resume && { resume: readCursors(options.resume) }),
    });
    if (options.offline) {
      this.#offline = new OfflineCopy({
        store: options.offline,
        source: { rooms: () => this.#feed.rooms.all(), lists: () => this.#feed.lists() },
        restore: (state) => this.#restore(state),
      });
      this.rooms.subscribe(() => this.#offline?.changed());
    }
    this.#away = new AwayWatch(() => this.#tellPresence());
    this.#connection.state.subscribe(() => this.#stateChanged());
    this.user.subscribe(() => this.#feed.refresh());
  }

  get state() {
    return this.#connection.state;
  }

  get user() {
    return this.#session.user;
  }

  get clockOffset() {
    return this.#clock.offset;
  }

  get can() {
    return this.#session.can;
  }

  get rooms() {
    return this.#feed.rooms.list;
  }

  get sections() {
    return this.#feed.rooms.sections;
  }

  get unsent() {
    return this.#outbox.all;
  }

  get outboxError() {
    return this.#outbox.storeError;
  }

  get token(): string | undefined {
    return this.#session.token;
  }

  connect(): void {
    this.#offline?.start();
    this.#connection.connect();
  }

  reconnectNow(): void {
    this.#connection.reconnectNow();
  }

  async close(): Promise<void> {
    this.#connection.close();
    this.#feed.close();
    this.#away.close();
    await Promise.all([this.#outbox.close(), this.#offline?.close()]);
  }

  async signIn(credentials: Credentials): Promise<User> {
    if (this.state.get().status === 'closed') throw unavailable('The client was closed');
    if (this.user.get()) fail('conflict', 'Somebody is signed in; sign out first');
    if (this.#session.usesCookie) {
      const started = await this.#session.startByCookie(credentials);
      this.#connection.reopen();
      await this.#connection.ready();
      const state = this.state.get();
      if (state.status === 'signed-out') {
        // It may be the session of somebody else.
        this.#connection.signedOut(state.error);
        await started.end().catch(() => {});
        throw state.error ?? cookieRefused();
      }
    } else {
      await this.#connection.ready();
      if (this.user.get()) fail('conflict', 'Somebody is signed in; sign out first');
      await this.#start(await this.#session.start(this.#connection.call, credentials), this.#connection.call);
      this.#connection.signedIn();
    }
    return this.user.get() ?? fail('unauthenticated', 'The session has already ended');
  }

  async signOut(): Promise<void> {
    try {
      await this.#session.end(this.#connection.call);
    } catch (error) {
      // The server may close the connection, saying why, before it answers.
      if (this.user.get()) throw error;
    }
    this.#ended({ stored: true });
    this.#connection.signedOut();
  }

  async call<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>> {
    if (name === 'message.send') this.#outbox.expect((input as CommandInput<'message.send'>).clientId);
    const output = await this.#connection.call(name, input);
    this.#learn({ name, output } as Answer);
    return output;
  }

  cursors(): Cursors | undefined {
    return this.#feed.cursors();
  }

  on<N extends HeardName>(name: N, listener: (event: Heard<N>) => void): () => void {
    return this.#listeners.add(name, listener);
  }

  send(room: string, text: string, options: { clientId?: string } = {}): Sending {
    return this.#outbox.add(room, text, options.clientId);
  }

  unsentOf(user: string): Promise<readonly OutboxEntry[]> {
    return this.#outbox.stored(user);
  }

  retry(clientId: string): void {
    this.#outbox.retry(clientId);
  }

  discard(clientId: string): void {
    this.#outbox.discard(clientId);
  }

  room(id: string): RoomView {
    return this.#feed.view(id);
  }

  get #isOnline(): boolean {
    return this.state.get().status === 'online';
  }

  async #begin(call: Call, presentsToken: boolean): Promise<Beginning> {
    const begun = await this.#session.begin(call, presentsToken);
    if ('next' in begun) return this.#outcome(begun);
    await this.#start(begun, call);
    return { next: 'online' };
  }

  /** Takes in the state of a session that begins. */
  async #start(state: SessionState, call: Call): Promise<void> {
    if (this.#userId !== undefined && this.#userId !== state.user.id) this.#clear({ stored: false });
    this.#userId = state.user.id;
    this.#clock.learn(state.now);
    this.#offline?.began(
      { user: state.user, can: state.can, sections: state.sections, epoch: state.epoch },
      state.rooms,
    );
    await this.#feed.begin(state, call);
  }

  #probe(call: Call, hasJumped: boolean): Promise<unknown> {
    return hasJumped
      ? call('session.get', {}).then(({ now }) => this.#clock.learn(now))
      : call('presence.set', { presence: this.#away.presence });
  }

  /** Without the server: continues as whoever was signed in last. */
  #restore(state: OfflineState): void {
    const { user, can } = state.session;
    if (this.user.get() || this.state.get().status === 'closed') return;
    this.#userId = user.id;
    this.#feed.restore(state);
    this.#session.restore(user, can);
    this.#outbox.own(user.id);
  }

  #stateChanged(): void {
    switch (this.state.get().status) {
      case 'online':
        return this.#online();
      case 'offline':
      case 'reconnecting':
        return this.#offline?.unreachable();
      case 'signed-out':
        return this.#offline?.forget();
      default:
    }
  }

  #online(): void {
    this.#outbox.begin(this.#userId!);
    this.#feed.online();
    if (this.#away.isAway) this.#tellPresence();
  }

  #lost(): void {
    this.#feed.pause();
    this.#outbox.pause();
  }

  #outcome(beginning: Beginning): Beginning {
    if (beginning.next === 'signed-out' && this.user.get()) this.#ended({ stored: false });
    return beginning;
  }

  #ended(options: { stored: boolean }): void {
    this.#offline?.forget();
    this.#session.forget();
    this.#clear(options);
  }

  #clear(options: { stored: boolean }): void {
    this.#userId = undefined;
    this.#outbox.forget(options);
    this.#feed.clear();
  }

  #message(name: string, payload: unknown): void {
    const incoming = readIncoming(name, payload);
    if (!incoming) return;
    if (incoming.kind === 'event') this.#feed.receive(incoming.event);
    else this.#signalled(incoming.signal);
  }

  #signalled(signal: NamedSignal): void {
    this.#feed.signalled(signal);
    if (signal.type === 'server.closing') this.#connection.waitAtLeast(signal.reconnectMs);
    if (signal.type === 'session.ended') {
      this.#ended({ stored: signal.reason === 'signed_out' });
      this.#connection.signedOut();
    }
    this.#listeners.emit(signal);
  }

  #emit(event: RoomEvent): void {
    const me = this.user.get()?.id;
    if (event.type === 'member.updated' && event.user.id === me) this.#session.rename(event.user.name);
    const isOwn =
      event.type === 'message.created' && event.actor.id === me && this.#outbox.takeOwn(event.message.clientId);
    if (this.#echo || !isOwn) this.#listeners.emit(event);
  }

  /** What an answer says about rooms and the user is applied at once, without waiting for its event. */
  #learn(answer: Answer): void {
    switch (answer.name) {
      case 'room.create':
      case 'room.get':
      case 'room.join':
      case 'room.update':
      case 'room.invite':
      case 'direct.open':
        return this.#feed.learn(answer.output.room);
      case 'room.leave':
        return this.#feed.leave(answer.output.room);
      case 'room.hide':
        return this.#feed.rooms.setHidden(answer.output.room, true);
      case 'membership.set':
      case 'notification.set':
        return this.#feed.rooms.setMembership(answer.output);
      case 'section.set':
      case 'section.list':
        return this.#feed.rooms.setSections(answer.output.sections);
      case 'user.block':
        return this.#feed.rooms.setBlocked(answer.output.user.id, true);
      case 'user.unblock':
        return this.#feed.rooms.setBlocked(answer.output.user.id, false);
      case 'user.update':
        return this.#session.rename(answer.output.user.name);
      case 'read.mark':
        return this.#feed.rooms.marked(answer.output);
      case 'message.send':
        return this.#feed.acknowledged(answer.output.message);
      case 'message.edit':
      case 'message.delete':
      case 'message.react':
        return this.#feed.settled(answer.output);
      default:
    }
  }

  #tellPresence(): void {
    if (!this.#isOnline) return;
    // A signal may be lost.
    this.#connection.call('presence.set', { presence: this.#away.presence }).catch(() => {});
  }
}

type Answer = { [N in CommandName]: { name: N; output: CommandOutput<N> } }[CommandName];

function openOf({ transport = 'socket.io', early }: ClientOptions): OpenTransport {
  if (typeof transport === 'function') return transport;
  switch (transport) {
    case 'auto':
      return autoTransport(early);
    case 'socket.io':
      return socketIo(['websocket', 'polling']);
    case 'websocket':
      return openPlainWebSocket;
    default:
      return fail('invalid_input', 'transport must be auto, socket.io, websocket or a function');
  }
}

function defaultStore(url: URL) {
  // Not its value: where storage is denied, even reading that throws.
  return 'indexedDB' in globalThis ? indexedDbOutboxStore(`madang-outbox ${url.href}`) : memoryOutboxStore();
}
