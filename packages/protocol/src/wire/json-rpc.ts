import { errorTable, type ErrorObject } from '../errors.js';

/** JSON-RPC 2.0's own error numbers that no row of the error table has. */
export const jsonRpcCodes = { parseError: -32700, invalidRequest: -32600, methodNotFound: -32601 } as const;

/** The JSON text of a JSON-RPC 2.0 answer to a successful call. `id` is the request's own, exactly as written. */
export function rpcResult(id: string, result: unknown): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`;
}

/**
 * The JSON text of the answer to a failed call; the error's `data` is the error object. `id` is the request's own,
 * exactly as written, or `null`. `code` is the number of the error's row unless JSON-RPC has its own.
 */
export function rpcError(id: string, error: ErrorObject, code = errorTable[error.code].jsonRpc as number): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message: error.message, data: error })}}`;
}
