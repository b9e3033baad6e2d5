import { errorTable, type ErrorObject } from '../errors.js';

/** JSON-RPC 2.0's own error numbers that no row of the error table has. */
export const jsonRpcCodes = { parseError: -32700, invalidRequest: -32600, methodNotFound: -32601 } as const;

/** A request's id; a request without one is a notification and gets no answer. */
export type JsonRpcId = string | number | null;

/** A JSON-RPC 2.0 answer. An error's `data` is the error object. */
export type JsonRpcResponse =
  | { jsonrpc: '2.0'; id: JsonRpcId; result: unknown }
  | { jsonrpc: '2.0'; id: JsonRpcId; error: { code: number; message: string; data: ErrorObject } };

/** Makes the answer to a call that worked. */
export function rpcResult(id: JsonRpcId, result: unknown): JsonRpcResponse {
  return { jsonrpc: '2.0', id, result };
}

/** Makes the answer to a call that failed; `code` is the error's row's number unless JSON-RPC has its own. */
export function rpcError(
  id: JsonRpcId,
  error: ErrorObject,
  code = errorTable[error.code].jsonRpc as number,
): JsonRpcResponse {
  return { jsonrpc: '2.0', id, error: { code, message: error.message, data: error } };
}
