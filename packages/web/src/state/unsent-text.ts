/** Text that somebody has written and not sent: a draft, or the edit of a message. */
export interface UnsentText {
  id: string;
  /** The id of the user who wrote it. Nobody else is ever shown it. */
  user: string;
  room: string;
  /** What the room was called, in case the user is no longer in it. */
  roomTitle: string;
  /** The message that it changes; absent for a draft. */
  edit?: UnsentEdit;
  text: string;
  /** When it was last changed, in ms since 1970. */
  at: number;
  /** How often each tab has changed it: tells which of two versions was written with the other one in view. */
  clock: Readonly<Record<string, number>>;
}

/** What an edit is of. */
export interface UnsentEdit {
  message: string;
  seq: number;
  /** The message's text when the edit began. */
  before: string;
  /** Its editor was closed without saving. */
  isAside?: boolean;
}

/** Where a text is written: a user's composer in a room, or the editor of a message. */
export interface Place {
  user: string;
  room: string;
  /** The id of the message; absent for the composer. */
  message?: string;
}

/** A place as a string. No id contains a space. */
export function placeKey({ user, room, message = '' }: Place): string {
  return `${user} ${room} ${message}`;
}

/** Where a text was written. */
export function placeOf({ user, room, edit }: UnsentText): Place {
  return { user, room, ...(edit && { message: edit.message }) };
}

/** Whether the version with this clock was written with the other one in view, or is the same. */
export function covers(clock: UnsentText['clock'], other: UnsentText['clock']): boolean {
  return Object.entries(other).every(([tab, count]) => (clock[tab] ?? 0) >= count);
}

/** Puts the versions of a text into one order, the same in all tabs, in which each comes after those that it covers. */
export function isAbove(clock: UnsentText['clock'], other: UnsentText['clock']): boolean {
  const [writings, others] = [clock, other].map((each) => Object.values(each).reduce((sum, count) => sum + count, 0));
  if (writings !== others) return (writings ?? 0) > (others ?? 0);
  return nameOf(clock) > nameOf(other);
}

function nameOf(clock: UnsentText['clock']): string {
  return Object.entries(clock)
    .map(([tab, count]) => `${tab} ${count}`)
    .sort()
    .join();
}

/** A text from the browser's storage; undefined if it is none. */
export function parseUnsent(stored: string): UnsentText | undefined {
  try {
    const text = JSON.parse(stored) as UnsentText | null;
    const isText =
      typeof text?.text === 'string' && typeof text.clock === 'object' && text.clock !== null && Boolean(text.id);
    return isText ? text : undefined;
  } catch {
    return undefined;
  }
}
