import { warmNameChecks } from '@madang/protocol';
import type { Router } from 'express';
import type { IncomingMessage, Server } from 'node:http';
import { PatientClock } from './clock.js';
import { openCluster, refuseUselessBus } from './cluster/open.js';
import { Mentions } from './commands/mentions.js';
import { Commands } from './commands/run.js';
import { rename } from './commands/user.js';
import { type Config, parseConfig, rateLimitsOf } from './config.js';
import { ConnectionLifecycle } from './fanout/connection-lifecycle.js';
import { openFanOut } from './fanout/fan-out.js';
import { Resume } from './fanout/resume.js';
import { Authority } from './identity/authority.js';
import { Names } from './identity/names.js';
import { openOperator } from './identity/operator.js';
import { RateLimits } from './identity/rate-limits.js';
import { type HostUser, Sessions } from './identity/sessions.js';
import { aheadWarning } from './log/ahead-warning.js';
import { DefaultRooms } from './log/lobby.js';
import { RoomLog } from './log/room-log.js';
import { createLogger, type Logger } from './logger.js';
import { Opened } from './opened.js';
import { Presence } from './presence/presence.js';
import { mentions } from './readers/mentions.js';
import { messageNumbers } from './readers/message-numbers.js';
import { Reader } from './readers/reader.js';
import { Retention } from './readers/retention.js';
import { openStore } from './store/open.js';
import { workspaceIdOf } from './store/queries/workspace-id.js';
import { openTransports } from './transports/transports.js';

/** Shortest interval between a log reader's sweeps of all rooms, in ms. A lone node receives every commit anyway. */
const SWEEP_MS = { one: 60_000, many: 2000 };

/** Settings of the program's own server; a host app has its own. */
type ServerSetting = 'port' | 'host' | 'workers' | 'headTimeoutMs' | 'requestTimeoutMs' | 'maxHeadBytes';

/** Settings by name (see docs/configuration.md), and options that only code can give. */
export interface MadangOptions extends Partial<Omit<Config, ServerSetting>> {
  /**
   * Returns who a request is from: an API call, an event stream, a socket's handshake. `null` for nobody. It is called
   * for requests from pages of this server and of `origins`, and from programs, with whatever credentials they have.
   * With `Authorization: Bearer …` it is called for any request, whose cookies are then hidden. With this option,
   * guests are off unless `guests` says otherwise.
   */
  authenticate?: (request: IncomingMessage) => Promise<HostUser | null> | HostUser | null;
  /** Whether the web client is served. True if absent. */
  web?: boolean;
  /** The prefix of Socket.IO session ids, for routing their requests to the right process. */
  socketIdPrefix?: string;
  /** A pino logger. By default one of `logLevel` that writes JSON lines to stdout. */
  logger?: Logger;
}

/** A running workspace. */
export interface Madang {
  /** An Express router: `app.use('/chat', madang.router)`. */
  readonly router: Router;
  /** Accepts a server's WebSocket upgrades below `path`. Others are left to the server's own listeners. */
  attach(server: Server): void;
  /**
   * Ends all sessions of a user of the app, at every transport and on every node: their connections receive nothing
   * more, are told `session.ended` (`revoked`) and closed. For signing out everywhere, and for a ban: first make
   * `authenticate` return `null` for them, because a user it still knows may reconnect at once. Resolves when it is on
   * disk. Other nodes follow at once over the bus, or within 5 s without one. Does nothing for a user who was never
   * here.
   * @param userId the `id` that `authenticate` returns
   * @throws MadangError `unavailable` if it can't be stored; Error if the id can't be one.
   */
  endSessions(userId: string): Promise<void>;
  /**
   * Stops: finishes commits, tells clients when to reconnect, closes their connections and the store. May be called
   * twice.
   */
  close(): Promise<void>;
}

/**
 * Starts a workspace: opens its store, and creates the router and the sockets that a server then uses.
 * @throws StartError in plain words: a bad option, a folder that isn't writable, a database in use, damaged or newer.
 */
export async function createMadang(options: MadangOptions = {}): Promise<Madang> {
  const { authenticate, web = true, logger: givenLogger, socketIdPrefix = '', ...given } = options;
  const config = parseConfig({ guests: authenticate === undefined, ...given });
  refuseUselessBus(config);
  const logger = givenLogger ?? createLogger({ level: config.logLevel });
  if (!config.guests && authenticate === undefined) {
    logger.warn(
      'Nobody new can enter: guests are off, and there is no host app to authenticate users. Existing sessions remain valid.',
    );
  }
  warmNameChecks();
  const opened = new Opened();
  try {
    return await assemble({ config, logger, authenticate, web, socketIdPrefix }, opened);
  } catch (error) {
    // The start's own error says why, whatever else fails to close.
    await opened.close().catch(() => undefined);
    throw error;
  }
}

