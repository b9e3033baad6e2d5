import type {
  Activity,
  Client,
  ConnectionState,
  MessageList,
  MessageListState,
  Observable,
  OutboxEntry,
  RoomState,
  RoomView,
  Unread,
  ViewMessage,
} from '@madang/client';
import { type Member, MadangError, type Room, type RoomAbilities, type User, type UserRef } from '@madang/protocol';
import { conversation, ownMessages, people } from './conversation.js';

class Value<T> {
  readonly #listeners = new Set<() => void>();
  #value: T;
  constructor(value: T) {
    this.#value = value;
  }
  get = () => this.#value;
  set(value: T) {
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }
  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

const everything = { createRooms: true, openDirects: true, rename: true, signOut: true };

/** A client without a server: a few rooms and users in memory. */
export function fakeClient(options: URLSearchParams) {
  const state = new Value<ConnectionState>({ status: 'connecting' });
  const user = new Value<User | undefined>(undefined);
  const me: User = { id: 'u0', name: '새벽별', kind: 'guest', createdAt: 0 };
  const rooms = new Value<readonly Room[]>([]);
  const views = new Map<string, FakeView>();

  class FakeView implements RoomView {
    readonly value: Value<RoomState>;
    readonly messages: FakeList;
    readonly room = this.#slice((whole) => whole.room);
    readonly status = this.#slice((whole) => whole.status);
    readonly activity = this.#slice((whole) => whole.activity);
    readonly members = this.#slice((whole) => whole.members);
    readonly typists = this.#slice((whole) => whole.typing);
    readonly unread = { get: () => this.#unread(), subscribe: rooms.subscribe };
    #lastUnread: Unread = { read: 0, unread: 0, mentions: 0 };
    constructor(readonly id: string) {
      const room = rooms.get().find((each) => each.id === id);
      const all = conversation(id);
      this.value = new Value<RoomState>({
        room,
        status: room ? 'ready' : 'gone',
        messages: all.slice(-50),
        activity: activity(id, all),
        hasOlder: all.length > 50,
        isCut: options.has('cut'),
        loadingOlder: false,
        members: [],
        typing: options.has('typing') ? [people[1] as UserRef, people[2] as UserRef] : [],
      });
      this.messages = new FakeList(this);
    }
    get = () => this.value.get();
    subscribe = (listener: () => void) => this.value.subscribe(listener);
    #slice<T>(of: (whole: RoomState) => T): Observable<T> {
      return { get: () => of(this.get()), subscribe: (listener) => this.subscribe(listener) };
    }
    #unread(): Unread {
      const { read, unread = 0, mentions = 0 } = rooms.get().find((each) => each.id === this.id) ?? {};
      const last = this.#lastUnread;
      if (last.read !== read || last.unread !== unread) this.#lastUnread = { read, unread, mentions };
      return this.#lastUnread;
    }
    patch(change: Partial<RoomState>) {
      this.value.set({ ...this.value.get(), ...change });
    }
    list() {
      return this.messages;
    }
    loadOlder() {
      return this.messages.loadOlder();
    }
    markRead() {
      this.messages.markRead();
    }
    async loadMembers() {
      const members = people.map((each, index): Member => ({
        user: each,
        role: index === 0 ? 'owner' : 'member',
        joinedAt: 0,
        presence: index < 3 ? 'online' : index === 3 ? 'away' : 'offline',
        ...(index > 3 && { lastSeen: Date.now() - index * 4_000_000 }),
      }));
      this.patch({ members });
    }
    async react(id: string, emoji: string, isAdded: boolean) {
      const message = this.get().messages.find((each) => each.id === id);
      const reactions = (message?.reactions ?? []).filter((each) => each.emoji !== emoji);
      if (isAdded) reactions.push({ emoji, count: 1, users: [me], reacted: true });
      this.change(id, { reactions });
    }
    typing() {}
    pin(id: string, isPinned: boolean) {
      const { messages, activity: all, room } = this.get();
      const at = Date.now();
      const seq = Math.max(room?.head ?? 0, ...all.map((each) => Math.ceil(each.seq))) + 1;
      const event = { room: this.id, seq, at, actor: me, messageId: id };
      const type = isPinned ? ('message.pinned' as const) : ('message.unpinned' as const);
      this.patch({
        messages: messages.map(({ pinned, ...each }) =>
          each.id === id
            ? { ...each, ...(isPinned && { pinned: { by: me, at } }) }
            : { ...each, ...(pinned && { pinned }) },
        ),
        activity: [...all, { ...event, type }],
      });
    }
    change(id: string, change: Partial<ViewMessage>) {
      this.patch({ messages: this.get().messages.map((each) => (each.id === id ? { ...each, ...change } : each)) });
    }
  }

