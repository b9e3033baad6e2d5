import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from './temp-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The result of a command. */
export interface Ended {
  code: number | string | null;
  /** stdout and stderr. */
  output: string;
}

/** A running program that has printed its URL. */
export interface Serving extends AsyncDisposable {
  url: string;
}

/** A folder for running commands as a person would type them. */
export class Workplace implements Disposable {
  readonly path: string;
  readonly #folder = tempFolder();

  constructor() {
    this.path = this.#folder.path;
  }

  /** Runs a command until it ends, with the Node in the given folder if there is one. */
  run(line: string, node?: string): Promise<Ended> {
    return new Promise((resolve) => {
      execFile('bash', ['-c', line], { cwd: this.path, env: environment(node) }, (error, stdout, stderr) => {
        resolve({ code: error ? (error.code ?? error.signal ?? null) : 0, output: `${stdout}${stderr}` });
      });
    });
  }

  /** Runs a command until it prints its URL. Disposing kills it and everything it has started. */
  async serve(line: string, node?: string): Promise<Serving> {
    const child = spawn('bash', ['-c', line], { cwd: this.path, env: environment(node), detached: true });
    const exited = once(child, 'exit');
    let output = '';
    const url = await new Promise<string>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        output += chunk.toString();
        const match = /open at (http:[^"\s]+)/.exec(output);
        if (match?.[1] !== undefined) resolve(match[1].replace(/\/$/, ''));
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      void exited.then(() => reject(new Error(`The command ended: ${output}`)));
    });
    return {
      url,
      [Symbol.asyncDispose]: async () => {
        process.kill(-(child.pid ?? 0), 'SIGKILL');
        await exited;
      },
    };
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** The repository as a clone would have it: the tracked files, with uncommitted changes. */
export function freshClone(): Workplace {
  const clone = new Workplace();
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of files.toString().split('\0').filter(Boolean)) cpSync(join(root, file), join(clone.path, file));
  return clone;
}

/** What is built the same on every Node: by TypeScript, and the web client. */
const BUILT = ['protocol', 'client', 'verify', 'server', 'web'].map((name) => `packages/${name}/dist`);

/** Copies what was built here into a clone. It is rebuilt there if the clone's sources differ. */
export function copyBuilt(clone: Workplace): void {
  for (const built of BUILT) cpSync(join(root, built), join(clone.path, built), { recursive: true });
}

/** An environment for npm: with the certificates that other programs are not to read. */
export function withCertificates(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { TESTS_CA_CERTS: certificates, ...rest } = env;
  return { ...rest, ...(certificates !== undefined && { NODE_EXTRA_CA_CERTS: certificates }) };
}

/**
 * The environment without what `npm test` passes to its children, which would change how npm behaves here, and without
 * registry requests whose results nobody reads.
 */
function environment(node: string | undefined): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^npm_(lifecycle|package|config_local_prefix)/.test(name),
  );
  const { NODE_ENV: _, ...rest } = withCertificates(Object.fromEntries(own));
  const quiet = { npm_config_audit: 'false', npm_config_fund: 'false' };
  return { ...rest, ...quiet, ...(node !== undefined && { PATH: `${node}:${process.env['PATH']}` }) };
}
