import { warmNameChecks } from '@madang/protocol';
import type { Router } from 'express';
import type { IncomingMessage, Server } from 'node:http';
import { PatientClock } from './clock.js';
import { Commands } from './commands/run.js';
import { rename } from './commands/user.js';
import { type Config, parseConfig, rateLimitsOf } from './config.js';
import { AddressLimit } from './transports/address-limit.js';
import { Addresses } from './transports/client-address.js';
import { Credentials } from './transports/credentials.js';
import { Internals } from './transports/internals.js';
import type { TransportParts } from './transports/transport.js';
import { createHttpTransport } from './transports/http/transport.js';
import { createJsonRpcTransport } from './transports/json-rpc/transport.js';
import { createLineTransport } from './transports/line/transport.js';
import { Origins } from './transports/origin.js';
import { attachUpgrades } from './transports/upgrades.js';
import { SocketIoTransport } from './transports/socket-io/transport.js';
import { StartError } from './errors.js';
import { ConnectionLifecycle } from './fanout/connection-lifecycle.js';
import { BufferBound } from './fanout/buffer-bound.js';
import { Connections } from './fanout/connections.js';
import { Delivery } from './fanout/deliver.js';
import { DeliveryRecords } from './fanout/delivery-records.js';
import { HandshakeTimeouts } from './fanout/handshake-timeouts.js';
import type { Cluster } from './cluster/cluster.js';
import type { NodesParts } from './cluster/nodes.js';
import { oneNode } from './cluster/one-node.js';
import { Presence } from './presence/presence.js';
import { Resume } from './fanout/resume.js';
import { SendBuffers } from './fanout/send-buffer.js';
import { Signals } from './fanout/signals.js';
import { AllRecords } from './fanout/all-records.js';
import { Names } from './identity/names.js';
import { openOperator } from './identity/operator.js';
import { RateLimits } from './identity/rate-limits.js';
import { type HostUser, Sessions } from './identity/sessions.js';
import { DefaultRooms } from './log/lobby.js';
import { type AheadListener, RoomLog } from './log/room-log.js';
import { createLogger, type Logger } from './logger.js';
import { Opened } from './opened.js';
import { messageNumbers } from './readers/message-numbers.js';
import { Reader } from './readers/reader.js';
import { Retention } from './readers/retention.js';
import { openStore } from './store/open.js';
import { workspaceIdOf } from './store/queries/workspace-id.js';

/** How often a client that is ahead of a room is logged, in ms. */
const AHEAD_EVERY_MS = 60_000;

/** Least pause between a log reader's sweeps of all rooms, in ms. A node that is alone hears of every commit anyway. */
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
  checkBus(config);
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
    await opened.close();
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
 * Creates the parts, each from those before it: the store, the log, presence, identity, the commands, the transports.
 */
