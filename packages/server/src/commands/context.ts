import { type ErrorObject, fail } from '@madang/protocol';
import type { Clock } from '../clock.js';
import type { ConnectionLifecycle } from '../fanout/connection-lifecycle.js';
import type { Connection } from '../fanout/connection.js';
import type { Presence } from '../presence/presence.js';
import type { Signals } from '../fanout/signals.js';
import type { Traces } from '../fanout/traces.js';
import { noSession, type Session } from '../identity/actor.js';
import type { Names } from '../identity/names.js';
import type { Rules } from '../identity/policy.js';
import type { RateLimits } from '../identity/rate-limits.js';
import type { Sessions } from '../identity/sessions.js';
import type { RoomLog } from '../log/room-log.js';
import type { MessageRow } from '../store/queries/messages.js';
import type { RoomAccess, Store } from '../store/store.js';

/** What every command's function may use. */
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
  traces: Traces;
  rules: Rules;
  /** Rooms that a user may be in. */
  maxRoomsPerUser: number;
}

/** Who calls, and through what. */
export interface Caller {
  /** The session of the connection or the request. */
  readonly session: Session | undefined;
  /** Why there is no session, where a rule kept credentials from counting. */
  readonly refusal?: ErrorObject | undefined;
  /** Finds the session of a token; if absent, only tokens of our own are known. */
  readonly sessionOf?: ((token: string) => Promise<Session | undefined>) | undefined;
  /** The connection that stays, if there is one. */
  readonly connection?: Connection;
  /** The network address, as rate limits count it. */
  readonly address: string;
}

/** What a command's function receives beside its input. */
export class Context {
  readonly parts: Parts;
  readonly caller: Caller;
  /** Whose call it is, to its end: the connection's session may be another one by then. */
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

  /** The caller's session. The policy has seen to it that there is one. */
  get session(): Session {
    if (this.#session) return this.#session;
    throw noSession(this.caller.refusal);
  }

  /** The room that the permission was asked of. */
  get access(): RoomAccess {
    return this.#found.access ?? fail('not_found', 'There is no such room');
  }

  /** The message that the permission was asked of. */
  get message(): MessageRow {
    return this.#found.message ?? fail('not_found', 'There is no such message');
  }
}
