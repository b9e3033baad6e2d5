import {
  errorTable,
  type InputIssue,
  invalidInputOf,
  isCommandName,
  jsonRpcCodes,
  rpcError,
  rpcResult,
} from '@madang/protocol';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { identityOf, refuse, runCall } from '../calls.js';
import type { TransportParts } from '../transport.js';
import type { WebSocketConnection } from '../websocket-connection.js';
import { type WebSocketTransport, WebSocketUpgrades } from '../websocket-server.js';
import { jsonRpcFormats } from './format.js';
import { writtenIds } from './written-ids.js';

/** The most requests in one batch. */
const MAX_BATCH = 100;

/**
 * A client's own liveness check, for browsers, which can't see WebSocket pings. JSON-RPC reserves `rpc.` for such
 * methods.
 */
const PING = 'rpc.ping';

/** A request as JSON-RPC 2.0 defines it (jsonrpc.org/specification, section 4). */
const requestSchema = z.object({
  jsonrpc: z.literal('2.0'),
  method: z.string(),
  // Not copied: a copy would lose fields such as __proto__, which must be refused.
  params: z.custom<object>(isObject).optional(),
});

/**
 * What an id may be (a string, a number or null), by its first character. Anything else is refused, with id null in the
 * answer.
 */
const ID = /^["\d\-n]/;

/** The longest id as written, in characters: each answer repeats it. */
const MAX_ID_CHARS = 256;

function isWrittenId(id: string): boolean {
  return id.length <= MAX_ID_CHARS && ID.test(id);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The transport at `/ws`: JSON-RPC 2.0 over a plain WebSocket. */
export function createJsonRpcTransport(parts: TransportParts): WebSocketUpgrades {
  const transport: WebSocketTransport = {
    name: 'websocket',
    formats: () => jsonRpcFormats,
    greet: (connection, request) => greet(connection, request, parts),
    receive: (connection, text) => void answer(text, connection, parts),
    receiveBinary: (connection) =>
      void refused(connection, parts, {
        path: '',
        message: 'Binary frames are not understood here; send JSON as text',
        code: jsonRpcCodes.parseError,
      }).then((answered) => connection.send(answered)),
  };
  return new WebSocketUpgrades(transport, parts);
}

async function greet(connection: WebSocketConnection, request: IncomingMessage, parts: TransportParts): Promise<void> {
  // A browser's WebSocket can't send a bearer token, so a bad one comes from a program: the connection is closed.
  const { session, refusal } = await identityOf(parts, request);
  connection.staysAnonymous(refusal);
  if (session) await parts.commands.letIn(session, connection);
}

async function answer(text: string, connection: WebSocketConnection, parts: TransportParts): Promise<void> {
  const answered = await answerTo(text, connection, parts);
  if (answered !== undefined) connection.send(answered);
}

/** The answer as JSON; undefined for notifications, which never get one. */
async function answerTo(
  text: string,
  connection: WebSocketConnection,
  parts: TransportParts,
): Promise<string | undefined> {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return refused(connection, parts, { path: '', message: 'This is not JSON', code: jsonRpcCodes.parseError });
  }
  if (!Array.isArray(message)) return call({ message, id: writtenIds(text)[0] }, connection, parts);
  if (message.length === 0 || message.length > MAX_BATCH) {
    return refused(connection, parts, { path: '', message: `A batch holds 1 to ${MAX_BATCH} requests` });
  }
  const ids = writtenIds(text);
  const answers = await Promise.all(
    message.map((each, index) => call({ message: each, id: ids[index] }, connection, parts)),
  );
  const wanted = answers.filter((each) => each !== undefined);
  return wanted.length > 0 ? `[${wanted.join(',')}]` : undefined;
}

/** A request, with its id exactly as written, for the answer to repeat. */
interface Request {
  message: unknown;
  id: string | undefined;
}

async function call(
  { message, id }: Request,
  connection: WebSocketConnection,
  parts: TransportParts,
): Promise<string | undefined> {
  const request = requestSchema.safeParse(message);
  if (!request.success || (id !== undefined && !isWrittenId(id))) {
    const refusal = explainInvalid(message, id);
    const answered = await refused(connection, parts, refusal);
    return refusal.isNotification ? undefined : answered;
  }
  const { method, params } = request.data;
  if (method === PING) return id === undefined ? undefined : rpcResult(id, {});
  const outcome = await runCall(parts, method, params, connection);
  if (id === undefined) return undefined;
  if ('result' in outcome) return rpcResult(id, outcome.result);
  const isUnknown = outcome.error.code === 'invalid_input' && !isCommandName(method);
  return rpcError(id, outcome.error.toJSON(), isUnknown ? jsonRpcCodes.methodNotFound : undefined);
}

/** Why something is not a request. */
interface Refusal extends InputIssue {
  /** The request's id, if it has one, as written. */
  id?: string;
  /** "Invalid request" if absent. */
  code?: number;
  /** A notification with invalid params, which gets no answer. */
  isNotification?: boolean;
}

function explainInvalid(message: unknown, id: string | undefined): Refusal {
  if (!isObject(message)) return { path: '', message: 'A request is a JSON object' };
  const { jsonrpc, method } = message as Record<string, unknown>;
  const known = id !== undefined && isWrittenId(id) ? id : 'null';
  if (jsonrpc !== '2.0') return { id: known, path: 'jsonrpc', message: 'must be "2.0"' };
  if (typeof method !== 'string') return { id: known, path: 'method', message: 'must be a string' };
  if (id !== undefined && known !== id)
    return { path: 'id', message: `must be a string, a number or null of at most ${MAX_ID_CHARS} characters` };
  const isNotification = id === undefined;
  const code = errorTable.invalid_input.jsonRpc;
  return { id: known, path: 'params', message: 'must be an object, by name', code, isNotification };
}

/** The answer to something that is not a request; it costs as much as a call. */
async function refused(
  connection: WebSocketConnection,
  parts: TransportParts,
  { id = 'null', path, message, code = jsonRpcCodes.invalidRequest }: Refusal,
): Promise<string> {
  const error = invalidInputOf([{ path, message }]);
  const told = await refuse(parts, connection, error);
  return rpcError(id, told.toJSON(), told === error ? code : undefined);
}
