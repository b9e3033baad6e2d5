import { MadangError } from '@madang/protocol';
import type { IncomingMessage } from 'node:http';
import type { Addresses } from './client-address.js';

/** What holds a connection open: a socket, a response, a Socket.IO session over however many requests. */
interface Closing {
  once(event: 'close', listener: () => void): unknown;
}

/** Bounds how many connections one address holds open. */
export class AddressLimit {
  readonly #addresses: Addresses;
  readonly #max: number;
  readonly #open = new Map<string, number>();

  /** `max`: connections of one address; Infinity for no bound. */
  constructor(addresses: Addresses, max: number) {
    this.#addresses = addresses;
    this.#max = max;
  }

  /** Counts a connection until it closes; false when its address has too many. */
  admit(request: IncomingMessage, connection: Closing): boolean {
    if (this.isFull(request)) return false;
    this.count(request, connection);
    return true;
  }

  /** Whether a request's address has as many connections as it may. */
  isFull(request: IncomingMessage): boolean {
    return (this.#open.get(this.#addresses.of(request)) ?? 0) >= this.#max;
  }

  /** Counts a connection until it closes. */
  count(request: IncomingMessage, connection: Closing): void {
    const address = this.#addresses.of(request);
    this.#open.set(address, (this.#open.get(address) ?? 0) + 1);
    connection.once('close', () => this.#leave(address));
  }

  #leave(address: string): void {
    const open = (this.#open.get(address) ?? 1) - 1;
    if (open === 0) this.#open.delete(address);
    else this.#open.set(address, open);
  }
}

/** What a connection too many is told. */
export function tooManyConnections(): MadangError {
  return new MadangError({ code: 'rate_limited', message: 'Too many connections from your address', retryAfter: 10 });
}
