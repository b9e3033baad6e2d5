import { randomUUID } from 'node:crypto';
import type { TransportParts } from '../transport.js';
import { type WebSocketTransport, WebSocketUpgrades } from '../websocket-server.js';
import type { SocketIoClients } from './clients.js';
import { socketIoFormats } from './format.js';
import { disconnectPacket } from './packets.js';

/** Engine.IO packets (protocol 4), by their first character. */
const MESSAGE = '4';
const PING = '2';
const PONG = '3';

/** An attachment as text, in base64. */
const BINARY = 'b';

/** What a client may send that needs no answer (open, upgrade and noop), as in Engine.IO's own server. */
const IGNORED = '056';

/**
 * Whether a handshake without a session id asks for a WebSocket from the start. Of repeated parameters the last counts.
 */
export function isDirect(query: URLSearchParams): boolean {
  return query.getAll('transport').at(-1) === 'websocket' && query.getAll('EIO').at(-1) === '4';
}

/**
 * Socket.IO over a WebSocket from the start, which is how Madang's own client connects. It needs nothing of what
 * Engine.IO keeps for a transport that may change: a connection costs as much as one at `/ws`.
 */
export function createDirectTransport(parts: TransportParts, clients: SocketIoClients): WebSocketUpgrades {
  const { heartbeatMs, maxFrameBytes } = parts.limits;
  const opening = { upgrades: [], pingInterval: heartbeatMs, pingTimeout: heartbeatMs, maxPayload: maxFrameBytes };
  const transport: WebSocketTransport = {
    name: 'socket.io',
    formats: () => socketIoFormats,
    greet: (connection, request) => {
      clients.opened(connection, request);
      connection.send(`0${JSON.stringify({ sid: randomUUID(), ...opening })}`);
      return Promise.resolve();
    },
    receive: (connection, text) => {
      const type = text.charAt(0);
      if (type === MESSAGE) clients.received(connection, text.slice(1));
      else if (type === PONG) connection.isSilent = false;
      else if (type === BINARY) clients.receivedBinary(connection);
      else if (type === '' || !IGNORED.includes(type)) connection.end();
    },
    receiveBinary: (connection) => clients.receivedBinary(connection),
    ping: (connection) => connection.send(PING),
    // A stock client doesn't reconnect on its own after its namespace was closed.
    ending: (connection) => connection.send(disconnectPacket),
    closed: (connection) => clients.closed(connection),
  };
  return new WebSocketUpgrades(transport, parts);
}
