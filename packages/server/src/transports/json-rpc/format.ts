import { framedFormats } from '../framed-format.js';

/** Events and signals as JSON-RPC 2.0 notifications, in ready-made WebSocket frames. */
export const jsonRpcFormats = framedFormats(
  'json-rpc',
  (event) => `{"jsonrpc":"2.0","method":"${event.name}","params":${event.json}}`,
);
