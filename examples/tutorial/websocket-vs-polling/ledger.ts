import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What one transport has cost so far. Bytes are those of the TCP connections, including HTTP headers. */
export interface Account {
  requests: number;
  bytesIn: number;
  bytesOut: number;
}

export function openAccount(): Account {
  return { requests: 0, bytesIn: 0, bytesOut: 0 };
}

interface Entry {
  /**
   * The account charged for the next bytes. Between two requests there is none, so the next request is charged for its
   * own.
   */
  account: Account | undefined;
  request: IncomingMessage | undefined;
  countedIn: number;
  countedOut: number;
}

/**
 * Charges every byte of every TCP connection to exactly one account.
 *
 * A browser uses one kept-alive connection for requests of any kind, so a connection can't be assigned as a whole. But
 * HTTP/1.1 carries one request at a time: what a connection read and wrote since the last request ended belongs to the
 * request that runs now. A connection that was upgraded to a WebSocket, or streams events, stays with its account.
 */
export class Ledger {
  readonly #entries = new Map<Duplex, Entry>();

  /** @param accountOf returns the account for a request, judging only by its `url` */
  constructor(server: Server, accountOf: (url: string) => Account) {
    server.on('connection', (socket: Socket) => {
      this.#entries.set(socket, { account: undefined, request: undefined, countedIn: 0, countedOut: 0 });
      socket.once('close', () => {
        this.#settle(socket);
        this.#entries.delete(socket);
      });
    });
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      this.#begin(request, accountOf(request.url ?? ''));
      response.once('close', () => {
        const entry = this.#entries.get(socket);
        if (entry?.request !== request) return;
        this.#settle(socket);
        entry.account = undefined;
      });
    });
    server.prependListener('upgrade', (request: IncomingMessage) => this.#begin(request, accountOf(request.url ?? '')));
  }

  /** Brings all accounts up to date. */
  settle(): void {
    for (const socket of this.#entries.keys()) this.#settle(socket);
  }

  #begin(request: IncomingMessage, account: Account): void {
    const entry = this.#entries.get(request.socket);
    if (entry === undefined) return;
    entry.account = account;
    entry.request = request;
    account.requests += 1;
  }

  #settle(socket: Duplex): void {
    const entry = this.#entries.get(socket);
    if (entry?.account === undefined || !isCounting(socket)) return;
    entry.account.bytesIn += socket.bytesRead - entry.countedIn;
    entry.account.bytesOut += socket.bytesWritten - entry.countedOut;
    entry.countedIn = socket.bytesRead;
    entry.countedOut = socket.bytesWritten;
  }
}

function isCounting(socket: Duplex): socket is Duplex & { bytesRead: number; bytesWritten: number } {
  return 'bytesRead' in socket && 'bytesWritten' in socket;
}
