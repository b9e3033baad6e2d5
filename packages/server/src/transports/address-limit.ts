import { MadangError } from '@madang/protocol';
import type { TransportParts } from './transport.js';

/** What keeps a connection open. A Socket.IO session counts as one, over however many requests. */
interface Closing {
  on(event: 'close', listener: () => void): unknown;
}

/** An address that has connections. */
interface Home {
  /** One shared string for all of them: each request brings its own copy. */
  readonly address: string;
  open: number;
  /** Called when one of them closes. */
  onClose: () => void;
}

/** Limits how many connections one address holds open. */
export class AddressLimit {
  readonly #max: number;
  readonly #homes = new Map<string, Home>();

  /** `max`: connections per address; Infinity for no limit. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Whether an address has as many connections as it may. */
  isFull(address: string): boolean {
    return (this.#homes.get(address)?.open ?? 0) >= this.#max;
  }

  /** Counts a connection of an address until it closes. */
  count(address: string, connection: Closing): void {
    const home = this.#homeOf(address);
    home.open += 1;
    // It closes only once, so this need not be `once`, which would keep a closure for each.
    connection.on('close', home.onClose);
  }

  /** Counts a connection of an address until {@link AddressLimit.leave}. Returns the shared string of the address. */
  enter(address: string): string {
    const home = this.#homeOf(address);
    home.open += 1;
    return home.address;
  }

  /** A counted connection has closed. */
  leave(address: string): void {
    this.#homes.get(address)?.onClose();
  }

  #homeOf(address: string): Home {
    return this.#homes.get(address) ?? this.#newHome(address);
  }

  #newHome(address: string): Home {
    const home: Home = {
      address,
      open: 0,
      onClose: () => {
        home.open -= 1;
        if (home.open === 0) this.#homes.delete(address);
      },
    };
    this.#homes.set(address, home);
    return home;
  }
}

/**
 * Admits a new connection from an address, and charges for it.
 * @throws MadangError `rate_limited` for too many at once or recently; `unavailable` while too much output waits for
 * others
 */
export async function admit({ commands, addressLimit, bufferBound }: TransportParts, address: string): Promise<void> {
  await commands.opens(address);
  if (bufferBound.isFull) throw tooMuchWaits();
  if (addressLimit.isFull(address)) throw tooManyConnections();
}

/** The error for one connection too many. */
export function tooManyConnections(): MadangError {
  return new MadangError({ code: 'rate_limited', message: 'Too many connections from your address', retryAfter: 10 });
}

/** The error for a connection that comes while too much output waits for others. */
function tooMuchWaits(): MadangError {
  return new MadangError({
    code: 'unavailable',
    message: 'The server has too many slow clients at the moment',
    retryAfter: 1,
  });
}
