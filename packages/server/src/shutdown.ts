import type { Server } from 'node:http';
import type { Logger } from './logger.js';
import type { Madang } from './madang.js';

/** How long a stop may take before the process exits anyway, in ms. */
const LIMIT_MS = 5000;

/** On SIGTERM or SIGINT: stops accepting, lets the workspace finish, and ends the process within 5 s. */
export function stopOnSignals(parts: { server: Server; madang: Madang; logger: Logger }): void {
  const { server, madang, logger } = parts;
  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error('could not stop in time');
      process.exit(1);
    }, LIMIT_MS).unref();
    // The workspace itself refuses anything new. The listener stays open meanwhile, because a polling client learns of
    // the stop with its next poll, which may need a connection.
    await madang.close();
    server.close();
    server.closeAllConnections();
    logger.info('stopped');
    process.exit(0);
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
}
