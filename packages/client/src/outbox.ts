import { MadangError, type Message } from '@madang/protocol';
import { BackOff, type BackOffOptions } from './back-off.js';
import { newClientId } from './client-id.js';
import type { Call } from './connection.js';
import { errorFrom, mayRetry, unavailable } from './errors.js';
import { Derived, Value } from './observable.js';
import type { OutboxEntry, OutboxStore } from './outbox-store.js';
import { Timers } from './timers.js';

/** The most rooms with a message in flight at the same time. */
const MAX_IN_FLIGHT = 32;

/** A store that takes longer than this, in ms, counts as failing. */
const STORE_MS = 3000;

/** The user of entries written before anybody signed in. They are kept in memory only. */
const NOBODY = '';

/** The outbox's options and callbacks. */
export interface OutboxOptions {
  call: Call;
  /** The server's time, for when a message was written. */
  now: () => number;
  store: OutboxStore;
  backOff?: BackOffOptions;
  /** The entries of a room have changed. */
  changed(room: string): void;
  /** A message was acknowledged. */
  acknowledged(message: Message): void;
}

/** The waiting messages of one room, oldest first, and the one in flight. */
interface Lane {
  entries: OutboxEntry[];
  inFlight: OutboxEntry | undefined;
  cancelWait: (() => void) | undefined;
  backOff: BackOff;
}

interface Sent {
  promise: Promise<Message>;
  resolve(message: Message): void;
  reject(error: MadangError): void;
}

/**
 * Sends each message once, and a room's messages in the order they were written. One message per room is in flight:
 * with two, the first could be refused for the moment and the second not. Rooms don't wait for each other. A message is
 * retried, with the same `clientId`, until the server has it or finally refuses it. Then it stays as failed, and those
 * behind it continue.
 */
