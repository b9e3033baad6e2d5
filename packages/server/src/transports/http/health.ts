import { type RequestHandler, Router } from 'express';
import { takes } from './methods.js';
import { retryAfterUnavailable } from './problem.js';
import { uncached } from './representation.js';

/** What the health routes check. */
export interface HealthChecks {
  /** Throws when the store can't commit. */
  store(): Promise<void>;
  /** Why the store can't commit; undefined if it can. */
  trouble(): string | undefined;
  /** Something for an operator to look into while the store still works. */
  notice(): string | undefined;
  /** Whether other nodes learn at once of what happens here; `none` without a bus. */
  bus(): 'none' | 'down' | 'up';
  /** The readers of the log: how many events each has still to handle, and in how many rooms it is stuck. */
  readers: readonly { name: string; stuckRooms: number; lag(): Promise<number> }[];
  /** Whether the server is stopping. */
  isStopping(): boolean;
}

/** How old an answer of the store may be, in ms: polling `/readyz` costs at most one commit in this time. */
const FRESH_MS = 500;

/**
 * `/healthz`: the process is alive. `/readyz`: it can take traffic; 503 with the reason if it can't. Without its bus a
 * node still can, only slower, and with certain troubles of the store too, while they last: then it is `degraded`, with
 * 200. With `?verbose` it also reports `lag`: how many events each reader of the log has still to process; and of those
 * readers that this node runs and that are stuck, in how many rooms: `stuck`.
 */
export function healthRoutes(checks: HealthChecks): Router {
  const router = Router();
  router.use(['/healthz', '/readyz'], uncached);
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  const checkStore = shared(async () => {
    try {
      await checks.store();
      return true;
    } catch {
      // The store has logged why.
      return false;
    }
  });
  const ready: RequestHandler = async (request, response) => {
    const isAnswering = !checks.isStopping() && (await checkStore());
    const isVerbose = request.query['verbose'] !== undefined;
    const lag = isAnswering && isVerbose ? await lagsOf(checks.readers) : undefined;
    const bus = checks.bus();
    // A failure since the store was checked counts as well.
    const trouble = checks.trouble();
    const reason = trouble ?? checks.notice();
    const why = reason === undefined ? {} : { reason };
    const isDown = !isAnswering || trouble !== undefined;
    // The server may have begun to stop meanwhile.
    if (checks.isStopping() || isDown) response.set('Retry-After', retryAfterUnavailable());
    if (checks.isStopping()) response.status(503).json({ status: 'stopping', bus });
    else if (isDown) {
      response.status(503).json({ status: 'unavailable', store: 'down', bus, ...why });
    } else {
      const status = bus === 'down' || reason !== undefined ? 'degraded' : 'ready';
      response.json({ status, store: 'ok', bus, ...why, ...(lag && { lag, ...stuckOf(checks.readers) }) });
    }
  };
  router.get('/readyz', ready);
  router.all(['/healthz', '/readyz'], takes('GET'));
  return router;
}

/** Each reader's lag by its name; undefined when the store does not tell now. */
async function lagsOf(readers: HealthChecks['readers']): Promise<Record<string, number> | undefined> {
  try {
    return Object.fromEntries(await Promise.all(readers.map(async (each) => [each.name, await each.lag()] as const)));
  } catch {
    return undefined;
  }
}

/** The readers that are stuck, and in how many rooms each is. */
function stuckOf(readers: HealthChecks['readers']): { stuck?: Record<string, number> } {
  const stuck = readers.filter(({ stuckRooms }) => stuckRooms > 0);
  return stuck.length > 0 ? { stuck: Object.fromEntries(stuck.map((each) => [each.name, each.stuckRooms])) } : {};
}

/** Asks once for all callers at the same time, or within {@link FRESH_MS} of the answer. */
function shared(ask: () => Promise<boolean>): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined;
  let freshUntil = 0;
  return () => {
    if (answer && performance.now() < freshUntil) return answer;
    freshUntil = Infinity;
    answer = ask().finally(() => {
      freshUntil = performance.now() + FRESH_MS;
    });
    return answer;
  };
}
