import { type ErrorObject, fail } from '@madang/protocol';
import type { Clock } from '../clock.js';
import type { ConnectionLifecycle } from '../fanout/connection-lifecycle.js';
import type { Connection } from '../fanout/connection.js';
import type { Presence } from '../presence/presence.js';
import type { Signals } from '../fanout/signals.js';
import type { AllRecords } from '../fanout/all-records.js';
import { noSession, type Session } from '../identity/actor.js';
import type { Authority } from '../identity/authority.js';
import type { Names } from '../identity/names.js';
import type { RateLimits } from '../identity/rate-limits.js';
import type { Sessions } from '../identity/sessions.js';
import type { RoomLog } from '../log/room-log.js';
import type { MessageRow } from '../store/queries/messages.js';
import type { RoomAccess, Store } from '../store/store.js';
import type { Mentions } from './mentions.js';

/** Shared dependencies of the commands. */
export interface Parts {
  store: Store;
  log: RoomLog;
  clock: Clock;
  sessions: Sessions;
  names: Names;
  presence: Presence;
  signals: Signals;
  lifecycle: ConnectionLifecycle;
  rateLimits: RateLimits;
  records: AllRecords;
  mentions: Mentions;
  authority: Authority;
  /** The most rooms that a user may enter. */
  maxRoomsPerUser: number;
}

/** The caller of a command, and the connection it came through. */
export interface Caller {
  /** The session of the connection or the request. */
  readonly session: Session | undefined;
  /** Why there is no session, if a rule disregarded the credentials. */
  readonly refusal?: ErrorObject | undefined;
  /** Finds the session of a token; if absent, only our own tokens are known. */
  readonly sessionOf?: ((token: string) => Promise<Session | undefined>) | undefined;
  /** The connection, if it is a lasting one. */
  readonly connection?: Connection;
  /** The network address, as rate limits count it. */
  readonly address: string;
}

/** What a command's function receives besides its input. */
export class Context {
  readonly parts: Parts;
  readonly caller: Caller;
  /** The call's user until it ends: the connection's session may have changed by then. */
  readonly #session: Session | undefined;
  readonly #found: { access?: RoomAccess | undefined; message?: MessageRow | undefined };

  constructor(
    parts: Parts,
    caller: Caller,
    found: { access?: RoomAccess | undefined; message?: MessageRow | undefined },
  ) {
    this.parts = parts;
    this.caller = caller;
    this.#session = caller.session;
    this.#found = found;
  }

  /** The caller's session. The policy has ensured that there is one. */
  get session(): Session {
    if (this.#session) return this.#session;
    throw noSession(this.caller.refusal);
  }

  /** The room for which the permission was checked. */
  get access(): RoomAccess {
    return this.#found.access ?? fail('not_found', 'There is no such room');
  }

  /** The message for which the permission was checked. */
  get message(): MessageRow {
    return this.#found.message ?? fail('not_found', 'There is no such message');
  }
}
