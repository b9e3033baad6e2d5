import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { withCertificates } from './fresh-clone.ts';

const run = promisify(execFile);

/** Other versions of Node than the one that runs the tests, pinned. npm has each as a package. */
export const nodeVersions = { 22: '22.23.3', 24: '24.21.0' } as const;

/** The folder with the binary of another Node, for `PATH`. Fetched once per machine and kept in the user's cache. */
export async function nodeFolder(major: keyof typeof nodeVersions): Promise<string> {
  const version = nodeVersions[major];
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'madang', `node-${version}`);
  if (!existsSync(folder)) {
    await mkdir(dirname(folder), { recursive: true });
    const work = await mkdtemp(`${folder}.`);
    try {
      const options = ['--ignore-scripts', '--no-audit', '--no-fund'];
      const env = withCertificates(process.env);
      await run('npm', ['install', '--prefix', work, ...options, `${name}@${version}`], { env });
      await rename(work, folder).catch((error: unknown) => {
        // Another test run may have been faster.
        if (!existsSync(folder)) throw error;
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  return join(folder, 'node_modules', name, 'bin');
}
