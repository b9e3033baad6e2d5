import { errorTable, MadangError } from '@madang/protocol';
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ignoreUpgrade, watchResponses } from './ignored-upgrade.js';

/** Handles an upgrade request. */
export interface UpgradeTransport {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

/** The transport for an upgrade, by its path. */
export interface UpgradeTransports {
  socketIo: UpgradeTransport;
  webSocket: UpgradeTransport;
  line: UpgradeTransport;
}

/** A Madang instance on a server. */
interface Mount {
  /** Empty at the root. */
  path: string;
  transports: UpgradeTransports;
}

/**
 * A server's Madang instances. They share one listener, so that a request that belongs to none of them is answered
 * once.
 */
interface Port {
  mounts: Set<Mount>;
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  unwatchResponses: () => void;
}

const ports = new WeakMap<Server, Port>();

/**
 * Passes a server's WebSocket upgrades below `path` to their transports. Any other upgrade below `path` is answered as
 * an ordinary request, and so is one elsewhere, unless another of the server's listeners takes it. Returns a function
 * that removes the mount.
 */
export function attachUpgrades(server: Server, path: string, transports: UpgradeTransports): () => void {
  const port = ports.get(server) ?? openPort(server);
  const mount = { path, transports };
  port.mounts.add(mount);
  return () => {
    port.mounts.delete(mount);
    if (port.mounts.size > 0) return;
    server.off('upgrade', port.onUpgrade);
    port.unwatchResponses();
    ports.delete(server);
  };
}

/** Whether a request asks for a WebSocket, possibly among other protocols. */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && /(^|,)\s*websocket\s*(,|$)/i.test(headers.upgrade ?? '');
}

function openPort(server: Server): Port {
  const mounts = new Set<Mount>();
  const port: Port = {
    mounts,
    unwatchResponses: watchResponses(server),
    onUpgrade: (request, socket, head) => {
      // A client that resets the connection meanwhile must not end the process.
      socket.on('error', destroyed);
      const path = pathOf(request.url ?? '/');
      const transport = asksForWebSocket(request) ? transportOf(path, mounts) : undefined;
      if (transport) {
        // `ws` accepts only this exact value.
        request.headers.upgrade = 'websocket';
        void transport.upgrade(request, socket, head);
        return;
      }
      const ignore = () => {
        socket.off('error', destroyed);
        ignoreUpgrade(server, request, socket, head);
      };
      if (isBelow(path, mounts) || server.listenerCount('upgrade') === 1) ignore();
      else if (!asksForWebSocket(request)) ifNobodyTakes(socket, ignore);
    },
  };
  server.on('upgrade', port.onUpgrade);
  ports.set(server, port);
  return port;
}

/**
 * Acts if no other listener has done anything with a socket in this turn. For protocols such as h2c, which hardly any
 * listener takes. A WebSocket's listener may need to ask somebody first, and gets time.
 */
function ifNobodyTakes(socket: Duplex & { bytesWritten?: number }, act: () => void): void {
  const { bytesWritten } = socket;
  setImmediate(() => {
    const isTaken = socket.readableFlowing !== null || socket.listenerCount('readable') > 0 || socket.writableEnded;
    if (!isTaken && !socket.destroyed && socket.bytesWritten === bytesWritten) act();
  });
}

/** The path of a request's target, in origin form (`/ws?x`) or absolute form (`http://host/ws?x`; RFC 9112, 3.2). */
function pathOf(target: string): string {
  const inServer = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '');
  return inServer.split(/[?#]/, 1)[0] || '/';
}

function transportOf(pathname: string, mounts: Iterable<Mount>): UpgradeTransport | undefined {
  for (const { path, transports } of mounts) {
    if (pathname === `${path}/socket.io/` || pathname === `${path}/socket.io`) return transports.socketIo;
    if (pathname === `${path}/ws` || pathname === `${path}/ws/`) return transports.webSocket;
    if (pathname === `${path}/` || (path !== '' && pathname === path)) return transports.line;
  }
  return undefined;
}

/**
 * Whether a path belongs to a Madang instance, so that no other listener takes it. An instance at the root shares it
 * with all others.
 */
function isBelow(pathname: string, mounts: Iterable<Mount>): boolean {
  return [...mounts].some(({ path }) => path !== '' && (pathname === path || pathname.startsWith(`${path}/`)));
}

/** One listener for all sockets: separate closures would stay for each socket's life. */
function destroyed(this: Duplex): void {
  this.destroy();
}

/** The error for an upgrade by a page that may not connect here. */
export const foreignPage = new MadangError({
  code: 'forbidden',
  message: 'This server does not serve pages of other origins',
});

/** Refuses an upgrade. */
export function refuseUpgrade(socket: Duplex, { code, retryAfter }: MadangError): void {
  const { http } = errorTable[code];
  const head = [`HTTP/1.1 ${http} ${STATUS_CODES[http]}`, 'Connection: close', 'Content-Length: 0'];
  if (retryAfter !== undefined) head.push(`Retry-After: ${retryAfter}`);
  socket.end(`${head.join('\r\n')}\r\n\r\n`);
}
