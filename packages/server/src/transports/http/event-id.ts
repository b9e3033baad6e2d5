import { fail } from '@madang/protocol';
import { createHash } from 'node:crypto';
import type { RoomPlace, StreamCursors } from '../../fanout/resume.js';

/**
 * A stream's `id`: its history's epoch and the cursor of each of its rooms, `<epoch>;<room>=<seq>,…`. With many rooms
 * that would exceed what proxies allow in a header, so it is packed: `<epoch>~<base64url>`, below 2 KB for 500 rooms.
 *
 * The packed form holds a hash of the list and, ordered by room id, the lower three bytes of each cursor; the reader
 * knows the rooms and their heads. The hash tells whether the result is what was written. If somebody has left a room
 * since, or missed more than 16 million events of one, it isn't, and all rooms count as behind.
 */

/** An id of this many characters or more is packed. */
const MAX_PLAIN = 1500;

const HASH_BYTES = 6;
const SEQ_BYTES = 3;
const SEQ_RANGE = 2 ** (8 * SEQ_BYTES);

type Cursors = ReadonlyMap<string, number>;

/** Encodes an `id`. */
export function idOfCursors(epoch: string, cursors: Cursors): string {
  const plain = listOf(cursors);
  if (plain.length <= MAX_PLAIN) return `${epoch};${plain}`;
  const rooms = sorted(cursors);
  const bytes = Buffer.alloc(HASH_BYTES + rooms.length * SEQ_BYTES);
  hashOf(rooms).copy(bytes);
  for (const [index, [, seq]] of rooms.entries()) {
    bytes.writeUIntBE(seq % SEQ_RANGE, HASH_BYTES + index * SEQ_BYTES, SEQ_BYTES);
  }
  return `${epoch}~${bytes.toString('base64url')}`;
}

/**
 * Decodes an `id`.
 * @throws MadangError `invalid_input` for one that has neither form
 */
export function cursorsOfId(id: string): StreamCursors {
  const [, epoch = '', plain, packed] = /^([\w-]+)(?:;(.*)|~([\w-]+))$/.exec(id) ?? [];
  const cursors = plain === undefined ? undefined : readList(plain);
  if (cursors) return { epoch, of: () => cursors };
  const bytes = Buffer.from(packed ?? '', 'base64url');
  if (bytes.length < HASH_BYTES || (bytes.length - HASH_BYTES) % SEQ_BYTES !== 0) {
    return fail('invalid_input', 'Last-Event-ID must be an id of this stream: <epoch>;<room>=<seq>,…');
  }
  return { epoch, of: (places) => unpack(bytes, places) };
}

function readList(list: string): Map<string, number> | undefined {
  const cursors = new Map<string, number>();
  for (const pair of list === '' ? [] : list.split(',')) {
    const match = /^([a-z0-9][a-z0-9_-]{0,39})=(\d{1,15})$/.exec(pair);
    if (!match?.[1]) return undefined;
    cursors.set(match[1], Number(match[2]));
  }
  return cursors;
}

/** The id covers the rooms that were joined first; there may be newer ones. */
function unpack(bytes: Buffer, places: readonly RoomPlace[]): Cursors | undefined {
  const count = (bytes.length - HASH_BYTES) / SEQ_BYTES;
  const first = places.toSorted((a, b) => a.joinedAt - b.joinedAt).slice(0, count);
  const rooms = sorted(new Map(first.map(({ room, head }) => [room, head])));
  for (const [index, entry] of rooms.entries()) {
    const low = bytes.readUIntBE(HASH_BYTES + index * SEQ_BYTES, SEQ_BYTES);
    const missed = (((entry[1] - low) % SEQ_RANGE) + SEQ_RANGE) % SEQ_RANGE;
    entry[1] -= missed;
  }
  const isWhole = rooms.length === count && hashOf(rooms).equals(bytes.subarray(0, HASH_BYTES));
  return isWhole ? new Map(rooms) : undefined;
}

function sorted(cursors: Cursors): [room: string, seq: number][] {
  return [...cursors].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function hashOf(rooms: Iterable<[string, number]>): Buffer {
  return createHash('sha256').update(listOf(rooms)).digest().subarray(0, HASH_BYTES);
}

function listOf(cursors: Iterable<[string, number]>): string {
  return Array.from(cursors, ([room, seq]) => `${room}=${seq}`).join(',');
}
