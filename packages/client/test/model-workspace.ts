import type {
  CommandInput,
  ErrorObject,
  LoggedEvent,
  Message,
  Reaction,
  Room,
  RoomAbilities,
  SessionAbilities,
  User,
} from '@madang/client';
import type { FakeCall, FakeConnection, FakeTransport } from '@madang/client/testing';

/** How a fault delivers an event to one connection: how many copies arrive, and when. */
export type Fault = 'deliver' | 'lose' | 'twice' | 'later';

interface ModelRoom {
  name: string;
  log: LoggedEvent[];
  members: Set<string>;
}

const everything: RoomAbilities = {
  join: true,
  leave: true,
  hide: false,
  read: true,
  write: true,
  manage: false,
  invite: true,
  removeMembers: false,
  react: true,
  pin: false,
  ownMessages: { edit: true, delete: true, react: true },
  otherMessages: { react: true },
};

type Body<E> = E extends LoggedEvent ? Omit<E, 'room' | 'seq' | 'at' | 'actor'> : never;

/**
 * A server in memory that implements as much of the protocol as the SDK needs, behind a fake transport. It shares no
 * code with the SDK: each page of messages is folded from the log from scratch.
 */
export class ModelWorkspace {
  readonly users = new Map<string, User>();
  readonly rooms = new Map<string, ModelRoom>();
  readonly calls: { name: string; input: unknown }[] = [];
  epoch = 'epoch-1';
  /** The last seq that each room no longer keeps. */
  readonly logStarts = new Map<string, number>();
  /** The last seq that `<user> <room>` has read; the head if absent. */
  readonly reads = new Map<string, number>();
  abilities: SessionAbilities = { createRooms: true, openDirects: true, rename: true, signOut: true };
  /** Whether clients can reach it. */
  isUp = true;
  /** How far its clock is ahead of the clients', in ms. */
  aheadMs = 0;
  /** Refuses a call; 'silence' leaves it unanswered. */
  refuse: (name: string, input: unknown) => ErrorObject | 'silence' | undefined = () => undefined;
  /** Decides what happens to each live event. */
  fault: (event: LoggedEvent) => Fault = () => 'deliver';
  /** Delay of an answer after it was made, in ms; 0 for none. */
  delay: (name: string) => number = () => 0;
  /** What users may do in rooms. */
  can: (room: string, user: string) => RoomAbilities = () => everything;
  /** Commits, but loses the acknowledgement. */
  loseAck: (input: CommandInput<'message.send'>) => boolean = () => false;
  readonly #sessions = new Map<FakeConnection, string>();
  readonly #tokens = new Map<string, string>();
  #folded: { last: LoggedEvent | undefined; messages: Message[] } | undefined;
  #late: { connection: FakeConnection; event: LoggedEvent }[] = [];

  constructor(transport: FakeTransport) {
    this.addRoom('lobby');
    this.attach(transport);
  }

  attach(transport: FakeTransport): void {
    transport.onOpen = (connection) => {
      if (!this.isUp) return connection.refuse();
      const user = connection.token === undefined ? undefined : this.#tokens.get(connection.token);
      if (connection.token !== undefined && user === undefined) {
        return connection.refuse({ code: 'unauthenticated', message: 'no such session' });
      }
      if (user !== undefined) this.#sessions.set(connection, user);
      connection.accept();
    };
    transport.onCall = (call, connection) => this.#answer(call, connection);
  }

  addRoom(id: string): void {
    this.rooms.set(id, { name: id, log: [], members: new Set() });
    this.append(id, 'u-root', { type: 'room.created', kind: 'public', name: id, topic: '' });
  }

  addUser(name: string, rooms: string[] = ['lobby']): { token: string; user: User } {
    const user: User = { id: `u-${name}`, name, kind: 'guest', createdAt: 0 };
    this.users.set(user.id, user);
    const token = `token-${name}`;
    this.#tokens.set(token, user.id);
    for (const room of rooms) this.join(room, user.id);
    return { token, user };
  }

  join(room: string, user: string): void {
    this.rooms.get(room)!.members.add(user);
    this.append(room, user, { type: 'member.joined', user: this.ref(user), role: 'member' });
  }

  leave(room: string, user: string): void {
    this.append(room, user, { type: 'member.left', user: this.ref(user), reason: 'left' });
    this.rooms.get(room)!.members.delete(user);
  }

