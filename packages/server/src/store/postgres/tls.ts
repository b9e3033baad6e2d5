import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { type ConnInfo, notTaken } from './conninfo.js';

/** The modes to try with a server, one after the other: unencrypted, or with TLS options. */
export type TlsTries = readonly (false | ConnectionOptions)[];

/** Modes that don't verify the server, unless they are given a root certificate. */
const TRUSTING = { rejectUnauthorized: false };

/**
 * Reads `sslmode` and related settings as libpq does. The default mode is `allow`: not encrypted, unless the server
 * insists.
 * @throws StartError
 */
export function readTls(info: ConnInfo): TlsTries {
  const mode = info['sslmode'] ?? (isTrue(info['ssl']) ? 'require' : 'allow');
  if (mode === 'disable') return [false];
  const keys = { ...keyOf(info, 'cert', 'postgresql.crt'), ...keyOf(info, 'key', 'postgresql.key') };
  const roots = info['sslrootcert'] === 'system' ? undefined : keyOf(info, 'rootcert', 'root.crt');
  const trusting = { ...keys, ...TRUSTING };
  switch (mode) {
    case 'allow':
      return [false, trusting];
    case 'prefer':
      return [trusting, false];
    case 'no-verify':
      return [trusting];
    case 'require':
      return [roots?.ca === undefined ? trusting : { ...keys, ...roots, checkServerIdentity: () => undefined }];
    case 'verify-ca':
      if (roots?.ca === undefined) throw notTaken('sslmode', 'verify-ca needs sslrootcert, a file');
      return [{ ...keys, ...roots, checkServerIdentity: () => undefined }];
    case 'verify-full':
      return [{ ...keys, ...roots }];
    default:
      throw notTaken('sslmode', 'it is disable, allow, prefer, require, verify-ca or verify-full');
  }
}

type KeyKind = 'cert' | 'key' | 'rootcert';

/** A certificate or key: from a named file, or else from libpq's default place, if it is there. */
function keyOf(info: ConnInfo, kind: KeyKind, usual: string): { [option in 'cert' | 'key' | 'ca']?: string } {
  const named = info[`ssl${kind}`];
  const file = named ?? join(homedir(), '.postgresql', usual);
  if (named === undefined && !existsSync(file)) return {};
  try {
    return { [kind === 'rootcert' ? 'ca' : kind]: readFileSync(file, 'utf8') };
  } catch {
    throw notTaken(`ssl${kind}`, 'its file can’t be read');
  }
}

function isTrue(value: string | undefined): boolean {
  return value === 'true' || value === '1';
}
