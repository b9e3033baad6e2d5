import { type RequestHandler, Router } from 'express';
import type { Logger } from '../../logger.js';

/** What the health routes ask. */
export interface HealthChecks {
  /** Throws when the store can't commit. */
  store(): Promise<void>;
  /** Whether other nodes hear of what happens here at once; `none` without a bus. */
  bus(): 'none' | 'down' | 'up';
  /** Whether the server is stopping. */
  isStopping(): boolean;
}

/**
 * `/healthz`: the process lives. `/readyz`: it can take traffic; 503 when not. Without its bus a node can, only slower:
 * then it is `degraded`, with 200.
 */
export function healthRoutes(checks: HealthChecks, logger: Logger): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  const ready: RequestHandler = async (_request, response) => {
    try {
      if (checks.isStopping()) throw new Error('the server is stopping');
      await checks.store();
      const bus = checks.bus();
      response.json({ status: bus === 'down' ? 'degraded' : 'ready', store: 'ok', bus });
    } catch (error) {
      logger.warn({ err: error }, 'not ready');
      const status = checks.isStopping() ? { status: 'stopping' } : { status: 'unavailable', store: 'down' };
      response.status(503).json({ ...status, bus: checks.bus() });
    }
  };
  router.get('/readyz', ready);
  return router;
}
