/** What a text other than a delivery means to the load generator. */
type Meaning =
  | { kind: 'reply'; text: string }
  | { kind: 'ready' }
  | { kind: 'refused'; why: string }
  | { kind: 'answer'; id: number; error: string | undefined; text: string }
  | { kind: 'other' };

/** Instructions for a client: its room and its identity. */
export interface Place {
  room: string;
  token?: string;
  /** The node to connect to, if there are several. */
  port?: number;
  /** The loopback address to connect from: each has some 28,000 ports. */
  from?: string;
}

/** A server's protocol: what clients send, and what the server's frames mean. */
export interface Dialect {
  name: string;
  /** Lines of plain TCP instead of WebSocket frames. */
  isLines?: true;
  /** The address of the upgrade request; undefined where frames begin at once. */
  path?(place: Place): string;
  /** Further lines of the upgrade request. */
  headers?(place: Place): string[];
  /**
   * Sent when the connection opens. If there is neither this nor a `ready` from {@link read}, the connection is ready
   * then.
   */
  greeting?(place: Place): string;
  isReadyWhenOpen: boolean;
  /** Tells a delivery from an answer that repeats the text: by the byte at this position in the payload. */
  delivery?: { at: number; byte: number };
  /** A message, as a text frame's payload. `id` asks for an answer where the dialect has answers. */
  message(text: string, place: Place, id: number): string;
  /** Any other call; only Madang's dialects have them. */
  call?(name: string, input: unknown, id: number): string;
  /** The meaning of a text that is not a delivery. */
  read(text: string, place: Place): Meaning;
}

const byteOf = (text: string): number => text.charCodeAt(0);

/** `ws`, Bun and the raw peers: the text itself, both ways. */
export const plainText: Dialect = {
  name: 'plain',
  path: ({ room }) => `/?room=${room}`,
  isReadyWhenOpen: true,
  message: (text) => text,
  read: () => ({ kind: 'other' }),
};

/** The raw peers: frames without an upgrade; a first text says that the server has accepted the connection. */
export const rawText: Dialect = {
  name: 'raw',
  isReadyWhenOpen: false,
  message: (text) => text,
  read: () => ({ kind: 'ready' }),
};

/** IRC, with the sender's own messages sent back, so that everybody in the room receives everything. */
export const irc: Dialect = {
  name: 'irc',
  isLines: true,
  greeting: ({ token }) => `CAP REQ :echo-message\r\nNICK ${token}\r\nUSER ${token} 0 * :${token}\r\nCAP END`,
  isReadyWhenOpen: false,
  message: (text, { room }) => `PRIVMSG #${room} :${text}`,
  read: (text, { room }) => {
    if (/^\S+ 001 /.test(text)) return { kind: 'reply', text: `JOIN #${room}` };
    if (text.startsWith('PING ')) return { kind: 'reply', text: `PONG ${text.slice(5)}` };
    if (text.startsWith('ERROR ')) return { kind: 'refused', why: text };
    // RPL_ENDOFNAMES (RFC 2812, section 5.1): the room is joined.
    return / 366 /.test(text) ? { kind: 'ready' } : { kind: 'other' };
  },
};

function readSocketIo(text: string, isReady: (text: string) => boolean, connect: string): Meaning {
  if (text === '2') return { kind: 'reply', text: '3' };
  if (text.startsWith('0')) return { kind: 'reply', text: connect };
  if (isReady(text)) return { kind: 'ready' };
  if (text.startsWith('44')) return { kind: 'refused', why: text };
  const answer = /^43(\d+)\[/.exec(text);
  if (!answer) return { kind: 'other' };
  const error = text.startsWith('[{"error"', answer[0].length - 1) ? text : undefined;
  return { kind: 'answer', id: Number(answer[1]), error, text: text.slice(answer[0].length - 1) };
}

const engineIoPath = '/socket.io/?EIO=4&transport=websocket';

/** Bare Socket.IO on the WebSocket transport; `acks` asks for an acknowledgement of each message. */
export function bareSocketIo(acks: boolean): Dialect {
  return {
    name: 'socket.io',
    path: ({ room }) => `${engineIoPath}&room=${room}`,
    isReadyWhenOpen: false,
    delivery: { at: 1, byte: byteOf('2') },
    message: (text, _place, id) => `42${acks ? id : ''}["message","${text}"]`,
    read: (text) => readSocketIo(text, (each) => each.startsWith('40'), '40'),
  };
}

/** Madang's Socket.IO transport, on the WebSocket transport. */
export const madangSocketIo: Dialect = {
  name: 'madang socket.io',
  path: () => engineIoPath,
  isReadyWhenOpen: false,
  delivery: { at: 1, byte: byteOf('2') },
  message: (text, { room }, id) =>
    `42${id}["message.send",{"room":"${room}","text":"${text}","clientId":"${clientIdOf(id)}"}]`,
  call: (name, input, id) => `42${id}${JSON.stringify([name, input])}`,
  read: (text, { token }) =>
    readSocketIo(text, (each) => each.startsWith('42["session.started"'), `40${JSON.stringify({ token })}`),
};

/** Madang's plain WebSocket transport: JSON-RPC 2.0. */
export const madangJsonRpc: Dialect = madangJsonRpcOf(0);

/** The same for the load of this number (0 to 999) on one database: its client ids differ from those of the others. */
export function madangJsonRpcOf(load: number): Dialect {
  return {
    name: 'madang /ws',
    path: () => '/ws',
    headers: ({ token }) => [`Authorization: Bearer ${token}`],
    // Calls wait until the transport has let the client in, so this one's answer says that it has.
    greeting: () => '{"jsonrpc":"2.0","id":"hello","method":"session.get"}',
    isReadyWhenOpen: false,
    // The m of {"jsonrpc":"2.0","method": in a notification, where an answer has "id" or "result".
    delivery: { at: 18, byte: byteOf('m') },
    message: (text, { room }, id) =>
      `{"jsonrpc":"2.0","id":${id},"method":"message.send","params":{"room":"${room}","text":"${text}","clientId":"${clientIdOf(id, load)}"}}`,
    call: (name, input, id) => JSON.stringify({ jsonrpc: '2.0', id, method: name, params: input }),
    read: (text) => {
      if (text.includes('"id":"hello"')) {
        return text.includes('"error"') ? { kind: 'refused', why: text } : { kind: 'ready' };
      }
      const answer = /^\{"jsonrpc":"2\.0","id":(\d+),"(result|error)"/.exec(text);
      if (!answer) return { kind: 'other' };
      return { kind: 'answer', id: Number(answer[1]), error: answer[2] === 'error' ? text : undefined, text };
    },
  };
}

/** As long as the SDK's client ids (UUIDs), and unique per author within a load. */
function clientIdOf(id: number, load = 0): string {
  return `01981c5e-7000-7${String(load).padStart(3, '0')}-8000-${String(id).padStart(12, '0')}`;
}