/** The options in effect. */
interface Settings extends Required<Pick<MadangOptions, 'web' | 'socketIdPrefix'>> {
  config: Config;
  logger: Logger;
  authenticate: MadangOptions['authenticate'];
}

/**
 * Creates the parts, each from those before it: the store, the log, the fan-out, presence, identity, the commands, the
 * transports.
 */
async function assemble(
  { config, logger, authenticate, web, socketIdPrefix }: Settings,
  opened: Opened,
): Promise<Madang> {
  const store = opened.add(await openStore(config, logger));
  const { clock } = store;
  const log = await RoomLog.open(store, clock);
  const { lobby, defaultRooms: named } = config;
  const defaultRooms = await DefaultRooms.open({ store, log, logger, lobby, named });
  const cluster = opened.add(await openCluster(config, { store, clock, log, logger }));
  opened.onClose(() => log.idle());
  const ageing = new PatientClock(clock, log.lastAt);

  const fanOut = openFanOut({ store, clock, others: cluster, config }, opened);
  const names = new Names(store, clock);
  const rateLimits = new RateLimits(config.limits ? rateLimitsOf(config) : undefined, cluster.count);
  const sessions = opened.add(
    new Sessions({
      store,
      names,
      rateLimits,
      clock,
      ageing,
      guests: config.guests,
      onCreated: (user) => defaultRooms.join(user),
      rename: (user, name) => rename(user, name, { store, log, lifecycle }),
    }),
  );
  const presence = opened.add(
    new Presence({
      ...fanOut,
      clock,
      elsewhere: cluster,
      onHere: async (users) => {
        await names.hold(users);
        await sessions.touch(users);
      },
    }),
  );
  const lifecycle = new ConnectionLifecycle({ ...fanOut, people: presence });
  const commands = new Commands({
    store,
    log,
    clock,
    sessions,
    names,
    presence,
    signals: fanOut.signals,
    records: fanOut.allRecords,
    lifecycle,
    rateLimits,
    mentions: new Mentions(store),
    maxRoomsPerUser: config.maxRoomsPerUser,
    authority: new Authority({ createRooms: config.createRooms, direct: config.direct }),
  });

  await cluster.join({ ...fanOut, presence, lifecycle });
  log.onCommitted((batch) => cluster.committed(batch));
  const sweepMs = SWEEP_MS[config.database ? 'many' : 'one'];
  const readers = [
    new Reader({ store, logger, handler: messageNumbers(store.write), sweepMs }),
    new Reader({ store, logger, handler: mentions(store.write), sweepMs }),
  ];
  for (const reader of readers) log.onCommitted((batch) => reader.committed(batch));
  log.onUnanswered(() => cluster.unanswered());
  log.onAhead(aheadWarning(logger));
  store.onNewEpoch(() => {
    log.forget();
    for (const reader of readers) reader.forget();
    lifecycle.startOver(config.reconnectSpreadMs);
    cluster.newEpoch();
  });
  sessions.onEnd((session, reason) => {
    lifecycle.sessionEnded(session.id, reason);
    cluster.sessionEnded(session, reason);
  });

  let isStopping = false;
  const transports = openTransports(
    {
      config,
      logger,
      commands,
      lifecycle,
      sessions,
      operator: await openOperator(config.data, logger),
      authenticate: authenticate && (async (request) => authenticate(request)),
      workspaceId: await workspaceIdOf(store.write),
      bufferBound: fanOut.bufferBound,
      resume: new Resume(store, log),
      health: {
        store: () => store.check(),
        trouble: () => store.trouble,
        notice: () => store.notice,
        bus: () => cluster.state,
        readers,
        isStopping: () => isStopping,
      },
      web,
      socketIdPrefix,
    },
    opened,
  );
  opened.onClose(async () => {
    await log.idle();
    await lifecycle.closeAll(config.reconnectSpreadMs);
  });
  for (const reader of readers) opened.add(reader).start();
  if (config.retentionDays !== undefined) {
    opened.add(new Retention({ store, clock: ageing, logger, days: config.retentionDays })).start();
  }
  return {
    router: transports.router,
    attach: (server) => opened.onClose(transports.attach(server)),
    endSessions: (userId) => sessions.endAllOf(userId),
    close: () => {
      isStopping = true;
      return opened.close();
    },
  };
}
