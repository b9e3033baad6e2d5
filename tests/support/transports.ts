import type { Connect } from './transport-client.ts';
import { connectHttp } from './http-client.ts';
import { connectJsonRpc } from './json-rpc-client.ts';
import { connectPython } from './python-client.ts';
import { connectSocketIo } from './socket-io-client.ts';

/** The name of a transport; for Socket.IO, also of its own transport. */
export type TransportName = 'Socket.IO' | 'Socket.IO polling' | '/ws' | 'HTTP';

/**
 * The transports at which every command can be called, with clients that run in Node. What a test shows for one should
 * hold for all: loop over them with `test.each(transportNames)`.
 */
export const transports: Record<TransportName, Connect> = {
  'Socket.IO': (url, credentials) => connectSocketIo(url, credentials),
  'Socket.IO polling': (url, credentials) => connectSocketIo(url, credentials, { transports: ['polling'] }),
  '/ws': (url, credentials) => connectJsonRpc(url, credentials),
  HTTP: (url, credentials) => connectHttp(url, credentials),
};

/** The transports' names. */
export const transportNames = Object.keys(transports) as TransportName[];

/** The same transports through the libraries of another language. */
export const pythonTransports: Record<string, Connect> = {
  'python3-websockets': (url, credentials) => connectPython('json_rpc_client', url, credentials),
  'python3-socketio': (url, credentials) => connectPython('socket_io_client', url, credentials),
};
