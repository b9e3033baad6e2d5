import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { deferred } from './deferred.ts';
import type { Answer, Credentials, TransportClient, OutboundEvent } from './transport-client.ts';
import { Inbox } from './inbox.ts';

/** A line printed by a Python client. */
interface Line {
  ready?: boolean;
  id?: number;
  answer?: Answer;
  event?: OutboundEvent;
}

/** Runs one of the programs in `python/` with Debian's Python and Debian's libraries. */
export async function connectPython(
  program: 'json_rpc_client' | 'socket_io_client',
  url: string,
  credentials: Credentials,
): Promise<TransportClient> {
  const file = fileURLToPath(new URL(`python/${program}.py`, import.meta.url));
  const child = spawn('/usr/bin/python3', ['-I', file, url], { stdio: ['pipe', 'pipe', 'pipe'] });
  const events = new Inbox<OutboundEvent>();
  const calls = new Map<number, (answer: Answer) => void>();
  let complaints = '';
  let lastId = 0;
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const ready = deferred();
  createInterface(child.stdout).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    if (line.ready) ready.resolve();
    if (line.event) events.push(line.event);
    if (line.answer) calls.get(line.id ?? 0)?.(line.answer);
  });
  const closed = once(child, 'exit').then(() => ready.reject(new Error(`${program} ended: ${complaints}`)));
  await ready.promise;
  const ask = (name: string, input: unknown = {}): Promise<Answer> => {
    const id = ++lastId;
    child.stdin.write(`${JSON.stringify({ id, name, input })}\n`);
    return new Promise((resolve, reject) => {
      calls.set(id, resolve);
      void closed.then(() => reject(new Error(`${program} ended before ${name} was answered: ${complaints}`)));
    });
  };
  const close = async (): Promise<void> => {
    child.stdin.end();
    await closed;
  };
  if (credentials) {
    const { error } = await ask('session.start', credentials);
    if (error) throw new Error(`session.start: ${error.message}`);
  }
  return { transport: program, events, ask, closed, close, [Symbol.asyncDispose]: close };
}