  class FakeList implements MessageList {
    readonly #view: FakeView;
    #last: { of: RoomState; as: MessageListState } | undefined;
    constructor(owner: FakeView) {
      this.#view = owner;
    }
    get = () => {
      const of = this.#view.get();
      if (this.#last?.of !== of) this.#last = { of, as: { ...of, hasNewer: false, loadingNewer: false } };
      return this.#last.as;
    };
    subscribe = (listener: () => void) => this.#view.subscribe(listener);
    async loadOlder() {
      const { hasOlder, loadingOlder, messages } = this.get();
      if (!hasOlder || loadingOlder) return;
      this.#view.patch({ loadingOlder: true });
      await new Promise((done) => setTimeout(done, 300));
      const all = conversation(this.#view.id);
      const at = all.findIndex((each) => each.id === messages[0]?.id);
      const from = Math.max(0, at - 50);
      this.#view.patch({
        loadingOlder: false,
        hasOlder: from > 0,
        messages: [...all.slice(from, at), ...this.get().messages],
      });
    }
    async loadNewer() {}
    keep(from: number, to = Infinity) {
      const messages = this.get().messages.filter(({ seq }) => seq >= from && seq <= to);
      this.#view.patch({ messages, hasOlder: true });
    }
    markRead() {
      const { id } = this.#view;
      rooms.set(rooms.get().map((each) => (each.id === id ? { ...each, read: each.head, unread: 0 } : each)));
    }
  }

  const view = (id: string) => {
    let found = views.get(id);
    if (!found) {
      found = new FakeView(id);
      views.set(id, found);
    }
    return found;
  };

  const start = (name: string) => {
    user.set({ ...me, name });
    rooms.set(fakeRooms());
    state.set({ status: 'online' });
  };

  const viewOf = (message: string) => view(message.split('.')[0] as string);

  const client = {
    state,
    user,
    can: new Value(
      options.has('restricted')
        ? { createRooms: false, openDirects: false, rename: false, signOut: false }
        : everything,
    ),
    rooms,
    token: undefined,
    unsent: new Value<readonly OutboxEntry[]>([]),
    unsentOf: async () => [],
    outboxError: new Value<undefined>(undefined),
    clockOffset: new Value(0),
    connect() {
      if (options.has('connecting')) return;
      if (options.has('signed-out')) return state.set({ status: 'signed-out' });
      start(me.name);
      if (options.has('reconnecting')) state.set({ status: 'reconnecting', attempt: 3, retryAt: Date.now() + 60_000 });
      if (options.has('offline')) state.set({ status: 'offline' });
    },
    reconnectNow: () => state.set({ status: 'online' }),
    close: async () => {},
    async signIn({ name }: { name: string }) {
      if (name === '고구마') throw new MadangError({ code: 'conflict', message: 'taken' });
      start(name);
      return me;
    },
    async signOut() {
      user.set(undefined);
      state.set({ status: 'signed-out' });
    },
    async call(name: string, input: Record<string, string>) {
      switch (name) {
        case 'member.list':
          await view(input['room'] as string).loadMembers();
          return { members: view(input['room'] as string).get().members, more: false };
        case 'room.list':
          return {
            rooms: [...rooms.get().filter((each) => each.kind === 'public'), ...otherRooms()].filter((each) =>
              each.name.includes(input['search'] ?? ''),
            ),
            more: false,
          };
        case 'room.get':
          return { room: otherRooms().find((each) => each.id === input['room']) ?? notFound() };
        case 'message.edit':
          viewOf(input['message'] as string).change(input['message'] as string, {
            text: input['text'] as string,
            editedAt: Date.now(),
          });
          return {};
        case 'message.delete':
          viewOf(input['message'] as string).change(input['message'] as string, {
            text: '',
            deletedAt: Date.now(),
            can: {},
          });
          return {};
        case 'message.pin':
        case 'message.unpin':
          viewOf(input['message'] as string).pin(input['message'] as string, name === 'message.pin');
          return {};
        case 'pin.list': {
          const { messages, room } = view(input['room'] as string).get();
          return { messages: messages.filter(({ pinned }) => pinned), head: room?.head ?? 0 };
        }
        case 'user.update':
          user.set({ ...me, name: input['name'] as string });
          return {};
        default:
          throw new MadangError({ code: 'unavailable', message: 'The fake server does not know this' });
      }
    },
    on: () => () => {},
    send(room: string, text: string) {
      const clientId = crypto.randomUUID();
      const target = view(room);
      const message: ViewMessage = {
        id: '',
        room,
        seq: 0,
        author: me,
        text,
        at: Date.now(),
        key: clientId,
        delivery: options.has('failing') ? 'failed' : 'pending',
        ...(options.has('failing') && { error: { code: 'rate_limited', message: '', retryAfter: 8 } }),
      };
      target.patch({ messages: [...target.get().messages, message] });
      if (!options.has('failing') && !options.has('pending')) {
        setTimeout(() => {
          const seq = (target.get().room?.head ?? 0) + 1;
          const sent = { ...message, id: `${room}.${seq}`, seq, delivery: 'sent' as const, can: ownMessages };
          target.patch({ messages: target.get().messages.map((each) => (each.key === clientId ? sent : each)) });
        }, 400);
      }
      return { clientId, sent: new Promise<never>(() => {}) };
    },
    retry() {},
    discard(clientId: string) {
      for (const each of views.values())
        each.patch({ messages: each.get().messages.filter((message) => message.key !== clientId) });
    },
    room: view,
  };
  return client as unknown as Client & typeof client;
}

