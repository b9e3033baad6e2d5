import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** Takes over an upgrade request. */
export interface UpgradeDoor {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Which door an upgrade belongs to, by its path. */
export interface UpgradeDoors {
  socketIo: UpgradeDoor;
  webSocket: UpgradeDoor;
  line: UpgradeDoor;
}

/**
 * Hands a server's WebSocket upgrades below `path` to their doors. Other paths are left to the server's other
 * listeners; when there are none, they are answered with 404. Returns what takes the listener away.
 */
export function attachUpgrades(server: Server, path: string, doors: UpgradeDoors): () => void {
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A client that resets the connection meanwhile must not end the process.
    socket.on('error', destroyed);
    const door = doorOf(request.url ?? '/', path, doors);
    if (door) door.upgrade(request, socket, head);
    else if (server.listenerCount('upgrade') === 1) refuseUpgrade(socket, '404 Not Found');
  };
  server.on('upgrade', onUpgrade);
  return () => server.off('upgrade', onUpgrade);
}

function doorOf(url: string, path: string, doors: UpgradeDoors): UpgradeDoor | undefined {
  const pathname = url.split(/[?#]/, 1)[0] ?? '/';
  if (pathname === `${path}/socket.io/` || pathname === `${path}/socket.io`) return doors.socketIo;
  if (pathname === `${path}/ws` || pathname === `${path}/ws/`) return doors.webSocket;
  if (pathname === `${path}/` || (path !== '' && pathname === path)) return doors.line;
  return undefined;
}

/** One listener for all sockets: a closure for each would stay for each one's life. */
function destroyed(this: Duplex): void {
  this.destroy();
}

/** Answers an upgrade request with an error. */
export function refuseUpgrade(socket: Duplex, status: '404 Not Found' | '429 Too Many Requests'): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