  revoke(token: string): void {
    this.#tokens.delete(token);
  }

  /** Commits a message that no client has sent. */
  say(room: string, author: string, text: string, clientId?: string): Message {
    const log = this.rooms.get(room)!.log;
    const seq = log.length + 1;
    const message = { id: `${room}.${seq}`, text, ...(clientId !== undefined && { clientId }) };
    this.append(room, author, { type: 'message.created', message });
    return { ...message, room, seq, author: this.ref(author), at: seq };
  }

  /** Deletes a message, by whoever may. */
  remove(actor: string, messageId: string): LoggedEvent {
    const dot = messageId.lastIndexOf('.');
    const [room, messageSeq] = [messageId.slice(0, dot), Number(messageId.slice(dot + 1))];
    const author = this.rooms.get(room)!.log[messageSeq - 1]!.actor.id;
    return this.append(room, actor, { type: 'message.deleted', messageId, messageSeq, author });
  }

  append(room: string, actor: string, body: Body<LoggedEvent>): LoggedEvent {
    const { log, members } = this.rooms.get(room)!;
    const seq = log.length + 1;
    const event = { ...body, room, seq, at: seq, actor: this.ref(actor) };
    log.push(event);
    for (const [connection, user] of this.#sessions) {
      if (!members.has(user) || connection.isOver) continue;
      const fault = this.fault(event);
      if (fault === 'later') this.#late.push({ connection, event });
      if (fault === 'deliver' || fault === 'twice') this.deliver(connection, event);
      if (fault === 'twice') this.deliver(connection, event);
    }
    return event;
  }

  /** Delivers what was held back, in the order of the given picks. */
  deliverLate(pick: (count: number) => number = () => 0): void {
    while (this.#late.length > 0) {
      const [late] = this.#late.splice(pick(this.#late.length) % this.#late.length, 1);
      this.deliver(late!.connection, late!.event);
    }
  }