export class Outbox {
  /** Why the store fails, so that waiting messages are in memory only. Undefined while it works. */
  readonly storeError = new Value<MadangError | undefined>(undefined);
  /** The entries of all rooms. */
  readonly all = new Derived<readonly OutboxEntry[]>(() => [...this.#lanes.values()].flatMap(({ entries }) => entries));
  readonly #options: OutboxOptions;
  readonly #timers = new Timers();
  readonly #lanes = new Map<string, Lane>();
  readonly #sent = new Map<string, Sent>();
  /** Written before the page was reloaded, or in another tab, which may send them too. */
  readonly #adopted = new Set<string>();
  /** Sent by this client, whose event has not been emitted yet. */
  readonly #unheard = new Set<string>();
  /** Could not be stored yet; retried once the store works. */
  readonly #unkept = new Set<OutboxEntry>();
  #storing: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;
  #user: string | undefined;
  #isLoaded = false;
  #isOnline = false;
  #isLimited = false;
  #inFlight = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** A room's entries in the order of sending, including failed ones. A new array after each change. */
  entries(room: string): readonly OutboxEntry[] {
    return this.#lanes.get(room)?.entries ?? [];
  }

  /**
   * Adds a message. If there already is one with this id, continues or retries it. `sent` rejects if it is finally
   * refused or discarded, or its user signs out.
   */
  add(room: string, text: string, clientId = newClientId()): { clientId: string; sent: Promise<Message> } {
    const sent = this.#expectSent(clientId);
    if (this.#find(clientId)) {
      this.retry(clientId);
      return { clientId, sent };
    }
    const entry = { user: this.#user ?? NOBODY, clientId, room, text, at: this.#options.now() };
    const lane = this.#lane(room);
    lane.entries = [...lane.entries, entry];
    this.#keep(entry);
    this.#changed(room);
    this.#pump(lane);
    return { clientId, sent };
  }

  /** Sends a failed message again, behind those that are waiting. */
  retry(clientId: string): void {
    const found = this.#find(clientId);
    if (!found?.entry.error) return;
    const { error: _, ...entry } = found.entry;
    found.lane.entries = [...without(found.lane.entries, clientId), entry];
    this.#keep(entry);
    this.#changed(entry.room);
    this.#pump(found.lane);
  }

  /** Discards a message unless it is in flight. */
  discard(clientId: string): void {
    const found = this.#find(clientId);
    if (!found || found.lane.inFlight?.clientId === clientId) return;
    this.#takeOut(found.lane, found.entry);
    this.#settle(clientId)?.reject(unavailable('The message was discarded'));
  }

  /** The connection is up, with a session: loads the user's entries if necessary, and sends. */
  begin(user: string): void {
    this.#isOnline = true;
    for (const lane of this.#lanes.values()) stopWaiting(lane);
    if (this.#user === user) {
      this.#pumpAll();
      // Another tab may have left messages in the store, and be closed by now.
      void this.#storing.then(() => this.#load(user));
    } else {
      this.own(user);
    }
  }

  /** What is written from now on is this user's. Loads what they wrote before. */
  own(user: string): void {
    this.#user = user;
    this.#isLoaded = false;
    for (const lane of this.#lanes.values()) {
      lane.entries = lane.entries.map((entry) => ({ ...entry, user }));
      for (const entry of lane.entries) this.#keep(entry);
    }
    void this.#load(user);
  }

  /** The connection is gone. What was in flight has failed or is about to, and is sent again after {@link begin}. */
  pause(): void {
    this.#isOnline = false;
  }

  /** What a user's store has, oldest first; nothing if it fails. */
  async stored(user: string): Promise<readonly OutboxEntry[]> {
    return (await this.#ask((store) => store.load(user))) ?? [];
  }

  /** The user has gone: rejects and forgets what is waiting; with `stored`, in the store too. */
  forget({ stored }: { stored: boolean }): void {
    const lanes = [...this.#lanes.values()];
    this.#lanes.clear();
    this.#adopted.clear();
    this.#user = undefined;
    for (const lane of lanes) {
      stopWaiting(lane);
      if (stored) for (const entry of lane.entries) this.#unkeep(entry);
      for (const entry of lane.entries) this.#settle(entry.clientId)?.reject(signedOut());
      if (lane.entries[0]) this.#changed(lane.entries[0].room);
    }
  }

  /** The server has this message: known from its acknowledgement or its event, whichever comes first. */
  arrived(message: Message): void {
    const found = message.clientId === undefined ? undefined : this.#find(message.clientId);
    if (!found || found.entry.room !== message.room) return;
    if (found.lane.inFlight?.clientId === message.clientId) found.lane.inFlight = undefined;
    found.lane.backOff.reset();
    this.#takeOut(found.lane, found.entry);
    this.#settle(found.entry.clientId)?.resolve(message);
    this.#pump(found.lane);
  }

  /** A plain call is sending a message with this id. */
  expect(clientId: string | undefined): void {
    if (clientId !== undefined) this.#unheard.add(clientId);
  }

  /** Whether an event is for a message sent by this client. To be called once per event. */
  takeOwn(clientId: string | undefined): boolean {
    return clientId !== undefined && this.#unheard.delete(clientId);
  }

  /** Stops sending; entries stay in the store. May be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    this.#isOnline = false;
    for (const lane of this.#lanes.values()) stopWaiting(lane);
    for (const clientId of this.#sent.keys()) this.#settle(clientId)?.reject(unavailable('The client was closed'));
    await this.#inTime(this.#storing).catch(() => {});
    await this.#inTime(this.#options.store.close()).catch(() => {});
    this.#timers.close();
  }

  async #load(user: string): Promise<void> {
    const stored = await this.stored(user);
    if (this.#user !== user) return;
    for (const entry of stored.toReversed()) {
      const lane = this.#lane(entry.room);
      if (lane.entries.some(({ clientId }) => clientId === entry.clientId)) continue;
      lane.entries = [entry, ...lane.entries];
      this.#adopted.add(entry.clientId);
      this.#changed(entry.room);
    }
    this.#isLoaded = true;
    this.#pumpAll();
  }

  #pumpAll(): void {
    for (const lane of this.#lanes.values()) this.#pump(lane);
  }

  #pump(lane: Lane): void {
    if (!this.#isOnline || !this.#isLoaded || this.#isLimited || this.#inFlight >= MAX_IN_FLIGHT) return;
    if (lane.inFlight || lane.cancelWait) return;
    const entry = lane.entries.find(({ error }) => !error);
    if (!entry) return;
    lane.inFlight = entry;
    this.#inFlight += 1;
    void this.#send(lane, entry);
  }

  async #send(lane: Lane, entry: OutboxEntry): Promise<void> {
    const { room, text, clientId } = entry;
    try {
      if (await this.#isGone(entry)) {
        this.#takeOut(lane, entry);
      } else {
        this.#unheard.add(clientId);
        const { message } = await this.#options.call('message.send', { room, text, clientId });
        this.arrived(message);
        this.#options.acknowledged(message);
      }
    } catch (error) {
      this.#failed(lane, entry, errorFrom(error));
    }
    this.#inFlight -= 1;
    if (lane.inFlight === entry) lane.inFlight = undefined;
    this.#pumpAll();
  }

  /** Whether another tab has sent or discarded an entry since it was loaded. */
  async #isGone({ user, clientId }: OutboxEntry): Promise<boolean> {
    if (!this.#adopted.has(clientId)) return false;
    return (await this.#ask((store) => store.has(user, clientId))) === false;
  }

  #failed(lane: Lane, entry: OutboxEntry, error: MadangError): void {
    if (!lane.entries.includes(entry)) return;
    if (!mayRetry(error)) {
      const refused = { ...entry, error: error.toJSON() };
      lane.entries = lane.entries.map((each) => (each === entry ? refused : each));
      this.#keep(refused);
      this.#settle(entry.clientId)?.reject(error);
      this.#changed(entry.room);
    } else if (error.retryAfter !== undefined) {
      // The budget is the user's, so it is used up for every room.
      this.#isLimited = true;
      this.#timers.after(error.retryAfter * 1000, () => {
        this.#isLimited = false;
        this.#pumpAll();
      });
    } else if (this.#isOnline) {
      lane.cancelWait = this.#timers.after(lane.backOff.next(), () => {
        lane.cancelWait = undefined;
        this.#pump(lane);
      });
    }
  }

  #changed(room: string): void {
    this.all.invalidate();
    this.#options.changed(room);
  }

  #lane(room: string): Lane {
    let lane = this.#lanes.get(room);
    if (!lane) {
      lane = { entries: [], inFlight: undefined, cancelWait: undefined, backOff: new BackOff(this.#options.backOff) };
      this.#lanes.set(room, lane);
    }
    return lane;
  }

  #find(clientId: string): { lane: Lane; entry: OutboxEntry } | undefined {
    for (const lane of this.#lanes.values()) {
      const entry = lane.entries.find((each) => each.clientId === clientId);
      if (entry) return { lane, entry };
    }
    return undefined;
  }

  #takeOut(lane: Lane, entry: OutboxEntry): void {
    lane.entries = without(lane.entries, entry.clientId);
    this.#adopted.delete(entry.clientId);
    this.#unkeep(entry);
    this.#changed(entry.room);
  }

