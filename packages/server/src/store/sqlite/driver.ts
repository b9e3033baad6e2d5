import Database from 'better-sqlite3';
import { createRequire } from 'node:module';
import { messageOf, StartError } from '../../errors.js';

/** From this version on the driver needs version 10 of Node-API, and crashes without it. */
const FIRST_OF_ADDON_INTERFACE_10 = 13;

/**
 * Checks that this Node can run the installed SQLite driver, before using it: a wrong one crashes the process without a
 * message (docs/decisions/0004-sqlite-driver.md).
 * @throws StartError that says what to install
 */
export function refuseUnfitDriver(): void {
  const { version } = createRequire(import.meta.url)('better-sqlite3/package.json') as { version: string };
  const node = process.versions.node;
  if (Number.parseInt(version, 10) >= FIRST_OF_ADDON_INTERFACE_10 && Number(process.versions['napi']) < 10) {
    throw new StartError(
      `The SQLite driver that is installed (better-sqlite3 ${version}) needs Node 22.14 or newer, and this is Node ${node}. ${adviceFor('better-sqlite3@12')}`,
    );
  }
  try {
    new Database(':memory:').close();
  } catch (error) {
    const [reason] = messageOf(error).split('\n');
    throw new StartError(
      `The SQLite driver that is installed (better-sqlite3 ${version}) can't be loaded by Node ${node}: ${reason}. ${adviceFor('better-sqlite3')}`,
    );
  }
}

function adviceFor(driver: string): string {
  return `In a clone of the repository, run "npm run build"; elsewhere, "npm install ${driver}".`;
}
