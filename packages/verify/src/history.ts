import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** An event as somebody saw it: its identity, without anything that a deletion may remove later. */
export interface Seen {
  name: string;
  room: string;
  seq: number;
  at: number;
  actor: string;
  /** `message.created`: the sender's `clientId`, as its author was told it. */
  cid?: string;
  /** The message that it is about, or that it created. */
  message?: string;
  /** `member.…`: whose membership. */
  user?: string;
  /** The beginning of its text; the log has none of a message that was deleted. */
  text?: string;
  /** For a reaction. */
  emoji?: string;
  /** For a reaction: `added` or `removed`. */
  action?: string;
}

/** The intended effect of a call. */
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

/** One line of a history. Lines are in the order of time, as one process saw it. */
export type Entry =
  /** A call is sent. `op` identifies one attempt; attempts of one send share a `cid`. */
  | { type: 'invoked'; t: number; op: number; client: string; user: string; intent: Intent }
  /** It was acknowledged; for a message, with its seq. */
  | { type: 'acked'; t: number; op: number; message?: string; seq?: number }
  /** The server said that it did not do it. */
  | { type: 'refused'; t: number; op: number; code: string }
  /** The outcome is unknown: a timeout, a cut, an internal error. */
  | { type: 'unknown'; t: number; op: number; why: string }
  /** A client has a new connection. */
  | { type: 'connected'; t: number; client: string; user: string; connection: number }
  /** An event arrived: `live` over the connection, `page` in the answer to a read, `view` from the SDK. */
  | { type: 'received'; t: number; client: string; user: string; connection: number; how: How; event: Seen }
  /** A message arrived as a line of text, which has no seq; `text` is its beginning. */
  | { type: 'line'; t: number; client: string; user: string; connection: number; room: string; text: string }
  /** The server said that it skipped this client in a room. */
  | { type: 'behind'; t: number; client: string; user: string; connection: number; room: string; head: number }
  /** A client's view of a room begins after this seq. */
  | { type: 'begins'; t: number; client: string; user: string; room: string; after: number }
  /** A client's view of a room is over: its user has left. It may begin again. */
  | { type: 'ends'; t: number; client: string; user: string; room: string }
  /** A client's view shows an event. */
  | { type: 'applied'; t: number; client: string; user: string; room: string; seq: number }
  /** The server named the history that its cursors belong to. */
  | { type: 'epoch'; t: number; client: string; epoch: string }
  /** Something was done to the server or the network. */
  | { type: 'fault'; t: number; kind: string; detail?: string }
  /** From here on nobody did anything, and everybody had time to catch up. Only the listed clients are expected to. */
  | { type: 'quiet'; t: number; clients: string[] }
  /** A client has not caught up with a room by then; `state` tells what it was doing. */
  | { type: 'lagging'; t: number; client: string; room: string; state: string }
  /** A backup begins here: it contains everything acknowledged before. */
  | { type: 'backed-up'; t: number }
  /**
   * The backup has replaced the database, and nobody has been served from it yet. Everything before belongs to another
   * history.
   */
  | { type: 'restored'; t: number }
  /** The messages that a fresh reader was told are pinned in a room, at the very end: the last pinned first. */
  | { type: 'pinned'; t: number; room: string; messages: string[] }
  /** One event of the log, as a fresh reader found it at the very end of its history. */
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
   * Whether `unavailable` leaves open if a call happened. A server knows about its own local store, unless that is taken away
   * during a commit, and then comes back; from a store behind a network, the answer to a commit may be lost.
   */
  isUnsure: boolean;

  constructor(path: string, { isUnsure = false } = {}) {
    this.path = path;
    this.isUnsure = isUnsure;
    this.#file = openSync(path, 'w');
  }

  /** How many calls were refused so far because the server could not store. */
  get unavailable(): number {
    return this.#unavailable;
  }

  /** Adds a line. Late lines, after the end, are not part of the history. */
  add(entry: Unstamped<Entry>): void {
    if (this.#isClosed) return;
    const why = entry.type === 'refused' ? entry.code : entry.type === 'unknown' ? entry.why : undefined;
    if (why === 'unavailable') this.#unavailable += 1;
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

  /** Writes out what is not in the file yet, for readers before the end. */
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

/** The recorded part of an event from any transport. */
export function seenOf(name: string, body: Record<string, unknown>): Seen {
  const message = body['message'] as { id?: string; clientId?: string; text?: string; deletedAt?: number } | undefined;
  const id = message?.id ?? (body['messageId'] as string | undefined);
  const text = message?.deletedAt === undefined ? (message?.text ?? (body['text'] as string | undefined)) : undefined;
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
