import { MadangError } from '@madang/protocol';
import { randomUUID } from 'node:crypto';
import type { Logger } from '../logger.js';

/**
 * The client's error for anything thrown: refusals as they are, everything else as `internal` with an id that is in the
 * log.
 */
export function toMadangError(error: unknown, logger: Logger): MadangError {
  if (error instanceof MadangError) return error;
  const id = randomUUID().slice(0, 8);
  logger.error({ err: error, errorId: id }, 'unexpected error');
  return new MadangError({
    code: 'internal',
    message: `Something went wrong in the server; its log has the details under ${id}`,
    details: { errorId: id },
  });
}