  #expectSent(clientId: string): Promise<Message> {
    const known = this.#sent.get(clientId);
    if (known) return known.promise;
    let settle!: Pick<Sent, 'resolve' | 'reject'>;
    const promise = new Promise<Message>((resolve, reject) => (settle = { resolve, reject }));
    this.#sent.set(clientId, { promise, ...settle });
    // A caller who only watches the room view awaits nothing; a refusal must not end their process.
    promise.catch(() => {});
    return promise;
  }

  #settle(clientId: string): Sent | undefined {
    const sent = this.#sent.get(clientId);
    this.#sent.delete(clientId);
    return sent;
  }

  #keep(entry: OutboxEntry): void {
    if (entry.user !== NOBODY) this.#inTurn(() => this.#put(entry));
  }

  async #put(entry: OutboxEntry): Promise<void> {
    this.#unkept.delete(entry);
    const isKept = await this.#ask((store) => store.put(entry).then(() => true));
    if (!isKept) {
      this.#unkept.add(entry);
    } else if (this.storeError.get()) {
      this.storeError.set(undefined);
      for (const unkept of this.#unkept) this.#keep(unkept);
    }
  }

  #unkeep({ user, clientId }: OutboxEntry): void {
    for (const unkept of this.#unkept) if (unkept.clientId === clientId) this.#unkept.delete(unkept);
    if (user !== NOBODY) this.#inTurn(() => this.#ask((store) => store.remove(user, clientId)));
  }

  /** One after another, so that an entry isn't removed before it was added. */
  #inTurn(change: () => Promise<void>): void {
    this.#storing = this.#storing.then(change);
  }

  /** The store's answer; undefined if it fails or takes too long. */
  async #ask<T>(question: (store: OutboxStore) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#inTime(question(this.#options.store));
    } catch (error) {
      this.storeError.set(errorFrom(error));
      return undefined;
    }
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return this.#timers.within(STORE_MS, answer, () => unavailable('The store of unsent messages does not answer'));
  }
}

function stopWaiting(lane: Lane): void {
  lane.cancelWait?.();
  lane.cancelWait = undefined;
  lane.backOff.reset();
}

function without(entries: OutboxEntry[], clientId: string): OutboxEntry[] {
  return entries.filter((each) => each.clientId !== clientId);
}

function signedOut(): MadangError {
  return new MadangError({ code: 'unauthenticated', message: 'You signed out before the message was sent' });
}
