import { MadangError } from '@madang/protocol';

/** The caller's error if the engine can't do it now. The cause is for the log. */
export function unavailable(cause: unknown): MadangError {
  return new MadangError(
    { code: 'unavailable', message: 'The server cannot store anything right now; try again' },
    { cause: typeof cause === 'string' ? new Error(cause) : cause },
  );
}
