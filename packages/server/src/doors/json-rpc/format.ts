import type { WireFormat } from '../../fanout/wire-format.js';
import { textFrames } from '../text-frames.js';

/** Events and signals as JSON-RPC 2.0 notifications, in ready WebSocket frames. */
export const jsonRpcFormat: WireFormat = {
  name: 'json-rpc',
  encode: (notes) => textFrames(notes.map((note) => `{"jsonrpc":"2.0","method":"${note.name}","params":${note.json}}`)),
};
