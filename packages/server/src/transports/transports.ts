import type { Router } from 'express';
import type { Server } from 'node:http';
import type { Commands } from '../commands/run.js';
import type { Config } from '../config.js';
import type { ConnectionLifecycle } from '../fanout/connection-lifecycle.js';
import type { Resume } from '../fanout/resume.js';
import type { Session } from '../identity/actor.js';
import type { Sessions } from '../identity/sessions.js';
import type { Logger } from '../logger.js';
import type { Opened } from '../opened.js';
import { AddressLimit } from './address-limit.js';
import { Addresses } from './client-address.js';
import { type Authenticate, Credentials } from './credentials.js';
import type { HealthChecks } from './http/health.js';
import { createHttpTransport } from './http/transport.js';
import { Internals } from './internals.js';
import { createJsonRpcTransport } from './json-rpc/transport.js';
import { createLineTransport } from './line/transport.js';
import { Origins } from './origin.js';
import { SocketIoTransport } from './socket-io/transport.js';
import type { TransportParts } from './transport.js';
import { attachUpgrades } from './upgrades.js';

/** What the transports need of the rest of a workspace. */
interface Needs {
  config: Config;
  logger: Logger;
  commands: Commands;
  lifecycle: ConnectionLifecycle;
  sessions: Sessions;
  /** Returns the operator's session if a token is the operator's. */
  operator: (token: string) => Session | undefined;
  authenticate: Authenticate | undefined;
  /** Names the database in cookies; see {@link Credentials}. */
  workspaceId: string;
  bufferBound: TransportParts['bufferBound'];
  resume: Resume;
  health: HealthChecks;
  /** Whether to serve the web client. */
  web: boolean;
  /** The beginning of every Socket.IO session's id. */
  socketIdPrefix: string;
}

/** The transports of one workspace. */
export interface Transports {
  /** Everything over HTTP. */
  readonly router: Router;
  /** Takes a server's WebSocket upgrades. Returns a function that detaches again. */
  attach(server: Server): () => void;
}

/** Makes the transports and what they share, and registers what has to be closed. */
export function openTransports(needs: Needs, opened: Opened): Transports {
  const { config, logger, commands, lifecycle, bufferBound } = needs;
  const path = config.path ?? '';
  const addresses = new Addresses(config.trustedProxies);
  const origins = new Origins({ addresses, listed: config.origins, crossOrigin: config.crossOrigin });
  const { sessions, operator, authenticate, workspaceId } = needs;
  const shared: TransportParts = {
    commands,
    lifecycle,
    credentials: new Credentials({ sessions, operator, addresses, origins, path, workspaceId, authenticate }),
    origins,
    addresses,
    addressLimit: new AddressLimit(config.limits ? config.maxConnectionsPerAddress : Infinity),
    bufferBound,
    logger,
    internals: new Internals(logger),
    compression: config.compression,
    limits: config,
  };
  const line = opened.add(createLineTransport(shared));
  const webSocket = opened.add(createJsonRpcTransport(shared));
  const socketIo = opened.add(new SocketIoTransport(shared, needs.socketIdPrefix));
  const { resume, health, web } = needs;
  const { frameOrigins, accentColor } = config;
  const router = createHttpTransport({ ...shared, resume, health, socketIo, web, frameOrigins, accentColor });
  return { router, attach: (server) => attachUpgrades(server, path, { socketIo, webSocket, line }) };
}
