import { MadangError } from '@madang/protocol';
import { randomUUID } from 'node:crypto';
import type { Logger } from './logger.js';

/** Why a program of ours can't do what it is asked, in one plain sentence for whoever runs it. */
export class PlainError extends Error {
  override readonly name: string = 'PlainError';
}

/** Why the server can't start. */
export class StartError extends PlainError {
  override readonly name = 'StartError';
}

/** What a client is told of anything thrown: refusals as they are, all else as `internal` with an id that is in the log. */
export function toMadangError(error: unknown, logger: Logger): MadangError {
  if (error instanceof MadangError) return error;
  const id = randomUUID().slice(0, 8);
  logger.error({ err: error, errorId: id }, 'unexpected error');
  return new MadangError({
    code: 'internal',
    message: `Something broke in the server; its log has it under ${id}`,
    details: { errorId: id },
  });
}

/** An error's message, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
