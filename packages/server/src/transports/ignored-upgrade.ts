import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Header fields that ask for another protocol, and the `Connection` options that name them (RFC 9110, 7.8; RFC 7540,
 * 3.2).
 */
const OF_UPGRADES = new Set(['upgrade', 'http2-settings']);

/** The response to the newest request on each connection. Responses are sent in order, so it is the last one pending. */
const newestResponses = new WeakMap<Duplex, ServerResponse>();

/** Prepares a server for {@link ignoreUpgrade}. Returns a function that removes the listener. */
export function watchResponses(server: Server): () => void {
  server.on('request', noteResponse);
  return () => server.off('request', noteResponse);
}

function noteResponse({ socket }: IncomingMessage, response: ServerResponse): void {
  newestResponses.set(socket, response);
}

/**
 * Answers a request as if it had not asked for another protocol, as a server may (RFC 9110, 7.8). Node takes the socket
 * from its parser as soon as anybody listens to `upgrade`; so the request's head is put back before what came after it,
 * without the question, and the server reads its connection again. Needs {@link watchResponses}.
 */
export function ignoreUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  // Node has removed its listeners. Until it adds its own again, a broken connection would end the process.
  socket.on('error', destroyed);
  readAgain(server, request, socket, head);
}

function readAgain(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const earlier = newestResponses.get(socket);
  // The response to an earlier request is in progress, and would be mixed with this one.
  if (earlier && !earlier.closed) return void earlier.once('close', () => readAgain(server, request, socket, head));
  if (socket.destroyed) return;
  socket.unshift(Buffer.concat([headWithoutUpgrade(request), head]));
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
  socket.off('error', destroyed);
}

/** One listener for all sockets, so that it can be removed. */
function destroyed(this: Duplex): void {
  this.destroy();
}

function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    const isConnection = name.toLowerCase() === 'connection';
    if (!OF_UPGRADES.has(name.toLowerCase())) lines.push(`${name}: ${isConnection ? withoutUpgrade(value) : value}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function withoutUpgrade(connection: string): string {
  const options = connection.split(',').map((option) => option.trim());
  return options.filter((option) => !OF_UPGRADES.has(option.toLowerCase())).join(', ');
}
