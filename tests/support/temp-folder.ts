import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder for one test. */
export interface TempFolder extends Disposable {
  path: string;
}

/** Creates a folder that is removed when it is disposed of. */
export function tempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), 'madang-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
