import { MadangError } from '@madang/protocol';
import { DatabaseError } from 'pg';
import { messageOf, StartError } from '../../errors.js';
import type { Failure, FailureKind } from '../health.js';
import { unavailable } from '../unavailable.js';
import { userIn } from './address.js';

/** SQLSTATE classes, by their first characters, that mean PostgreSQL can't do it now. */
const UNAVAILABLE = [
  '08', // connection
  '25006', // read-only: a standby after a fail-over
  '25P03', // was idle in a transaction for too long
  '28', // no longer let in
  '3D', // the database is gone
  '3F', // its schema is gone
  '42P01', // its tables are gone
  '55000', // the database admits nobody for now
  '53', // disk full, out of memory, too many connections
  '55P03', // a lock was not to be had in time
  '57', // shutting down, starting, cancelled by a time-out
  '58', // system error
  'XX001', // damaged data
  'XX002',
];

/** Kinds of failure by the first characters of the SQLSTATE. */
const KINDS: [string, FailureKind][] = [
  ['53100', 'disk-full'],
  ['53200', 'memory'],
  ['25006', 'read-only'],
  ['28', 'refused'],
  ['3D', 'tables-gone'],
  ['3F', 'tables-gone'],
  ['42P01', 'tables-gone'],
  ['55000', 'refused'],
  ['55P03', 'locked'],
  ['57014', 'time-out'],
  ['58', 'io-error'],
  ['XX', 'damaged'],
  ['', 'not-reached'],
];

/** The server accepts no writes: it is a standby, or a primary that has been replaced. */
export class ReadOnlyError extends Error {
  override readonly name = 'ReadOnlyError';
  override readonly message = 'it is read-only';
}

/** The SQLSTATE of a PostgreSQL error; empty for any other error. */
export function sqlState(error: unknown): string {
  return error instanceof DatabaseError ? (error.code ?? '') : '';
}

/** Whether an error means that PostgreSQL is gone, or can't do it now. All errors of the driver itself mean that. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseError) return UNAVAILABLE.some((prefix) => sqlState(error).startsWith(prefix));
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError);
}

/** Whether a statement failed only because it could not get a lock in time. */
export function isLocked(error: unknown): boolean {
  return sqlState(error) === '55P03';
}

/** Whether PostgreSQL aborted a transaction in favour of another, so that all of it is worth retrying. */
export function isContention(error: unknown): boolean {
  // a serialization failure, a deadlock
  return ['40001', '40P01'].includes(sqlState(error));
}

/** Whether a statement failed only because of what another one has just done, so that it is worth retrying. */
export function isOvertaken(error: unknown): boolean {
  // a unique key was just taken; a partition was just attached
  return ['23505', '23514'].includes(sqlState(error));
}

/** Turns an error into `unavailable` if it means that; returns any other unchanged. */
export function asUnavailable(error: unknown): unknown {
  return isUnavailable(error) && !(error instanceof MadangError) ? unavailable(error) : error;
}

/** What an error says about the store. */
export function failureOf(error: unknown): Failure {
  if (error instanceof MadangError && error.cause !== undefined) return failureOf(error.cause);
  const state = sqlState(error);
  const kind = error instanceof ReadOnlyError ? 'read-only' : KINDS.find(([begin]) => state.startsWith(begin))?.[1];
  return { kind: kind ?? 'other', reason: `${state} ${words(error)}`.trim() };
}

/** Why a database can't be opened, in plain words. */
export function explain(name: string, error: unknown): StartError {
  if (error instanceof StartError) return error;
  if (error instanceof MadangError) return explain(name, error.cause);
  return new StartError(`${reasonFor(name, error)} (See --database.)`);
}

function reasonFor(name: string, error: unknown): string {
  const state = sqlState(error);
  const user = userIn(name) ?? 'this user';
  if (error instanceof ReadOnlyError) {
    return `PostgreSQL at ${name} is read-only, a standby for one: give the primary, or all that may be it.`;
  }
  if (state.startsWith('28'))
    return `PostgreSQL did not let ${user} in at ${name}: wrong user or password, or pg_hba.conf.`;
  if (state === '3D000') return `There is no database at ${name}. Make it first, with createdb or CREATE DATABASE.`;
  if (state === '42501') {
    return `${user} may not make tables in ${name}. Make ${user} the database's owner, or grant CREATE on its schema.`;
  }
  if (state === '53300') return `PostgreSQL at ${name} has no connection left; raise its max_connections.`;
  if (state.startsWith('57P')) return `PostgreSQL at ${name} is starting or stopping; try again in a moment.`;
  if (state === '55P03') return `Another Madang has been upgrading ${name} for a minute; try again when it is done.`;
  if (state === '53100') return `The disk of ${name} is full.`;
  if (state !== '') return `The database ${name} can't be opened: ${messageOf(error)} (${state}).`;
  return `PostgreSQL can't be reached at ${name}: ${words(error)}. Is it running, and is the address right?`;
}

/** If several addresses fail at once, Node's error has no message of its own. */
function words(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(messageOf).join(', ') : messageOf(error);
}