function notFound(): never {
  throw new MadangError({ code: 'not_found', message: 'none' });
}

function activity(room: string, all: readonly ViewMessage[]): Activity[] {
  const last = all.at(-4);
  if (room !== 'lobby' || !last) return [];
  const base = { room, at: last.at, actor: people[4] as UserRef };
  return [
    { ...base, type: 'member.joined', seq: last.seq + 0.1, user: people[4] as UserRef, role: 'member' },
    { ...base, type: 'member.joined', seq: last.seq + 0.2, user: people[5] as UserRef, role: 'member' },
  ];
}

function fakeRooms(): Room[] {
  const lobby = conversation('lobby').at(-1)?.seq ?? 0;
  return [
    roomOf('lobby', '로비', { topic: '처음 오신 분은 여기서 인사해 주세요', read: lobby - 4, unread: 4 }),
    roomOf('books', '독서 모임', { topic: '이번 달 책: 소년이 온다', unread: 3, role: 'owner' }),
    roomOf('dev', 'frontend', { topic: 'React, CSS, 접근성', unread: 0 }),
    roomOf('garden', '텃밭 가꾸기', { unread: 120 }),
    roomOf('family', '여행 계획', { kind: 'private', role: 'owner', members: 4 }),
    roomOf('d1', '', { kind: 'direct', peer: people[1], members: 2 }),
    roomOf('d2', '', { kind: 'direct', peer: people[2], members: 2, unread: 1 }),
  ];
}

function otherRooms(): Room[] {
  const outside = { kind: 'public', createdAt: 0, head: 4, can: abilitiesOf('public', undefined) } as const;
  return [
    { ...outside, id: 'run', name: '아침 달리기', topic: '매일 6시, 한강', members: 23 },
    { ...outside, id: 'cook', name: '오늘 뭐 먹지', topic: '', members: 51 },
    { ...outside, id: 'movies', name: 'Film club', topic: 'One film a week, no spoilers', members: 1 },
  ];
}

/** What the server would say the user may do. */
function abilitiesOf(kind: Room['kind'], role: Room['role']): RoomAbilities {
  const isMember = role !== undefined;
  const isDirect = kind === 'direct';
  const isOwner = role === 'owner' && !isDirect;
  return {
    join: true,
    leave: isMember && !isDirect,
    hide: isDirect,
    read: isMember,
    write: isMember,
    manage: isOwner,
    invite: isOwner || (isMember && kind === 'public'),
    removeMembers: isOwner,
    react: isMember,
    pin: isOwner || (isMember && isDirect),
    ownMessages: { ...ownMessages, ...((isOwner || isDirect) && { pin: true as const }) },
    otherMessages: { react: true, ...(isDirect && { pin: true }), ...(isOwner && { delete: true, pin: true }) },
  };
}

function roomOf(id: string, name: string, rest: Partial<Room>): Room {
  const head = conversation(id).at(-1)?.seq ?? 0;
  return {
    id,
    name,
    kind: 'public',
    topic: '',
    createdAt: Date.now() - 9e9,
    head,
    members: 8,
    role: 'member',
    read: head,
    unread: 0,
    can: abilitiesOf(rest.kind ?? 'public', rest.role ?? 'member'),
    ...rest,
  };
}
