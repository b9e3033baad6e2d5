import type { Connect, Credentials } from './door-client.ts';
import { connectHttp } from './http-client.ts';
import { connectJsonRpc } from './json-rpc-client.ts';
import { connectPython } from './python-client.ts';
import { connectSocketIo } from './socket-io-client.ts';

/**
 * The doors at which every command can be called, with Node's clients. A test that holds for one holds for all: loop
 * over them with `test.each(doorNames)`.
 */
export const doors = {
  'Socket.IO': (url, credentials) => connectSocketIo(url, credentials),
  'Socket.IO polling': (url, credentials) => connectSocketIo(url, credentials, { transports: ['polling'] }),
  '/ws': (url, credentials) => connectJsonRpc(url, credentials),
  HTTP: (url, credentials) => connectHttp(url, credentials),
} as const satisfies Record<string, Connect>;

/** The doors' names. */
export const doorNames = Object.keys(doors) as (keyof typeof doors)[];

/** The doors again, through the libraries of another language. */
export const pythonDoors = {
  'python3-websockets': (url: string, credentials: Credentials) => connectPython('json_rpc_client', url, credentials),
  'python3-socketio': (url: string, credentials: Credentials) => connectPython('socket_io_client', url, credentials),
} as const satisfies Record<string, Connect>;
