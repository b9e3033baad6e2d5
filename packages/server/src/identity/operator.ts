import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Session } from './actor.js';

/** The file in the data folder with the operator's token. Whoever can read it may operate the workspace. */
export const OPERATOR_TOKEN_FILE = 'operator-token';

const session: Session = { id: 'operator', user: { id: 'operator', name: 'operator', kind: 'operator', createdAt: 0 } };

/**
 * Creates the operator's token in the data folder, or reads the existing one: nodes that share a folder share it. To
 * change it, remove the file and restart. If the folder is not writable there is no operator, and the log says so.
 * @returns a function that returns the operator's session for the right token
 */
export async function openOperator(folder: string, logger: Logger): Promise<(token: string) => Session | undefined> {
  try {
    await mkdir(folder, { recursive: true });
    const expected = hashOf(await tokenIn(folder));
    // Hashes have equal length, and comparing them in constant time reveals nothing.
    return (token) => (timingSafeEqual(hashOf(token), expected) ? session : undefined);
  } catch (error) {
    logger.warn({ reason: messageOf(error) }, `there is no operator: ${OPERATOR_TOKEN_FILE} can't be written`);
    return () => undefined;
  }
}

async function tokenIn(folder: string): Promise<string> {
  const file = join(folder, OPERATOR_TOKEN_FILE);
  const fresh = randomBytes(32).toString('base64url');
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${fresh}\n`, { mode: 0o600, flag: 'wx' });
  try {
    // A link is created only if the file doesn't exist, so that two nodes that start at once both use the same token.
    await link(draft, file).catch(() => undefined);
    const known = await read(file);
    if (known !== undefined) return known;
    await rename(draft, file);
    return fresh;
  } finally {
    await rm(draft, { force: true });
  }
}

/** The token in a file; undefined if there is none, or if the file isn't ours or others can read or write it. */
async function read(file: string): Promise<string | undefined> {
  const handle = await open(file).catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { mode, uid } = await handle.stat();
    const isOurs = uid === process.getuid?.() && (mode & 0o077) === 0;
    const token = (await handle.readFile('utf8')).trim();
    return isOurs && /^[\w-]{43}$/.test(token) ? token : undefined;
  } finally {
    await handle.close();
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
