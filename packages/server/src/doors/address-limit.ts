import type { IncomingMessage } from 'node:http';
import type { Addresses } from './client-address.js';

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

  /** Counts a connection until its socket closes; false when its address has too many. */
  admit(request: IncomingMessage): boolean {
    const address = this.#addresses.of(request);
    const open = this.#open.get(address) ?? 0;
    if (open >= this.#max) return false;
    this.#open.set(address, open + 1);
    request.socket.once('close', () => this.#leave(address));
    return true;
  }

  #leave(address: string): void {
    const open = (this.#open.get(address) ?? 1) - 1;
    if (open === 0) this.#open.delete(address);
    else this.#open.set(address, open);
  }
}
