import express from 'express';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../config.js';
import { messageOf, StartError } from '../errors.js';
import { createLogger } from '../logger.js';
import { createMadang } from '../madang.js';
import { stopOnSignals } from '../shutdown.js';

/** `madang`: runs a server with its web client until it is told to stop. */
export async function start(config: Config): Promise<void> {
  const { port, host, ...options } = config;
  const logger = createLogger({ level: config.logLevel, pretty: process.stdout.isTTY });
  const madang = await createMadang({ ...options, logger });
  const app = express();
  app.disable('x-powered-by');
  app.use(madang.router);
  const server = createServer(
    // A request's head must be here in 10 s, and all of it in 30 s: slow senders can't hold connections.
    { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5000, keepAliveTimeout: 30_000 },
    app,
  );
  madang.attach(server);
  try {
    await listen(server, port, host);
  } catch (error) {
    await madang.close();
    throw error;
  }
  const address = server.address() as AddressInfo;
  logger.info({ port: address.port, data: config.data }, `Madang is open at ${urlOf(address, host)}`);
  stopOnSignals({ server, madang, logger });
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new StartError(explain(error, port, host))));
    server.listen({ port, ...(host !== undefined && { host }) }, resolve);
  });
}

function explain(error: Error, port: number, host: string | undefined): string {
  const code = 'code' in error ? error.code : '';
  if (code === 'EADDRINUSE') return `Port ${port} is taken. Stop what uses it, or choose another with --port.`;
  if (code === 'EACCES') return `Port ${port} needs more rights. Choose one above 1023 with --port.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `This machine has no address ${host ?? ''}; see --host.`;
  return `Port ${port} can't be opened: ${messageOf(error)}.`;
}

function urlOf(address: AddressInfo, host: string | undefined): string {
  const name = host === undefined || address.address === '::' || address.address === '0.0.0.0' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${address.port}`;
}
