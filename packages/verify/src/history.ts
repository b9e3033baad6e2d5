import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** An event as somebody saw it: what tells it from others, without what a deletion may take away later. */
export interface Seen {
  name: string;
  room: string;
  seq: number;
  at: number;
  actor: string;
  /** `message.created`: the sender's `clientId`. */
  cid?: string;
  /** The message that it is about, or the one that it made. */
  message?: string;
  /** `member.…`: whose membership. */
  user?: string;
  /** The beginning of its text; a deletion empties it in the log. */
  text?: string;
  /** Of a reaction. */
  emoji?: string;
  /** Of a reaction: `added` or `removed`. */
  action?: string;
}

/** What a call was to do. */
export interface Intent {
  command: string;
  room: string;
  cid?: string;
  message?: string;
  /** Whose membership it changes. */
  user?: string;
  text?: string;
  emoji?: string;
  action?: string;
}

/** One line of a history. Lines are in the order in which things happened, as one process saw them. */
export type Entry =
  /** A call leaves. `op` is one attempt's; attempts of one send share a `cid`. */
  | { type: 'invoked'; t: number; op: number; client: string; user: string; intent: Intent }
  /** It was acknowledged; for a message, with its place. */
  | { type: 'acked'; t: number; op: number; message?: string; seq?: number }
  /** The server said that it did not do it. */
  | { type: 'refused'; t: number; op: number; code: string }
  /** Nobody said: a timeout, a cut, an internal error. */
  | { type: 'unknown'; t: number; op: number; why: string }
  /** A client has a new connection. */
  | { type: 'connected'; t: number; client: string; user: string; connection: number }
  /** An event came: `live` over the connection by itself, `page` in the answer to a read, `view` from the SDK. */
  | { type: 'received'; t: number; client: string; user: string; connection: number; how: How; event: Seen }
  /** A message came as a line of text, which has no seq; `text` is its beginning. */
  | { type: 'line'; t: number; client: string; user: string; connection: number; room: string; text: string }
  /** The server said that it skipped this client in a room. */
  | { type: 'behind'; t: number; client: string; user: string; connection: number; room: string; head: number }
  /** A client's view of a room begins after this seq. */
  | { type: 'begins'; t: number; client: string; user: string; room: string; after: number }
  /** A client's view of a room is over: its user is outside. It may begin again. */
  | { type: 'ends'; t: number; client: string; user: string; room: string }
  /** A client's view shows an event. */
  | { type: 'applied'; t: number; client: string; user: string; room: string; seq: number }
  /** The server named the history that its cursors belong to. */
  | { type: 'epoch'; t: number; client: string; epoch: string }
  /** Something was done to the server or the network. */
  | { type: 'fault'; t: number; kind: string; detail?: string }
  /** From here on nobody did anything, and everybody had time to catch up. Only those who stay are asked to. */
  | { type: 'quiet'; t: number; clients: string[] }
  /** A backup is made from here on: it has what was acknowledged before. */
  | { type: 'backed-up'; t: number }
  /** The backup is in the database's place, and nobody has been served from it yet. What was before is another history. */
  | { type: 'restored'; t: number }
  /** One event of the log as a fresh reader found it at the very end of its history. */
  | { type: 'logged'; t: number; event: Seen };

/** How an event came to a client. */
export type How = 'live' | 'page' | 'view';

type Unstamped<E> = E extends Entry ? Omit<E, 't'> : never;

const FLUSH_BYTES = 64 * 1024;

/** Writes a history as JSON lines. */
export class HistoryWriter {
  readonly path: string;
  readonly #file: number;
  readonly #start = performance.now();
  #buffer = '';
  #nextOp = 1;
  #nextConnection = 1;
  #isClosed = false;
  #unavailable = 0;
  /**
   * Whether `unavailable` leaves open if a call was done. A store of the server's own knows; from one behind a network
   * the answer to a commit may be lost.
   */
  readonly isUnsure: boolean;

  constructor(path: string, { isUnsure = false } = {}) {
    this.path = path;
    this.isUnsure = isUnsure;
    this.#file = openSync(path, 'w');
  }

  /** How many calls were refused so far since the server could not store. */
  get unavailable(): number {
    return this.#unavailable;
  }

  /** Adds a line. Late news after the end is not part of the history. */
  add(entry: Unstamped<Entry>): void {
    if (this.#isClosed) return;
    if (entry.type === 'refused' && entry.code === 'unavailable') this.#unavailable += 1;
    const t = Math.round((performance.now() - this.#start) * 10) / 10;
    this.#buffer += `${JSON.stringify({ ...entry, t })}\n`;
    if (this.#buffer.length > FLUSH_BYTES) this.flush();
  }

  newOp(): number {
    return this.#nextOp++;
  }

  newConnection(): number {
    return this.#nextConnection++;
  }

  close(): void {
    if (this.#isClosed) return;
    this.flush();
    this.#isClosed = true;
    closeSync(this.#file);
  }

  /** Writes what is not in the file yet, for who reads it before the end. */
  flush(): void {
    if (this.#isClosed) return;
    writeSync(this.#file, this.#buffer);
    this.#buffer = '';
  }
}

/** Reads a history back. */
export function readHistory(path: string): Entry[] {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Entry);
}

/** What is kept of an event that came over any transport. */
export function seenOf(name: string, body: Record<string, unknown>): Seen {
  const message = body['message'] as { id?: string; clientId?: string; text?: string } | undefined;
  const id = message?.id ?? (body['messageId'] as string | undefined);
  const text = message?.text ?? (body['text'] as string | undefined);
  const user = (body['user'] as { id: string } | undefined)?.id;
  return {
    name,
    room: String(body['room']),
    seq: Number(body['seq']),
    at: Number(body['at']),
    actor: (body['actor'] as { id: string } | undefined)?.id ?? '',
    ...(message?.clientId !== undefined && { cid: message.clientId }),
    ...(id !== undefined && { message: id }),
    ...(user !== undefined && { user }),
    ...(text !== undefined && { text: text.slice(0, 40) }),
    ...(typeof body['emoji'] === 'string' && { emoji: body['emoji'] }),
    ...(typeof body['action'] === 'string' && { action: body['action'] }),
  };
}