async function assemble(
  { config, logger, authenticate, web, socketIdPrefix }: Settings,
  opened: Opened,
): Promise<Madang> {
  const store = opened.add(await openStore(config, logger), (open) => open.close());
  const { clock } = store;
  const log = await RoomLog.open(store, clock);
  const defaultRooms = new DefaultRooms({ store, log, lobby: config.lobby, named: config.defaultRooms });
  await defaultRooms.ensureLobby();
  const missing = await defaultRooms.missing();
  if (missing.length > 0)
    logger.warn({ missing }, 'a default room does not exist or is not public: nobody is put into it');
  const cluster = opened.add(await clusterOf(config, { store, clock, log, logger, bus: config.bus }), (open) =>
    open.close(),
  );
  opened.add(log, () => log.idle());
  const ageing = new PatientClock(clock, log.lastAt);

  const connections = new Connections(store, cluster);
  const records = opened.add(new DeliveryRecords(clock), (open) => open.close());
  const buffers = new SendBuffers(config.sendBufferBytes, records);
  const bufferBound = opened.add(new BufferBound(connections, config.maxBufferedBytes), (open) => open.close());
  const delivery = new Delivery(connections, buffers, records);
  const signals = new Signals(connections, delivery, clock, cluster);

  const names = new Names(store, clock);
  const rateLimits = new RateLimits(config.limits ? rateLimitsOf(config) : undefined, cluster.count);
  const sessions = new Sessions({
    store,
    names,
    rateLimits,
    clock,
    ageing,
    guests: config.guests,
    onCreated: (user) => defaultRooms.join(user),
    rename: (user, name) => rename(user, name, { store, log, lifecycle }),
  });
  opened.add(sessions, () => sessions.close());
  const presence = new Presence({
    connections,
    delivery,
    clock,
    elsewhere: cluster,
    onHere: async (users) => {
      await names.hold(users);
      await sessions.touch(users);
    },
  });
  opened.add(presence, () => presence.close());
  const handshakeTimeouts = opened.add(new HandshakeTimeouts(config.handshakeTimeoutMs), (open) => open.close());
  const lifecycle = new ConnectionLifecycle({ connections, people: presence, buffers, records, handshakeTimeouts });

  await cluster.join({ connections, delivery, presence, lifecycle, records });
  log.onCommitted((batch) => cluster.committed(batch));
  const readers = [messageNumbers(store.write)].map(
    (handler) => new Reader({ store, logger, handler, sweepMs: SWEEP_MS[config.database ? 'many' : 'one'] }),
  );
  for (const reader of readers) log.onCommitted((batch) => reader.committed(batch));
  log.onUnanswered(() => cluster.unanswered());
  log.onAhead(warnOfCursors(logger));
  store.onNewEpoch(() => {
    log.forget();
    cluster.newEpoch();
    lifecycle.sendAway(config.reconnectSpreadMs);
  });
  sessions.onEnd((session, reason) => {
    lifecycle.sessionEnded(session.id, reason);
    cluster.sessionEnded(session, reason);
  });

  const commands = new Commands({
    store,
    log,
    clock,
    sessions,
    names,
    presence,
    signals,
    lifecycle,
    rateLimits,
    records: new AllRecords(records, cluster),
    maxRoomsPerUser: config.maxRoomsPerUser,
    rules: { createRooms: config.createRooms, direct: config.direct },
  });

  const addresses = new Addresses(config.trustedProxies);
  const origins = new Origins({ addresses, listed: config.origins, crossOrigin: config.crossOrigin });
  const credentials = new Credentials({
    sessions,
    operator: await openOperator(config.data, logger),
    addresses,
    origins,
    path: config.path ?? '',
    workspaceId: await workspaceIdOf(store.write),
    authenticate: authenticate && (async (request) => authenticate(request)),
  });
  const transports: TransportParts = {
    commands,
    lifecycle,
    credentials,
    origins,
    addresses,
    addressLimit: new AddressLimit(config.limits ? config.maxConnectionsPerAddress : Infinity),
    bufferBound,
    logger,
    internals: new Internals(logger),
    compression: config.compression,
    limits: config,
  };
  const line = opened.add(createLineTransport(transports), (open) => open.close());
  const webSocket = opened.add(createJsonRpcTransport(transports), (open) => open.close());
  const socketIo = opened.add(new SocketIoTransport(transports, socketIdPrefix), (open) => open.close());
  let isStopping = false;
  const router = createHttpTransport({
    ...transports,
    resume: new Resume(store, log),
    health: {
      store: () => store.check(),
      trouble: () => store.trouble,
      notice: () => store.notice,
      bus: () => cluster.state,
      readers,
      isStopping: () => isStopping,
    },
    socketIo,
    web,
    frameOrigins: config.frameOrigins,
  });
  opened.add(lifecycle, async () => {
    await log.idle();
    await lifecycle.closeAll(config.reconnectSpreadMs);
  });
  for (const reader of readers) {
    opened.add(reader, () => reader.close());
    reader.start();
  }
  if (config.retentionDays !== undefined) {
    const retention = new Retention({ store, clock: ageing, logger, days: config.retentionDays });
    opened.add(retention, () => retention.close());
    retention.start();
  }

  return {
    router,
    attach: (server) => {
      opened.add(attachUpgrades(server, config.path ?? '', { socketIo, webSocket, line }), (detach) => detach());
    },
    endSessions: (userId) => sessions.endAllOf(userId),
    close: () => {
      isStopping = true;
      return opened.close();
    },
  };
}

/**
 * A client that is ahead may be wrong, or the database was put back with its whole disk. Clients can claim anything, so
 * they must not flood the log.
 */
function warnOfCursors(logger: Logger): AheadListener {
  let warnedAt = -Infinity;
  return (room, cursor, head) => {
    if (performance.now() - warnedAt < AHEAD_EVERY_MS) return;
    warnedAt = performance.now();
    logger.warn(
      { room, cursor, head },
      'a client is ahead of a room. If the database was put back with its whole disk, run: madang new-epoch',
    );
  };
}

/** The nodes that share the store. SQLite has only one, and needs none of what finds the others. */
async function clusterOf(config: Config, parts: NodesParts): Promise<Cluster> {
  if (config.database === undefined) return oneNode(parts.store);
  const { Nodes } = await import('./cluster/nodes.js');
  return new Nodes(parts);
}

function checkBus({ bus, database }: Config): void {
  if (bus === undefined || database !== undefined) return;
  throw new StartError(
    'A bus joins nodes that share one database, and SQLite belongs to one node. Give --database postgres://… too, or leave --bus out.',
  );
}
