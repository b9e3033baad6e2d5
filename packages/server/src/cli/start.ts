import express from 'express';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Config } from '../config.js';
import { Addresses } from '../transports/client-address.js';
import { ignoreUpgrade, watchResponses } from '../transports/ignored-upgrade.js';
import { asksForWebSocket } from '../transports/upgrades.js';
import { messageOf, StartError } from '../errors.js';
import { createLogger, type Logger } from '../logger.js';
import { createMadang, type Madang } from '../madang.js';
import { stopOnSignals } from '../shutdown.js';
import { WorkerProxy, sessionIdPrefix } from './worker-proxy.js';
import { startWorkers, type WorkerSlot, workerSlot } from './workers.js';

/**
 * Connections that may wait to be accepted. If everybody reconnects in the same second after a restart, the clients'
 * kernels retry those that don't fit after 1, 3, 7, 15 seconds. The kernel's own limit (net.core.somaxconn) caps it.
 */
const BACKLOG = 65_535;

/** `madang`: runs a server with its web client until it is stopped, in one process or several. */
export async function start(config: Config): Promise<void> {
  const slot = workerSlot();
  if (config.workers > 1 && !slot) return startWorkers(config);
  const { port, host, workers: _, headTimeoutMs, requestTimeoutMs, maxHeadBytes, ...options } = config;
  const logger = createLogger({ level: config.logLevel, pretty: process.stdout.isTTY });
  const madang = await createMadang({
    ...options,
    logger,
    ...(slot && { socketIdPrefix: sessionIdPrefix(slot.number) }),
  });
  const app = express();
  app.disable('x-powered-by');
  const workerProxy = slot && new WorkerProxy(slot, new Addresses(config.trustedProxies));
  if (slot) endInOneLine(slot, logger);
  app.get(`${config.path ?? ''}/readyz`, (_request, response, next) => {
    if (workerProxy?.isOpen === false) response.status(503).json({ status: 'unavailable', workerProxy: 'down' });
    else next();
  });
  app.use(config.path || '/', madang.router);
  const server = createServer({
    // So that slow senders can't hold connections.
    headersTimeout: headTimeoutMs,
    requestTimeout: Math.max(requestTimeoutMs, headTimeoutMs),
    connectionsCheckingInterval: Math.min(5000, headTimeoutMs / 2),
    maxHeaderSize: maxHeadBytes,
    keepAliveTimeout: 30_000,
  });
  if (workerProxy) await joinWorkers(workerProxy, { server, madang, app, maxHeadBytes });
  else {
    server.on('request', app);
    madang.attach(server);
  }
  try {
    await listen(server, port, host);
  } catch (error) {
    await madang.close();
    throw error;
  }
  const address = server.address() as AddressInfo;
  if (slot) logger.info({ port: address.port }, `worker ${slot.number} is open`);
  else logger.info({ port: address.port, data: config.data }, `Madang is open at ${urlOf(address, host, config.path)}`);
  stopOnSignals({ server, madang, logger });
}

/** An unforeseen error ends a worker with one line in the log; another takes its place. */
function endInOneLine({ number }: WorkerSlot, logger: Logger): void {
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, `worker ${number} broke`);
    process.exit(1);
  });
}

/** Serves requests for this worker, and passes on those for others. */
async function joinWorkers(
  workerProxy: WorkerProxy,
  { server, madang, app, maxHeadBytes }: { server: Server; madang: Madang; app: RequestListener; maxHeadBytes: number },
): Promise<void> {
  const inner = await workerProxy.listen(app, maxHeadBytes);
  inner.unref();
  madang.attach(inner);
  server.on('request', (request, response) => {
    if (!workerProxy.request(request, response)) app(request, response);
  });
  watchResponses(server);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!asksForWebSocket(request)) ignoreUpgrade(server, request, socket, head);
    else if (!workerProxy.upgrade(request, socket, head)) inner.emit('upgrade', request, socket, head);
  });
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new StartError(explain(error, port, host))));
    server.listen({ port, backlog: BACKLOG, ...(host !== undefined && { host }) }, resolve);
  });
}

function explain(error: Error, port: number, host: string | undefined): string {
  const code = 'code' in error ? error.code : '';
  if (code === 'EADDRINUSE') return `Port ${port} is taken. Stop what uses it, or choose another with --port.`;
  if (code === 'EACCES') return `Port ${port} needs more rights. Choose one above 1023 with --port.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `This machine has no address ${host ?? ''}; see --host.`;
  return `Port ${port} can't be opened: ${messageOf(error)}.`;
}

function urlOf(address: AddressInfo, host: string | undefined, path: string | undefined): string {
  const name = host === undefined || address.address === '::' || address.address === '0.0.0.0' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${address.port}${path ? `${path}/` : ''}`;
}
