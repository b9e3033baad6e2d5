import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A program of the tutorial, run as its reader would run it, on its own port. */
export interface Program {
  port: number;
  /** Everything printed so far. */
  output: () => string;
  /** Asks it to end, and resolves to its exit code, or `null` if it had to be killed. */
  close: () => Promise<number | null>;
}

export async function startProgram(folder: string): Promise<Program> {
  const file = fileURLToPath(new URL(`../${folder}/server.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file], { env: { ...process.env, PORT: '0' } });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const port = await waitFor(() => {
    if (child.exitCode !== null) throw new Error(`${folder} ended: ${output}`);
    return /Listening on \w+:\/\/localhost:(\d+)/.exec(output)?.[1];
  });
  return { port: Number(port), output: () => output, close: () => end(child) };
}

/** Repeats a question until the answer is neither `undefined` nor `false`. */
export async function waitFor<T>(ask: () => T | undefined | false): Promise<T> {
  const until = Date.now() + 10_000;
  for (;;) {
    const answer = ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > until) throw new Error(`Waited in vain: ${ask.toString()}`);
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(killer);
  return child.exitCode;
}
