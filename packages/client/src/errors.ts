import { type ErrorObject, errorTable, MadangError } from '@madang/protocol';

/** The error of a call without an answer: not connected, connection lost, or too slow. */
export function unavailable(message: string, cause?: unknown): MadangError {
  return new MadangError({ code: 'unavailable', message }, cause === undefined ? undefined : { cause });
}

/** Makes a {@link MadangError} from anything thrown or received. */
export function errorFrom(value: unknown): MadangError {
  if (value instanceof MadangError) return value;
  if (isErrorObject(value)) return new MadangError(value);
  const message = value instanceof Error ? value.message : 'The server gave an unknown answer';
  return new MadangError({ code: 'internal', message }, { cause: value });
}

/** Whether the same call may succeed later without change. Unknown codes, from a newer server, count as final. */
export function mayRetry(error: MadangError): boolean {
  return Object.hasOwn(errorTable, error.code) && errorTable[error.code].retry;
}

/** Whether a value has the shape of an error on the wire. */
export function isErrorObject(value: unknown): value is ErrorObject {
  if (typeof value !== 'object' || value === null) return false;
  return 'code' in value && typeof value.code === 'string' && 'message' in value && typeof value.message === 'string';
}
