import type { Logger } from '../logger.js';
import type { AheadListener } from './room-log.js';

/** The shortest time between two warnings, in ms. */
const WARN_EVERY_MS = 60_000;

/**
 * Warns of clients whose cursors are ahead of a room's log. Either the client is wrong, or the database was restored
 * together with its whole disk. Since anybody can send any cursor, it warns rarely.
 */
export function aheadWarning(logger: Logger): AheadListener {
  let warnedAt = -Infinity;
  return (room, cursor, head) => {
    if (performance.now() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = performance.now();
    logger.warn(
      { room, cursor, head },
      'a client is ahead of a room. If its whole disk was restored, run: madang new-epoch',
    );
  };
}
