/** Sizes that are part of the protocol: a schema refuses anything larger with `invalid_input`. */
export const formatLimits = {
  /** A message's text, in UTF-8 bytes. */
  textBytes: 8192,
  /** A nickname, in code points after normalisation. */
  nicknameChars: 32,
  /** A room's name, in code points after normalisation. */
  roomNameChars: 50,
  /** The sections of a user's list of rooms. */
  sections: 50,
  /** A section's name, in code points after normalisation. */
  sectionNameChars: 32,
  /** A section's id, in characters. */
  sectionIdChars: 40,
  /** A room's topic, in code points. */
  topicChars: 250,
  /** A host app's id for a user, in UTF-8 bytes. */
  hostIdBytes: 254,
  /** A user's id: a host app's takes three characters per byte that is not printable ASCII. */
  userIdChars: 764,
  /** A client's own id of a call. */
  clientIdChars: 64,
  /** Entries of a page: messages, events, rooms, members. */
  pageEntries: 200,
  /** Entries of a page if the caller gives no limit. */
  defaultPageEntries: 50,
  /** Rooms in one `sync`. */
  syncRooms: 500,
  /** Rooms of a `sync` that cost one point of its budget. */
  syncRoomsPerPoint: 10,
  /** Users that a reaction lists by name; `count` counts all. */
  reactionUsers: 50,
} as const;

/** How long a `typing.started` lasts, in ms, unless it is renewed or the message arrives. */
export const TYPING_MS = 6000;

/**
 * What a user may spend, by the row's `budget`: `points` calls in `seconds`. An address may spend as much as several
 * users (`--users-per-address`), and a new guest costs their address a user's whole session budget. Calls beyond that
 * get `rate_limited` with `retryAfter`. These are the defaults: each is a setting of the server, and `--limits off`
 * turns them all off.
 */
export const budgets = {
  /** Starting sessions, changing the nickname. */
  session: { points: 30, seconds: 60 },
  /** Messages: a person's typing and a bot's bursts. */
  send: { points: 120, seconds: 10 },
  /** Everything else that changes something. */
  write: { points: 120, seconds: 10 },
  /** Reading pages. */
  read: { points: 600, seconds: 10 },
  /** Typing, presence, read marks. */
  signal: { points: 120, seconds: 10 },
  /** Input that is not a call: unknown commands, unreadable packets, invalid tokens. */
  refused: { points: 600, seconds: 10 },
  /**
   * Opening connections: sockets, polling sessions, event streams. Charged to the address, since there is no user yet.
   */
  connect: { points: 60, seconds: 10 },
} as const satisfies Record<string, { points: number; seconds: number }>;

/**
 * New direct rooms and invitations: how many a user may receive from others, and how many they may send, counted as
 * with {@link budgets}.
 */
export const contactBudget = { points: 60, seconds: 600 } as const;

/** What may be spent of each budget. */
export type Budgets = Record<Budget, { points: number; seconds: number }>;

/** The name of a budget; see {@link budgets}. */
export type Budget = keyof typeof budgets;