  deliver(connection: FakeConnection, event: LoggedEvent): void {
    const { type, ...payload } = toldTo(this.#sessions.get(connection), event);
    connection.deliver(type, payload);
  }

  /** Every open connection. */
  connections(): FakeConnection[] {
    return [...this.#sessions.keys()].filter((connection) => !connection.isOver);
  }

  /** Breaks all connections. */
  drop(): void {
    for (const connection of this.connections()) connection.drop();
    this.#sessions.clear();
    this.#late = [];
  }

  head(room: string): number {
    return this.rooms.get(room)!.log.length;
  }

  /** The room's messages according to the log. */
  messages(room: string): Message[] {
    const { log } = this.rooms.get(room)!;
    const last = log.at(-1);
    if (this.#folded?.last !== last) this.#folded = { last, messages: this.#fold(room) };
    return this.#folded!.messages;
  }

  #fold(room: string): Message[] {
    const messages = new Map<string, Message>();
    for (const event of this.rooms.get(room)!.log) {
      if (event.type === 'message.created') {
        const { room: of, seq, at, actor: author, message } = event;
        messages.set(message.id, { ...message, room: of, seq, at, author });
      }
      if (!('messageId' in event)) continue;
      const message = messages.get(event.messageId);
      if (!message) continue;
      if (event.type === 'message.edited') Object.assign(message, { text: event.text, editedAt: event.at });
      if (event.type === 'message.deleted') {
        Object.assign(message, { text: '', deletedAt: event.at });
        delete message.reactions;
        delete message.pinned;
      }
      if (event.type === 'message.pinned') message.pinned = { by: event.actor, at: event.at };
      if (event.type === 'message.unpinned') delete message.pinned;
      if (event.type === 'message.reacted') message.reactions = reacted(message.reactions ?? [], event);
    }
    return [...messages.values()];
  }

  ref(user: string) {
    return { id: user, name: this.users.get(user)?.name ?? user };
  }

  #answer(call: FakeCall, connection: FakeConnection): void {
    this.calls.push({ name: call.name, input: call.input });
    const refusal = this.refuse(call.name, call.input);
    if (refusal === 'silence') return;
    if (refusal) return call.refuse(refusal);
    const user = this.#sessions.get(connection);
    if (call.name === 'session.start') return this.#start(call, connection);
    if (user === undefined) return call.refuse({ code: 'unauthenticated', message: 'start a session first' });
    const output = this.#output(call, user);
    if (output === undefined) return;
    const delayMs = this.delay(call.name);
    const made = structuredClone(output);
    if (delayMs > 0) setTimeout(() => answer(call, made), delayMs);
    else answer(call, made);
    if (call.name === 'session.end') connection.drop();
  }

  #start(call: FakeCall, connection: FakeConnection): void {
    const { name, token } = call.input as CommandInput<'session.start'>;
    const known = token === undefined ? undefined : this.#tokens.get(token);
    if (name !== undefined && this.users.has(`u-${name}`)) {
      return call.refuse({ code: 'conflict', message: 'the name is taken' });
    }
    const user = name === undefined ? known : this.addUser(name).user.id;
    if (user === undefined) return call.refuse({ code: 'unauthenticated', message: 'no such session' });
    this.#sessions.set(connection, user);
    call.answer({ ...this.#state(user), token: token ?? `token-${name}` });
  }

  #output({ name, input }: FakeCall, user: string): object | undefined {
    switch (name) {
      case 'session.get':
        return this.#state(user);
      case 'session.end':
        return {};
      case 'message.send':
        return this.#send(input as CommandInput<'message.send'>, user);
      case 'message.list': {
        const { room } = input as CommandInput<'message.list'>;
        if (!this.rooms.get(room)?.members.has(user)) return { code: 'not_found', message: 'no such room' };
        return this.#list(input as CommandInput<'message.list'>, user);
      }
      case 'message.react': {
        const { message: id, emoji, remove = false } = input as CommandInput<'message.react'>;
        const { room, reactions = [], deletedAt } = this.#message(id);
        if (deletedAt !== undefined) return { code: 'conflict', message: 'it was deleted' };
        const has = reactions.some((each) => each.emoji === emoji && each.users.some(({ id: by }) => by === user));
        const action = remove ? ('removed' as const) : ('added' as const);
        if (has === remove) this.append(room, user, { type: 'message.reacted', messageId: id, emoji, action });
        return { message: seenBy(user, this.#message(id)), asOf: this.head(room) };
      }
      case 'log.read': {
        const { room, after, limit = 50, epoch } = input as CommandInput<'log.read'>;
        return { ...this.#page(user, room, { after, limit, epoch }), epoch: this.epoch };
      }
      case 'sync': {
        const { cursors, epoch } = input as CommandInput<'sync'>;
        const rooms = Object.entries(cursors).map(([room, after]) => [
          room,
          this.#page(user, room, { after, limit: 200, epoch }),
        ]);
        return { rooms: Object.fromEntries(rooms), epoch: this.epoch };
      }
      case 'room.get':
      case 'room.join': {
        const { room } = input as CommandInput<'room.get'>;
        if (name === 'room.join') this.join(room, user);
        return { room: this.#room(room, user) };
      }
      case 'read.mark': {
        const { room, seq } = input as CommandInput<'read.mark'>;
        this.reads.set(`${user} ${room}`, Math.max(seq, this.reads.get(`${user} ${room}`) ?? 0));
        return { room, seq, ...this.left(room, user) };
      }
      case 'member.list': {
        const { room } = input as CommandInput<'member.list'>;
        const members = Array.from(this.rooms.get(room)!.members, (id) => ({
          user: this.ref(id),
          role: 'member',
          joinedAt: 0,
          presence: 'offline',
        }));
        return { members, more: false };
      }
      default:
        return {};
    }
  }

  #list(input: CommandInput<'message.list'>, user: string): object {
    const { room, before = Infinity, after = 0, around, limit = 50 } = input;
    const logStart = this.logStarts.get(room) ?? 0;
    const all = this.messages(room).filter(({ seq }) => seq < before && seq > after && seq > logStart);
    const found = around === undefined ? pageOf(all, limit, input.after !== undefined) : pageAround(all, around, limit);
    return {
      ...found,
      messages: found.messages.map((message) => seenBy(user, message)),
      head: this.head(room),
      asOf: this.head(room),
      ...(logStart > 0 && { logStart }),
    };
  }

  #message(id: string): Message {
    const [room] = id.split('.');
    return this.messages(room!).find((message) => message.id === id)!;
  }

  #send(input: CommandInput<'message.send'>, user: string): object | undefined {
    const { room, text, clientId } = input;
    const known = this.messages(room).find(
      (message) => clientId !== undefined && message.author.id === user && message.clientId === clientId,
    );
    const message = known ?? this.say(room, user, text, clientId);
    return this.loseAck(input) ? undefined : { message };
  }

  #page(
    user: string,
    room: string,
    { after, limit, epoch }: { after: number; limit: number; epoch: string | undefined },
  ): object {
    const head = this.head(room);
    const logStart = this.logStarts.get(room) ?? 0;
    const cut = logStart > 0 && { logStart };
    if ((epoch !== undefined && epoch !== this.epoch) || after > head || after < logStart) {
      return { events: [], head, more: false, reset: true, ...cut };
    }
    const events = this.rooms
      .get(room)!
      .log.slice(after, after + limit)
      .map((event) => toldTo(user, event));
    return { events, head, more: after + events.length < head, ...cut };
  }

  #state(user: string): object {
    const rooms = [...this.rooms].filter(([, { members }]) => members.has(user)).map(([id]) => this.#room(id, user));
    return {
      user: this.users.get(user),
      rooms,
      sections: [],
      can: this.abilities,
      epoch: this.epoch,
      now: Date.now() + this.aheadMs,
    };
  }

  #joined(room: string, user: string): number {
    const { log } = this.rooms.get(room)!;
    return log.findLast((event) => event.type === 'member.joined' && event.user.id === user)?.seq ?? 0;
  }

