import type { Client, OutboxEntry } from '@madang/client';
import { isBlank, type User, type UserRef } from '@madang/protocol';
import { Changes } from './changes.js';
import { forgetOwner, lastOwner, rememberOwner } from './last-owner.js';
import { forgetRoom } from './last-room.js';
import { forgetUses } from './used.js';
import type { Tabs } from './tabs.js';
import type { UnsentTexts } from './unsent-texts.js';

/** Something that was written and has not been sent. */
export interface Unsent {
  key: string;
  kind: 'draft' | 'edit' | 'message';
  room: string;
  roomTitle: string;
  text: string;
}

/** What somebody had not sent when their session ended. */
export interface LeftBehind {
  user: UserRef;
  texts: readonly Unsent[];
  /** It ended while this page was closed: who opens it now may be somebody else. */
  wasClosed?: boolean;
}

/** Whose page this is. */
export type Ownership =
  /**
   * Nobody's: the sign-in page. `left` tells whose session has ended here other than by signing out, and `elsewhere` who
   * has signed in in another tab since.
   */
  | { kind: 'nobody'; left?: LeftBehind; elsewhere?: UserRef }
  | { kind: 'owned'; user: UserRef }
  /** The browser's session is somebody else's now. The page does nothing more, in nobody's name. */
  | { kind: 'taken'; by: UserRef; left: LeftBehind };

/**
 * Keeps a page with the user it was opened for. All tabs share one cookie, and so a tab would become somebody else with its
 * next connection, when another user signs in in another tab. It stops instead, and shows what was not sent.
 */
export class PageOwner {
  readonly #client: Client;
  readonly #unsent: UnsentTexts;
  readonly #tabs: Tabs;
  readonly #askSession: () => Promise<UserRef | undefined>;
  readonly #changes = new Changes();
  /** The messages that the owner was sending. The client forgets them before it says that the session has ended. */
  #waiting: readonly Unsent[] = [];
  #all: readonly Unsent[] | undefined;
  #isSigningOut = false;
  #state: Ownership = { kind: 'nobody' };

