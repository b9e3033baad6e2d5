import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Random } from './random.js';

/** What the network does to new connections. Probabilities are from 0 to 1. */
export interface Weather {
  /** Cut after a random number of bytes, in the middle of anything. */
  cut: number;
  /** After a random number of bytes nothing passes any more, and neither end is told. */
  halfOpen: number;
  /** Every byte is delayed, by a time of each connection's own up to this, in ms: connections overtake each other. */
  delayMs: number;
  /** A send's request arrives twice. */
  duplicate: number;
}

/** A network without faults. */
const calm: Weather = { cut: 0, halfOpen: 0, delayMs: 0, duplicate: 0 };

/** The most bytes that pass before a connection's fault occurs. */
const MAX_BYTES = 20_000;

/** How long a half-open connection is kept before its ends learn of it, in ms. */
const HALF_OPEN_MS = 15_000;

/** A request longer than this is not duplicated. */
const MAX_REQUEST = 64 * 1024;

/**
 * A TCP network between clients and the server, on loopback; or between clients and several nodes, with a balancer that
 * gives each connection to any node that accepts it.
 */
export class Proxy {
  weather: Weather = calm;
  cuts = 0;
  halfOpens = 0;
  duplicates = 0;
  readonly #servers: Server[] = [];
  readonly #random: Random;
  readonly #targets: readonly number[];
  readonly #links = new Set<Link>();
  #balanced = '';
  #straight: readonly string[] = [];

  private constructor(targets: readonly number[], random: Random) {
    this.#targets = targets;
    this.#random = random;
  }

  /** Opens a proxy to local ports, each of which is a node. */
  static async open(targets: readonly number[], random: Random): Promise<Proxy> {
    const proxy = new Proxy(targets, random);
    proxy.#balanced = await proxy.#listen(targets);
    proxy.#straight = await Promise.all(targets.map((target) => proxy.#listen([target])));
    return proxy;
  }

  /** The address that leads to any node that accepts a connection. */
  get url(): string {
    return this.#balanced;
  }

  /** The address of each node, for clients that must stay with one: a polling session lives in one node. */
  get urls(): readonly string[] {
    return this.#straight;
  }

