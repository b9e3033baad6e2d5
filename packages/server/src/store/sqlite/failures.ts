import { dirname } from 'node:path';
import { messageOf } from '../../errors.js';
import type { Failure, FailureKind } from '../health.js';
import { LOST } from './open-files.js';

/** Prefixes of SQLite's error codes, by kind of failure. */
const FAILURES: [string, FailureKind][] = [
  [LOST, 'taken-away'],
  ['SQLITE_FULL', 'disk-full'],
  ['SQLITE_READONLY', 'read-only'],
  ['SQLITE_CANTOPEN', 'read-only'],
  ['SQLITE_IOERR', 'io-error'],
  ['SQLITE_BUSY', 'locked'],
  ['SQLITE_LOCKED', 'locked'],
  ['SQLITE_CORRUPT', 'damaged'],
  ['SQLITE_NOTADB', 'damaged'],
  ['SQLITE_NOMEM', 'memory'],
];

/** What an error says about the store. */
export function failureOf({ code, message }: { code: string; message: string }): Failure {
  const kind = FAILURES.find(([begin]) => code.startsWith(begin))?.[1] ?? 'other';
  return { kind, reason: kind === 'taken-away' ? message : `${code} ${message}` };
}

/** Why a file can't be opened, in plain words. */
export function explain(file: string, error: unknown): string {
  if (isCode(error, 'SQLITE_NOTADB') || isCode(error, 'SQLITE_CORRUPT')) {
    return `The database ${file} is damaged or no SQLite database. Restore a backup, or choose another folder with --data.`;
  }
  if (isCode(error, 'SQLITE_BUSY'))
    return `The database ${file} is locked by another program. Close it and start again.`;
  const unwritable = ['SQLITE_READONLY', 'SQLITE_CANTOPEN', 'EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EEXIST', 'ENOENT'];
  if (unwritable.some((code) => isCode(error, code)) || messageOf(error).includes('directory does not exist')) {
    return `The folder ${dirname(file)} can't be written to. Make it writable, or choose another with --data.`;
  }
  if (isCode(error, 'SQLITE_FULL') || isCode(error, 'ENOSPC')) return `The disk of ${file} is full.`;
  return `The database ${file} can't be opened: ${messageOf(error)}.`;
}

/** Whether an error of SQLite or of the file system has a code that begins so. */
export function isCode(error: unknown, prefix: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && String(error.code).startsWith(prefix);
}
