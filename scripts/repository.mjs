// The repository, and running other programs in it.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the repository. Ends this process if it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs a command alongside others, silently by default. Resolves to whether it succeeded. */
export function succeeds(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'ignore', ...options });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

/** How many commands run at once: each uses several threads itself. */
const AT_ONCE = 2;

/** Runs commands in the repository, two at a time, and prints what each says when it ends. Ends this process if one fails. */
export async function runAll(commands) {
  const waiting = [...commands];
  let isFailed = false;
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [command, args] = next;
      const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
      const said = [];
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
      const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
      process.stdout.write(Buffer.concat(said));
      isFailed ||= code !== 0;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  if (isFailed) process.exit(1);
}
