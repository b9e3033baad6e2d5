import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { type Account, openAccount } from './ledger.js';

export const transports = ['short-polling', 'long-polling', 'server-sent-events', 'websocket', 'socket.io'] as const;
export type Transport = (typeof transports)[number];

/** `at` is when the server created it, in milliseconds of the server's clock (`performance.now()`). */
export interface Message {
  n: number;
  at: number;
}

/** Messages per second. */
const rateLimits = { min: 1, max: 50, default: 10 };

const maxKept = 1000;

/** One comparison: a source of numbered messages that all transports deliver, and what each of them costs. */
export class Run {
  readonly id = randomUUID();
  readonly accounts: Record<Transport, Account> = {
    'short-polling': openAccount(),
    'long-polling': openAccount(),
    'server-sent-events': openAccount(),
    websocket: openAccount(),
    'socket.io': openAccount(),
  };
  readonly #events = new EventEmitter<{ message: [Message]; close: [] }>().setMaxListeners(0);
  #kept: Message[] = [];
  #next = 1;
  #rate = rateLimits.default;
  #timer: NodeJS.Timeout | undefined;

  /** The number of the newest message; 0 before the first. */
  get last(): number {
    return this.#next - 1;
  }

  /** The messages after number `n`, as far as they are kept (the last 1000). */
  after(n: number): Message[] {
    return this.#kept.filter((message) => message.n > n);
  }

  /** Passes on each message from now on; returns a function that stops. `onClose` is called when the run ends. */
  subscribe(onMessage: (message: Message) => void, onClose: () => void): () => void {
    this.#events.on('message', onMessage).once('close', onClose);
    return () => {
      this.#events.off('message', onMessage).off('close', onClose);
    };
  }

  /** @param rate messages per second, limited to `rateLimits` */
  setRate(rate: number): void {
    this.#rate = Math.min(rateLimits.max, Math.max(rateLimits.min, rate));
    if (this.#timer !== undefined) this.start();
  }

  start(): void {
    this.pause();
    this.#timer = setInterval(() => this.#make(), 1000 / this.#rate);
  }

  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    this.pause();
    this.#events.emit('close');
    this.#events.removeAllListeners();
  }

  #make(): void {
    const message = { n: this.#next, at: Math.round(performance.now() * 100) / 100 };
    this.#next += 1;
    this.#kept.push(message);
    if (this.#kept.length > maxKept) this.#kept = this.#kept.slice(-maxKept / 2);
    this.#events.emit('message', message);
  }
}
