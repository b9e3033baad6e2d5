import { commands, events, signals } from '../table.js';
import { jsonSchemaOf, type JsonSchema } from './schemas.js';

/**
 * The AsyncAPI 3 document of the socket transports, derived from the table. `host` is `name:port`, `path` the mount
 * path.
 */
export function asyncApiDocument(host: string, path: string): JsonSchema {
  const { schemas, messages, operations } = (described ??= describe());
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Madang',
      version: '1',
      description:
        'What the server receives (commands) and sends (events, signals): as Socket.IO events of these names at `socket.io/`, as JSON-RPC 2.0 methods at `ws`.',
    },
    servers: {
      socketIo: { host, protocol: 'socket.io', pathname: `${path}/socket.io/` },
      webSocket: { host, protocol: 'ws', pathname: `${path}/ws` },
    },
    channels: { madang: { address: null, messages } },
    operations,
    components: { schemas },
  };
}

/** The constant part of every document. Made once, because it takes some 10 ms, and anybody may request it. */
let described: ReturnType<typeof describe> | undefined;

function describe() {
  const schemas: Record<string, JsonSchema> = {};
  const messages: Record<string, JsonSchema> = {};
  const operations: Record<string, JsonSchema> = {};
  const add = (name: string, action: 'send' | 'receive', summary: string, payload: JsonSchema) => {
    messages[name] = { name, summary, payload };
    operations[name] = {
      action,
      summary,
      channel: { $ref: '#/channels/madang' },
      messages: [{ $ref: `#/channels/madang/messages/${name}` }],
    };
  };
  for (const row of Object.values(commands))
    add(row.name, 'receive', row.doc.en, jsonSchemaOf(row.input, 'input', schemas));
  for (const row of [...Object.values(events), ...Object.values(signals)]) {
    add(row.name, 'send', row.doc.en, jsonSchemaOf(row.schema, 'output', schemas));
  }
  return { schemas, messages, operations };
}
