import { MadangError } from '@madang/protocol';
import type { TransportParts } from './transport.js';

/** What holds a connection open: a Socket.IO session over however many requests. */
interface Closing {
  on(event: 'close', listener: () => void): unknown;
}

/** An address that has connections. */
interface Home {
  /** One string for all of them: each request brings its own. */
  readonly address: string;
  open: number;
  /** Hears that one of them is closed. */
  onClose: () => void;
}

/** Bounds how many connections one address holds open. */
export class AddressLimit {
  readonly #max: number;
  readonly #homes = new Map<string, Home>();

  /** `max`: connections of one address; Infinity for no bound. */
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
    // It closes once, so this is not `once`, which would keep a closure for each.
    connection.on('close', home.onClose);
  }

  /** Counts a connection of an address, whose one string is answered, until {@link AddressLimit.leave}. */
  enter(address: string): string {
    const home = this.#homeOf(address);
    home.open += 1;
    return home.address;
  }

  /** A connection that has entered is closed. */
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
 * Lets an address open a connection, and spend for it.
 * @throws MadangError `rate_limited` for too many, at once or lately; `unavailable` while too much waits for others
 */
export async function admit({ commands, addressLimit, bufferBound }: TransportParts, address: string): Promise<void> {
  await commands.opens(address);
  if (bufferBound.isFull) throw tooMuchWaits();
  if (addressLimit.isFull(address)) throw tooManyConnections();
}

/** What a connection too many is told. */
export function tooManyConnections(): MadangError {
  return new MadangError({ code: 'rate_limited', message: 'Too many connections from your address', retryAfter: 10 });
}

/** What a connection is told that comes while too much waits for others. */
function tooMuchWaits(): MadangError {
  return new MadangError({ code: 'unavailable', message: 'The server has too many slow clients now', retryAfter: 1 });
}
