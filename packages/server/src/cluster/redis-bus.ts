import { BackOff } from '../back-off.js';
import { messageOf, StartError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Bus, BusListener, Topic } from './bus.js';
import { openRedisLink, type RedisLink, RedisRefusal } from './redis-link.js';

/** Waits between attempts to connect, in ms. */
const BACK_OFF = { minMs: 100, maxMs: 2000, spread: 0.25 };

/** The most characters in flight to Redis before messages are dropped. */
const MAX_IN_FLIGHT = 8 * 1024 * 1024;

/** Topics per subscribe call. */
const CHUNK = 500;

/** The bus over Redis or Valkey, single or a cluster. Nodes of the same name hear each other. */
export class RedisBus implements Bus {
  readonly #url: string;
  #prefix: string;
  readonly #listener: BusListener;
  readonly #logger: Logger;
  readonly #wanted = new Set<Topic>();
  /** Topics that the link has yet to subscribe. */
  #toAdd = new Set<Topic>();
  #toRemove = new Set<Topic>();
  readonly #waiting = new Map<Topic, (() => void)[]>();
  #link: RedisLink | undefined;
  #isConnected = false;
  #isTelling = false;
  #inFlight = 0;
  readonly #backOff = new BackOff(BACK_OFF);
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(parts: { url: string; name: string; listener: BusListener; logger: Logger }) {
    this.#url = parts.url;
    this.#prefix = prefixOf(parts.name);
    this.#listener = parts.listener;
    this.#logger = parts.logger;
  }

  /**
   * Connects. Retries while Redis can't be reached.
   * @throws StartError if Redis refuses us.
   */
  static async open(parts: { url: string; name: string; listener: BusListener; logger: Logger }): Promise<RedisBus> {
    const bus = new RedisBus(parts);
    try {
      await bus.#open();
    } catch (error) {
      bus.#isClosed = true;
      throw error;
    }
    return bus;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  publish(topic: Topic, message: string): boolean {
    const link = this.#link;
    if (!link || !this.#isConnected || this.#inFlight + message.length > MAX_IN_FLIGHT) return false;
    this.#inFlight += message.length;
    const settle = () => {
      if (this.#link === link) this.#inFlight -= message.length;
    };
    link.publish(this.#prefix + topic, message).then(settle, settle);
    return true;
  }

  subscribe(topic: Topic): Promise<void> {
    const isNew = !this.#wanted.has(topic);
    this.#wanted.add(topic);
    if (isNew && !this.#toRemove.delete(topic)) this.#toAdd.add(topic);
    const isComing = this.#toAdd.has(topic) || this.#waiting.has(topic);
    if (!isComing || !this.#link) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(topic, [...(this.#waiting.get(topic) ?? []), resolve]);
      void this.#tell(this.#link);
    });
  }

  unsubscribe(topic: Topic): void {
    if (!this.#wanted.delete(topic)) return;
    if (!this.#toAdd.delete(topic)) this.#toRemove.add(topic);
    void this.#tell(this.#link);
  }

  async count(key: string, points: number, windowMs: number): Promise<{ total: number; msLeft: number } | undefined> {
    if (!this.#link || !this.#isConnected) return undefined;
    // A full Redis refuses writes but not messages: each node then counts on its own.
    return this.#link.count(`${this.#prefix}${key}`, points, windowMs).catch(() => undefined);
  }

  moveTo(name: string): void {
    if (this.#prefix === prefixOf(name)) return;
    this.#prefix = prefixOf(name);
    this.#ended(this.#link, 'the nodes meet under another name');
  }

  reconnect(): void {
    this.#ended(this.#link, 'it does not answer');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#ended(this.#link, 'closed');
    return Promise.resolve();
  }

  async #open(): Promise<void> {
    let link: RedisLink | undefined;
    try {
      link = await openRedisLink(this.#url, {
        message: (channel, message) => this.#listener.message(channel.slice(this.#prefix.length) as Topic, message),
        ended: (reason) => this.#ended(link, reason),
      });
    } catch (error) {
      if (error instanceof RedisRefusal && this.#backOff.attempt === 0) {
        throw new StartError(`Redis at ${nameOf(this.#url)} refuses --bus: ${error.message}`);
      }
      this.#tryAgain(messageOf(error));
      return;
    }
    if (this.#isClosed) {
      link.destroy();
      return;
    }
    this.#link = link;
    this.#inFlight = 0;
    this.#toAdd = new Set(this.#wanted);
    this.#toRemove = new Set();
    await this.#tell(link);
  }

  /** Subscribes and unsubscribes topics, one call at a time, so that calls can't overtake each other. */
  async #tell(link: RedisLink | undefined): Promise<void> {
    if (this.#isTelling || !link) return;
    this.#isTelling = true;
    try {
      while (link === this.#link && (this.#toAdd.size > 0 || this.#toRemove.size > 0)) {
        const gone = takeSome(this.#toRemove);
        if (gone.length > 0) await link.unsubscribe(gone.map((topic) => this.#prefix + topic));
        const come = takeSome(this.#toAdd);
        if (come.length > 0) await link.subscribe(come.map((topic) => this.#prefix + topic));
        this.#release(come);
      }
    } catch (error) {
      this.#ended(link, messageOf(error));
    }
    this.#isTelling = false;
    if (link !== this.#link) {
      // The link was replaced during the call: the new one needs the topics too.
      void this.#tell(this.#link);
      return;
    }
    if (this.#isConnected) return;
    this.#isConnected = true;
    this.#backOff.reset();
    this.#logger.info({ bus: nameOf(this.#url) }, 'the bus is connected');
    this.#listener.connected(true);
  }

  #release(topics: Iterable<Topic>): void {
    for (const topic of topics) {
      const waiting = this.#waiting.get(topic);
      this.#waiting.delete(topic);
      for (const resolve of waiting ?? []) resolve();
    }
  }

  #ended(link: RedisLink | undefined, reason: string): void {
    if (!link || link !== this.#link) return;
    this.#link = undefined;
    link.destroy();
    const wasConnected = this.#isConnected;
    this.#isConnected = false;
    this.#release([...this.#waiting.keys()]);
    if (!this.#isClosed) this.#tryAgain(reason);
    if (wasConnected) this.#listener.connected(false);
  }

  #tryAgain(reason: string): void {
    if (this.#backOff.attempt === 0)
      this.#logger.warn({ bus: nameOf(this.#url), reason }, 'the bus is gone; trying again');
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#open().catch(() => undefined), this.#backOff.next());
    this.#retry.unref();
  }
}

function prefixOf(name: string): string {
  return `madang:${name}:`;
}

/** The address of a bus without its password. */
function nameOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || 6379}`;
}

function takeSome(topics: Set<Topic>): Topic[] {
  const some: Topic[] = [];
  for (const topic of topics) {
    if (some.length >= CHUNK) break;
    some.push(topic);
    topics.delete(topic);
  }
  return some;
}