  /** Cuts a share of the open connections. */
  cutSome(share: number): void {
    for (const link of [...this.#links]) {
      if (!this.#random.chance(share)) continue;
      this.cuts += 1;
      link.end();
    }
  }

  /** From now on nothing passes over a share of the open connections, one at least. Neither end is told. */
  silenceSome(share: number): void {
    const open = [...this.#links].filter((link) => !link.isDead);
    const some = open.filter(() => this.#random.chance(share));
    for (const link of some.length > 0 ? some : open.slice(0, 1)) link.silence();
  }

  /** Removes all conditions and all pending faults. The ends of half-open connections must find out on their own. */
  clear(): void {
    this.weather = calm;
    for (const link of [...this.#links]) if (link.isDoomed && !link.isDead) link.end();
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const link of [...this.#links]) link.end();
  }

  async #listen(targets: readonly number[]): Promise<string> {
    const server = createServer({ noDelay: true, pauseOnConnect: true }).listen(0, '127.0.0.1', 4096);
    this.#servers.push(server);
    server.on('connection', (socket) => void this.#accept(socket, targets));
    await once(server, 'listening');
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no port');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Dials a node that accepts the connection: any of the targets, or else those after it. */
  async #accept(socket: Socket, targets: readonly number[]): Promise<void> {
    socket.on('error', () => socket.destroy());
    const first = this.#random.between(0, targets.length - 1);
    for (const target of [...targets.slice(first), ...targets.slice(0, first)]) {
      const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
      const isTaken = await once(far, 'connect').then(
        () => true,
        () => false,
      );
      if (!isTaken) continue;
      if (socket.destroyed) far.destroy();
      else this.#join(socket, far, target);
      return;
    }
    socket.destroy();
  }

  #join(socket: Socket, far: Socket, target: number): void {
    const { cut, halfOpen, delayMs, duplicate } = this.weather;
    const random = this.#random;
    const fate = random.next();
    const link = new Link(socket, far, {
      bytes: random.between(1, MAX_BYTES),
      fate: fate < cut ? 'cut' : fate < cut + halfOpen ? 'half-open' : undefined,
      delayMs: delayMs > 0 ? random.between(0, delayMs) : 0,
      onFate: (kind) => {
        if (kind === 'cut') this.cuts += 1;
        else this.halfOpens += 1;
      },
      onRequest: (request) => {
        if (!random.chance(duplicate)) return;
        this.duplicates += 1;
        // Requests of a polling session make sense only to its own node.
        this.#repeat(request, request.includes(' /socket.io/') ? target : random.pick(this.#targets));
      },
      watchRequests: duplicate > 0,
      onEnd: () => this.#links.delete(link),
    });
    this.#links.add(link);
    socket.resume();
  }

  /** Sends a request once more over a separate connection, and discards its answer. */
  #repeat(request: Buffer, target: number): void {
    const socket = connect({ port: target, host: '127.0.0.1' });
    socket.on('error', () => socket.destroy());
    socket.setTimeout(5000, () => socket.destroy());
    socket.on('data', () => socket.destroy());
    socket.write(request);
  }
}

interface LinkOptions {
  bytes: number;
  fate: 'cut' | 'half-open' | undefined;
  delayMs: number;
  watchRequests: boolean;
  onFate(kind: 'cut' | 'half-open'): void;
  onRequest(request: Buffer): void;
  onEnd(): void;
}

/** One connection through the proxy. */
class Link {
  readonly isDoomed: boolean;
  /** Nothing passes any more. */
  isDead = false;
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #options: LinkOptions;
  #left: number;
  #isEnded = false;
  #requests: Buffer | undefined;

  constructor(near: Socket, far: Socket, options: LinkOptions) {
    this.#near = near;
    this.#far = far;
    this.#options = options;
    this.#left = options.bytes;
    this.isDoomed = options.fate !== undefined || options.delayMs > 0;
    if (options.watchRequests) this.#requests = Buffer.alloc(0);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk: Buffer) => this.#pass(from, to, chunk));
      from.on('error', () => this.end());
      from.on('end', () => this.#later(() => to.end()));
      from.on('close', () => this.#later(() => this.end()));
    }
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.isDead = true;
    this.#near.destroy();
    this.#far.destroy();
    this.#options.onEnd();
  }

  /** Lets nothing pass any more. */
  silence(): void {
    this.isDead = true;
    this.#options.onFate('half-open');
    setTimeout(() => this.end(), HALF_OPEN_MS).unref();
  }

  #pass(from: Socket, to: Socket, chunk: Buffer): void {
    if (this.isDead) return;
    const { fate } = this.#options;
    if (from === this.#near) this.#watch(chunk);
    if (fate === undefined || chunk.length < this.#left) {
      this.#left -= chunk.length;
      this.#later(() => this.#write(from, to, chunk));
      return;
    }
    if (fate === 'half-open') {
      this.silence();
      return;
    }
    const last = chunk.subarray(0, this.#left);
    this.isDead = true;
    this.#options.onFate(fate);
    to.write(last, () => this.end());
    setTimeout(() => this.end(), 100).unref();
  }

  #write(from: Socket, to: Socket, chunk: Buffer): void {
    if (to.destroyed || to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  }

  #later(act: () => void): void {
    if (this.#options.delayMs === 0) act();
    else setTimeout(act, this.#options.delayMs);
  }

  /** Finds complete HTTP requests that send a message. */
  #watch(chunk: Buffer): void {
    if (!this.#requests) return;
    let bytes = Buffer.concat([this.#requests, chunk]);
    for (;;) {
      const end = bytes.indexOf('\r\n\r\n');
      const head = end < 0 ? '' : bytes.subarray(0, end).toString('latin1');
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      const size = end + 4 + length;
      if (/^upgrade:/im.test(head) || bytes.length > MAX_REQUEST) {
        this.#requests = undefined;
        return;
      }
      if (end < 0 || bytes.length < size) break;
      const request = bytes.subarray(0, size);
      bytes = Buffer.from(bytes.subarray(size));
      const isSend =
        /^POST \S*\/messages /.test(head) || (head.startsWith('POST ') && request.includes('["message.send"'));
      if (isSend) this.#options.onRequest(Buffer.from(request));
    }
    this.#requests = bytes;
  }
}
