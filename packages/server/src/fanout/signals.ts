import { type SignalName, type SignalOf, TYPING_MS, type UserRef } from '@madang/protocol';
import type { Clock } from '../clock.js';
import { OutboundEvent } from '../log/committed.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import type { Delivery } from './deliver.js';
import type { OtherNodes } from './other-nodes.js';

/** A user's typing is sent at most once in this time, in ms, unless they send a message meanwhile. */
const TYPING_EVERY_MS = 2000;

/** Signals caused by commands: sent to whoever is connected, not kept. */
export class Signals {
  readonly #connections: Connections;
  readonly #delivery: Delivery;
  readonly #clock: Clock;
  readonly #others: OtherNodes;
  /** When each user's typing was last sent. */
  readonly #typing = new Map<string, number>();

  constructor(connections: Connections, delivery: Delivery, clock: Clock, others: OtherNodes) {
    this.#connections = connections;
    this.#delivery = delivery;
    this.#clock = clock;
    this.#others = others;
  }

  /** A user is typing in a room: tells its other members. */
  typing(room: string, user: UserRef): void {
    const now = this.#clock.now();
    const key = `${room} ${user.id}`;
    const told = this.#typing.get(key);
    if (told !== undefined && now - told < TYPING_EVERY_MS && now >= told) return;
    this.#typing.set(key, now);
    if (this.#typing.size > 10_000) this.#forgetOld(now);
    const signal = new OutboundEvent('typing.started', { room, user, expiresMs: TYPING_MS });
    this.#delivery.signalRoom(room, signal, user.id);
    this.#others.signalRoom(room, signal, user.id);
  }

  /** A user's message has ended their typing for everybody: if they go on, that is news. */
  sent(room: string, user: string): void {
    if (this.#typing.size > 0) this.#typing.delete(`${room} ${user}`);
  }

  /**
   * Sets whether one of the two in a direct room blocks the other; if so, neither learns about the other's presence.
   */
  blocked(room: string, blocked: boolean): void {
    this.#connections.setQuiet(room, blocked);
    this.#others.setQuiet(room, blocked);
  }

  /** Tells a user's connections, except the one that caused it. */
  told<Name extends SignalName>(user: string, name: Name, body: SignalOf<Name>, except?: Connection): void {
    const signal = new OutboundEvent(name, body);
    this.#delivery.signalUser(user, signal, except);
    this.#others.signalUser(user, signal);
  }

  #forgetOld(now: number): void {
    for (const [key, told] of this.#typing) if (Math.abs(now - told) >= TYPING_EVERY_MS) this.#typing.delete(key);
  }
}
