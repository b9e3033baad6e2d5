/**
 * What a client may send, checked by hand, since anything can arrive over a socket. Each reader returns a value that is
 * safe to use, or `undefined`.
 */

/** Who a user claims to be. Nobody checks it: this is an example of sending, not of signing in. */
export interface Login {
  name: string;
  id: string;
}

/** The recipient of a message: one of the four ways to send, or a room. */
type Target = 'everyone' | 'me' | 'others' | { client: string } | { room: Room };

export interface Chat {
  text: string;
  to: Target;
}

/** The rooms that can be joined. A fixed list, so that strangers can't fill the server's memory with new ones. */
const rooms = ['tea', 'books', 'games'] as const;
export type Room = (typeof rooms)[number];

const maxNameLength = 30;
const maxTextLength = 1000;
const visible = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u;
const idShape = /^[\p{L}\p{M}\p{N}._-]{1,30}$/u;

export function readLogin(input: unknown): Login | undefined {
  if (!isObject(input) || typeof input['name'] !== 'string' || typeof input['id'] !== 'string') return undefined;
  const name = input['name'].trim();
  const id = input['id'].trim();
  if (name.length > maxNameLength || !visible.test(name) || !idShape.test(id)) return undefined;
  return { name, id };
}

/** A missing `to` means everyone. */
export function readChat(input: unknown): Chat | undefined {
  if (!isObject(input) || typeof input['text'] !== 'string') return undefined;
  const text = input['text'].trim();
  const to = readTarget(input['to'] ?? 'everyone');
  if (text === '' || text.length > maxTextLength || to === undefined) return undefined;
  return { text, to };
}

export function readRoom(input: unknown): Room | undefined {
  return rooms.find((room) => room === input);
}

function readTarget(input: unknown): Target | undefined {
  if (input === 'everyone' || input === 'me' || input === 'others') return input;
  if (!isObject(input)) return undefined;
  if (typeof input['client'] === 'string') return { client: input['client'] };
  const room = readRoom(input['room']);
  return room === undefined ? undefined : { room };
}

function isObject(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null;
}
