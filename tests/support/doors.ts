import type { Connect } from './door-client.ts';
import { connectHttp } from './http-client.ts';
import { connectJsonRpc } from './json-rpc-client.ts';
import { connectPython } from './python-client.ts';
import { connectSocketIo } from './socket-io-client.ts';

/** A door, and for Socket.IO the transport. */
export type DoorName = 'Socket.IO' | 'Socket.IO polling' | '/ws' | 'HTTP';

/**
 * The doors at which every command can be called, with Node's clients. A test that holds for one holds for all: loop
 * over them with `test.each(doorNames)`.
 */
export const doors: Record<DoorName, Connect> = {
  'Socket.IO': (url, credentials) => connectSocketIo(url, credentials),
  'Socket.IO polling': (url, credentials) => connectSocketIo(url, credentials, { transports: ['polling'] }),
  '/ws': (url, credentials) => connectJsonRpc(url, credentials),
  HTTP: (url, credentials) => connectHttp(url, credentials),
};

/** The doors' names. */
export const doorNames = Object.keys(doors) as DoorName[];

/** The doors again, through the libraries of another language. */
export const pythonDoors: Record<string, Connect> = {
  'python3-websockets': (url, credentials) => connectPython('json_rpc_client', url, credentials),
  'python3-socketio': (url, credentials) => connectPython('socket_io_client', url, credentials),
};