  /** What a user has left to read, as `read.mark` and `read.marked` tell it. */
  left(room: string, user: string): { unread: number; mentions: number; head: number } {
    const read = this.reads.get(`${user} ${room}`) ?? this.head(room);
    const others = this.messages(room).filter(
      ({ seq, author, deletedAt }) => seq > read && author.id !== user && deletedAt === undefined,
    );
    const mentions = others.filter((message) => message.mentions?.includes(user));
    return { unread: Math.min(others.length, 100), mentions: Math.min(mentions.length, 100), head: this.head(room) };
  }

  #room(id: string, user: string): Room {
    const { name, members } = this.rooms.get(id)!;
    return {
      id,
      kind: 'public',
      name,
      topic: '',
      createdAt: 0,
      head: this.head(id),
      members: members.size,
      can: this.can(id, user),
      ...(members.has(user) && {
        role: 'member',
        joined: this.#joined(id, user),
        read: this.reads.get(`${user} ${id}`) ?? this.head(id),
        ...this.left(id, user),
      }),
    };
  }
}

function pageOf(all: Message[], limit: number, isForward: boolean): { messages: Message[]; more: boolean } {
  return { messages: isForward ? all.slice(0, limit) : all.slice(-limit), more: all.length > limit };
}

function pageAround(all: Message[], around: number, limit: number) {
  const split = all.filter(({ seq }) => seq <= around).length;
  const most = Math.max(0, all.length - limit);
  const start = Math.min(Math.max(0, split - Math.ceil(limit / 2)), most);
  return { messages: all.slice(start, start + limit), more: start > 0, newer: start + limit < all.length };
}

/** With `reacted` as the server tells it to one user. */
function seenBy(user: string, message: Message): Message {
  const reactions = message.reactions?.map((each) => ({ ...each, reacted: each.users.some(({ id }) => id === user) }));
  return { ...message, ...(reactions && { reactions }) };
}

/** Only the author is told a message's `clientId`. */
function toldTo(user: string | undefined, event: LoggedEvent): LoggedEvent {
  if (event.type !== 'message.created' || event.actor.id === user) return event;
  const { clientId: _, ...message } = event.message;
  return { ...event, message };
}

function answer(call: FakeCall, output: object): void {
  if ('code' in output) call.refuse(output as ErrorObject);
  else call.answer(output);
}

function reacted(before: Reaction[], event: Extract<LoggedEvent, { type: 'message.reacted' }>): Reaction[] {
  const byEmoji = new Map(before.map((reaction) => [reaction.emoji, reaction.users]));
  const others = (byEmoji.get(event.emoji) ?? []).filter(({ id }) => id !== event.actor.id);
  byEmoji.set(event.emoji, event.action === 'added' ? [...others, event.actor] : others);
  return [...byEmoji]
    .filter(([, users]) => users.length > 0)
    .map(([emoji, users]) => ({ emoji, count: users.length, users }));
}
