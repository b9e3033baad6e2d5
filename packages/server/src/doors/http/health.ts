import { type RequestHandler, Router } from 'express';
import type { Logger } from '../../logger.js';

/** What the health routes ask. */
export interface HealthChecks {
  /** Throws when the store can't commit. */
  store(): Promise<void>;
  /** Whether the server is stopping. */
  isStopping(): boolean;
}

/** `/healthz`: the process lives. `/readyz`: it can take traffic; 503 with the reason when not. */
export function healthRoutes(checks: HealthChecks, logger: Logger): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok', durability: 'power' });
  });
  const ready: RequestHandler = async (_request, response) => {
    try {
      if (checks.isStopping()) throw new Error('the server is stopping');
      await checks.store();
      response.json({ status: 'ready', store: 'ok' });
    } catch (error) {
      logger.warn({ err: error }, 'not ready');
      response.status(503).json({ status: checks.isStopping() ? 'stopping' : 'unavailable' });
    }
  };
  router.get('/readyz', ready);
  return router;
}
