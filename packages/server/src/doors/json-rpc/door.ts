import {
  errorTable,
  type InputIssue,
  invalidInputOf,
  isCommandName,
  jsonRpcCodes,
  type JsonRpcId,
  type JsonRpcResponse,
  rpcError,
  rpcResult,
} from '@madang/protocol';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { refuse, runCall, sessionOf } from '../calls.js';
import type { DoorParts } from '../door.js';
import type { WebSocketConnection } from '../websocket-connection.js';
import { type WebSocketDoor, WebSocketUpgrades } from '../websocket-server.js';
import { jsonRpcFormats } from './format.js';

/** How many requests one batch may hold. */
const MAX_BATCH = 100;

/** A client's own liveness check, where it can't see the WebSocket's pings (browsers); JSON-RPC keeps `rpc.` for such. */
const PING = 'rpc.ping';

/** A request as JSON-RPC 2.0 has it (jsonrpc.org/specification, section 4). */
const requestSchema = z.object({
  jsonrpc: z.literal('2.0'),
  method: z.string(),
  // As it is: a copy would lose fields such as __proto__, which are to be refused.
  params: z.custom<object>(isObject).optional(),
  id: z.union([z.string(), z.number(), z.null()]).optional(),
});

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The door at `/ws`: JSON-RPC 2.0 over a plain WebSocket. */
export function createJsonRpcDoor(parts: DoorParts): WebSocketUpgrades {
  const door: WebSocketDoor = {
    name: 'websocket',
    formats: () => jsonRpcFormats,
    greet: (connection, request) => greet(connection, request, parts),
    receive: (connection, text) => void answer(text, connection, parts),
    receiveBinary: (connection) =>
      void refused(connection, parts, {
        path: '',
        message: 'Binary frames are not understood here; send JSON as text',
        code: jsonRpcCodes.parseError,
      }).then((answered) => connection.send(JSON.stringify(answered))),
  };
  return new WebSocketUpgrades(door, parts);
}

async function greet(connection: WebSocketConnection, request: IncomingMessage, parts: DoorParts): Promise<void> {
  // A browser's WebSocket can't send a bearer token, so one that is bad must come from a program: it is told by closing.
  const session = await sessionOf(parts, request);
  if (session) await parts.commands.letIn(session, connection);
}

async function answer(text: string, connection: WebSocketConnection, parts: DoorParts): Promise<void> {
  const answered = await answerTo(text, connection, parts);
  if (answered !== undefined) connection.send(JSON.stringify(answered));
}

async function answerTo(
  text: string,
  connection: WebSocketConnection,
  parts: DoorParts,
): Promise<JsonRpcResponse | JsonRpcResponse[] | undefined> {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return refused(connection, parts, { path: '', message: 'This is not JSON', code: jsonRpcCodes.parseError });
  }
  if (!Array.isArray(message)) return call(message, connection, parts);
  if (message.length === 0 || message.length > MAX_BATCH) {
    return refused(connection, parts, { path: '', message: `A batch holds 1 to ${MAX_BATCH} requests` });
  }
  const answers = await Promise.all(message.map((each) => call(each, connection, parts)));
  const wanted = answers.filter((each) => each !== undefined);
  return wanted.length > 0 ? wanted : undefined;
}

async function call(
  message: unknown,
  connection: WebSocketConnection,
  parts: DoorParts,
): Promise<JsonRpcResponse | undefined> {
  const request = requestSchema.safeParse(message);
  if (!request.success) return refused(connection, parts, explainInvalid(message));
  const { method, params, id } = request.data;
  if (method === PING) return id === undefined ? undefined : rpcResult(id, {});
  const outcome = await runCall(parts, method, params, connection);
  if (id === undefined) return undefined;
  if ('result' in outcome) return rpcResult(id, outcome.result);
  const isUnknown = outcome.error.code === 'invalid_input' && !isCommandName(method);
  return rpcError(id, outcome.error.toJSON(), isUnknown ? jsonRpcCodes.methodNotFound : undefined);
}

/** Why something is no request. */
interface Refusal extends InputIssue {
  /** The request's id, where it has one. */
  id?: JsonRpcId;
  /** "Invalid request" if absent. */
  code?: number;
}

function explainInvalid(message: unknown): Refusal {
  if (typeof message !== 'object' || message === null) return { path: '', message: 'A request is a JSON object' };
  const { id, jsonrpc, method } = message as Record<string, unknown>;
  const known: JsonRpcId = typeof id === 'string' || typeof id === 'number' ? id : null;
  if (jsonrpc !== '2.0') return { id: known, path: 'jsonrpc', message: 'must be "2.0"' };
  if (typeof method !== 'string') return { id: known, path: 'method', message: 'must be a string' };
  if (known === null && id !== null && id !== undefined) return { path: 'id', message: 'must be a string or a number' };
  return { id: known, path: 'params', message: 'must be an object', code: errorTable.invalid_input.jsonRpc };
}

/** The answer to what is no request; it spends, as a call does. */
async function refused(
  connection: WebSocketConnection,
  parts: DoorParts,
  { id = null, path, message, code = jsonRpcCodes.invalidRequest }: Refusal,
): Promise<JsonRpcResponse> {
  const error = invalidInputOf([{ path, message }]);
  const told = await refuse(parts, connection, error);
  return rpcError(id, told.toJSON(), told === error ? code : undefined);
}
