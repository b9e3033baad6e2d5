import { mkdirSync, rmSync, statSync } from 'node:fs';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Duplex, pipeline } from 'node:stream';
import type { Addresses } from '../transports/client-address.js';
import { messageOf, StartError } from '../errors.js';
import type { WorkerSlot } from './workers.js';

/** How long an idle connection between workers is kept, in ms. */
const IDLE_MS = 5000;

/** Requests that may queue for a busy worker; the kernel's own limit (net.core.somaxconn) may be lower. */
const BACKLOG = 65_535;

/** How often a worker checks that its socket is there, in ms: somebody may have removed it, or its folder. */
const LOOK_MS = 500;

/** Header fields of a single connection (RFC 9110, 7.6.1), which are not passed on. */
const OF_ONE_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-connection']);

/** Header fields that only a trusted proxy may set. */
const OF_PROXIES = new Set(['x-forwarded-host', 'x-forwarded-proto']);

/** The prefix of a worker's Socket.IO session ids, by which the other workers know whose they are. */
export function sessionIdPrefix(number: number): string {
  return `w${number}-`;
}

/**
 * Passes requests of a Socket.IO session to the worker that has it. Long-polling takes many requests, and the system
 * gives each new connection to any worker; a proxy in front even sends many visitors' requests over one connection. So
 * a worker passes on requests that aren't its own, over a socket that only the workers can use.
 */
export class WorkerProxy {
  readonly #slot: WorkerSlot;
  readonly #addresses: Addresses;
  /** The socket file's inode; undefined while there is none. */
  #inode: number | undefined;
  /** Closes idle connections itself, so that no request uses one that the other worker has just closed. */
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_MS });

  constructor(slot: WorkerSlot, addresses: Addresses) {
    this.#slot = slot;
    this.#addresses = addresses;
  }

  /** Whether the other workers can pass requests to this one. */
  get isOpen(): boolean {
    const there = statSync(this.#pathOf(this.#slot.number), { throwIfNoEntry: false });
    return there !== undefined && there.ino === this.#inode;
  }

  /**
   * Opens the server to which the other workers pass requests; `open` attaches its handlers. Recreates a socket that
   * vanishes.
   * @throws StartError
   */
  async listen(
    handler: (request: IncomingMessage, response: ServerResponse) => void,
    maxHeadBytes: number,
  ): Promise<Server> {
    // Whatever the other worker accepted must fit: it adds a header of its own.
    const server = createServer({ maxHeaderSize: maxHeadBytes * 2, keepAliveTimeout: 0 }, handler);
    try {
      await this.#open(server);
    } catch (error) {
      throw new StartError(`The worker's socket can't be made in ${this.#slot.folder}: ${messageOf(error)}.`);
    }
    setInterval(() => this.#look(server), LOOK_MS).unref();
    return server;
  }

  #look(server: Server): void {
    if (this.isOpen) return;
    // Connections over the old socket continue; only its name is gone.
    if (server.listening) server.close();
    // There will be another attempt; until then `/readyz` says so.
    this.#open(server).catch(() => (this.#inode = undefined));
  }

  async #open(server: Server): Promise<void> {
    const path = this.#pathOf(this.#slot.number);
    mkdirSync(this.#slot.folder, { recursive: true, mode: 0o700 });
    // A killed worker leaves its socket behind for its replacement.
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Not shared through the cluster module: each worker has its own.
      server.listen({ path, exclusive: true, backlog: BACKLOG }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.#inode = statSync(path).ino;
  }

  /** Passes a request to its worker; returns false if it is for this one. */
  request(request: IncomingMessage, response: ServerResponse): boolean {
    const number = this.#ownerOf(request);
    if (number === undefined) return false;
    const handed = httpRequest(
      {
        agent: this.#agent,
        socketPath: this.#pathOf(number),
        method: request.method,
        path: request.url,
        headers: withoutConnection(headersOf(request, this.#addresses)),
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, withoutConnection(answer.headers));
        // If the answer breaks off, it breaks off for the client too.
        pipeline(answer, response, () => undefined);
      },
    );
    handed.on('error', () => {
      // Reads the rest of the request, or the client's connection could carry no other.
      request.resume();
      if (response.headersSent) response.destroy();
      else refuseSession(response);
    });
    response.on('close', () => handed.destroy());
    request.pipe(handed);
    return true;
  }

  /** Passes an upgrade to its worker; returns false if it is for this one. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const number = this.#ownerOf(request);
    if (number === undefined) return false;
    const handed = connect(this.#pathOf(number));
    const lines = Object.entries(headersOf(request, this.#addresses)).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((each) => `${name}: ${each}`),
    );
    handed.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    handed.write(head);
    for (const [from, to] of [
      [handed, socket],
      [socket, handed],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
    return true;
  }

  #ownerOf({ url = '' }: IncomingMessage): number | undefined {
    if (!url.includes('/socket.io/?')) return undefined;
    const number = Number(/[?&]sid=w(\d{1,4})-/.exec(url)?.[1] ?? this.#slot.number);
    return number === this.#slot.number ? undefined : number;
  }

  #pathOf(number: number): string {
    return join(this.#slot.folder, `${number}.sock`);
  }
}

/** That worker is gone, and the session with it: the client starts a new one, as Engine.IO would tell it to. */
function refuseSession(response: ServerResponse): void {
  response.writeHead(400, { 'content-type': 'application/json' });
  response.end('{"code":1,"message":"Session ID unknown"}');
}

/** Headers without those of a single connection. */
function withoutConnection<Headers extends object>(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_ONE_CONNECTION.has(name))) as Headers;
}

/**
 * A request's headers, plus the address it came from. The other worker trusts them, since they come from this machine,
 * so the visitor's own claims about addresses are removed.
 */
function headersOf(request: IncomingMessage, addresses: Addresses): Record<string, string | string[]> {
  const isProxied = addresses.isProxied(request);
  const forwarded = [request.headers['x-forwarded-for'], request.socket.remoteAddress].filter(Boolean).join(', ');
  const given = Object.entries(request.headers).filter(
    (entry): entry is [string, string | string[]] => entry[1] !== undefined && (isProxied || !OF_PROXIES.has(entry[0])),
  );
  return { ...Object.fromEntries(given), 'x-forwarded-for': forwarded };
}