  /** `askSession`: whose session the browser has, by the server; undefined if it can't tell now. */
  constructor(client: Client, unsent: UnsentTexts, tabs: Tabs, askSession: () => Promise<UserRef | undefined>) {
    this.#client = client;
    this.#unsent = unsent;
    this.#tabs = tabs;
    this.#askSession = askSession;
    client.user.subscribe(() => this.#userChanged());
    client.state.subscribe(() => this.#stateChanged());
    client.unsent.subscribe(() => this.#waitingChanged());
    unsent.subscribe(() => this.#unsentChanged());
    tabs.hear((message) => message.type === 'session' && this.#sessionElsewhere(message.user));
  }

  readonly get = (): Ownership => this.#state;

  readonly subscribe = this.#changes.subscribe;

  /**
   * Everything that the owner has not sent: drafts, edits, and messages that wait or were refused. The same array until it
   * changes.
   */
  readonly unsent = (): readonly Unsent[] => {
    this.#all ??= [...writtenTexts(this.#unsent), ...this.#waiting];
    return this.#all;
  };

  /** Signs out, and forgets what was not sent. Throws `MadangError` if the server can't be told. */
  async signOut(): Promise<void> {
    this.#isSigningOut = true;
    try {
      await this.#client.signOut();
      this.#tabs.tell({ type: 'session', user: null });
      this.#unsent.forgetAll();
      forgetOwner();
      forgetRoom();
      forgetUses();
    } finally {
      this.#isSigningOut = false;
    }
  }

  #userChanged(): void {
    const user = this.#client.user.get();
    if (this.#state.kind === 'taken') return;
    if (!user) this.#ended();
    else if (this.#state.kind === 'owned' && this.#state.user.id !== user.id) this.#taken(user);
    else this.#owned(user);
  }

  /** The server has said whose session the browser has. */
  #stateChanged(): void {
    const state = this.#state;
    const { status } = this.#client.state.get();
    if (state.kind === 'owned' && status === 'online') this.#claim(state.user);
    if (state.kind === 'nobody' && status === 'signed-out') void this.#findLeft();
  }

  /** A session has ended while the page was closed: until somebody signs in, what its user wrote can be had here. */
  async #findLeft(): Promise<void> {
    const user = lastOwner();
    if (!user || this.#isSigningOut) return;
    const waiting = await this.#client.unsentOf(user.id);
    const state = this.#state;
    if (state.kind !== 'nobody' || state.left || state.elsewhere) return;
    this.#unsent.begin(user.id);
    const texts = [...writtenTexts(this.#unsent), ...waiting.map((entry) => waitingMessage(entry, ''))];
    this.#set({ kind: 'nobody', left: { user, texts, wasClosed: true } });
  }

  #claim({ id, name }: UserRef): void {
    this.#tabs.tell({ type: 'session', user: { id, name } });
  }

  #owned(user: User): void {
    this.#unsent.begin(user.id);
    // Who can't sign out here, such as a user of a host app, could not have it forgotten.
    if (this.#client.can.get()?.signOut === true) rememberOwner(user);
    else forgetOwner();
    this.#set({ kind: 'owned', user });
  }

  #ended(): void {
    if (this.#state.kind !== 'owned') return;
    const left = this.#left(this.#state.user);
    this.#waiting = [];
    this.#all = undefined;
    this.#set({ kind: 'nobody', ...(!this.#isSigningOut && { left }) });
  }

  #taken(by: UserRef): void {
    if (this.#state.kind !== 'owned') return;
    this.#set({ kind: 'taken', by, left: this.#left(this.#state.user) });
    void this.#client.close();
  }

  #sessionElsewhere(user: UserRef | null): void {
    const state = this.#state;
    if (state.kind === 'nobody') {
      const { left } = state;
      // What was written before this page was opened is not for whoever has signed in.
      const isLeft = left !== undefined && !(user && left.wasClosed);
      this.#set({ kind: 'nobody', ...(isLeft && { left }), ...(user && { elsewhere: user }) });
    } else if (state.kind === 'owned' && user && user.id !== state.user.id) void this.#contested(state.user, user);
    // After somebody has signed out, the server says so here too.
  }

  /** Two tabs that sign in at the same moment tell this to each other. The session is that of the last cookie. */
  async #contested(owner: UserRef, other: UserRef): Promise<void> {
    const by = (await this.#askSession()) ?? other;
    if (this.#state.kind !== 'owned' || this.#state.user.id !== owner.id) return;
    if (by.id === owner.id) this.#claim(owner);
    else this.#taken(by);
  }

  #left(user: UserRef): LeftBehind {
    return { user, texts: this.unsent() };
  }

  #waitingChanged(): void {
    const state = this.#state;
    // While a session ends, the client has forgotten its messages already.
    if (state.kind !== 'owned' || this.#client.user.get()?.id !== state.user.id) return;
    const entries = this.#client.unsent.get().filter(({ user }) => user === state.user.id);
    const titles = new Map(this.#client.rooms.get().map(({ id, name, peer }) => [id, peer?.name ?? name]));
    this.#waiting = entries.map((entry) => waitingMessage(entry, titles.get(entry.room) ?? ''));
    this.#unsentChanged();
  }

  #unsentChanged(): void {
    this.#all = undefined;
    this.#told();
  }

  #set(state: Ownership): void {
    this.#state = state;
    this.#told();
  }

  #told(): void {
    this.#changes.tell();
  }
}

function writtenTexts(unsent: UnsentTexts): Unsent[] {
  return unsent
    .all()
    .filter(({ text }) => !isBlank(text))
    .map(({ id, edit, room, roomTitle, text }) => ({ key: id, kind: edit ? 'edit' : 'draft', room, roomTitle, text }));
}

function waitingMessage({ clientId, room, text }: OutboxEntry, roomTitle: string): Unsent {
  return { key: clientId, kind: 'message', room, roomTitle, text };
}
