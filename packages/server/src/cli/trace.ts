import { commands, type CommandOutput } from '@madang/protocol';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, PlainError } from '../errors.js';
import { OPERATOR_TOKEN_FILE } from '../identity/operator.js';
import { languageOf } from './language.js';
import { traceLines } from './trace-lines.js';

/** How long the server may take to answer, in ms. */
const TIMEOUT_MS = 10_000;

/** The arguments of `madang trace`. */
export interface TraceQuestion {
  message: string;
  user: string;
  /** The server's address, including its mount path. */
  url: string;
  /** The server's data folder, which holds the operator's token. */
  data: string;
  json: boolean | undefined;
}

/**
 * `madang trace`: asks a running server why somebody did or didn't get a message, and prints the answer.
 * @throws PlainError
 */
export async function trace(question: TraceQuestion): Promise<void> {
  const answer = await ask(question, await readToken(question.data));
  const lines = question.json ? [JSON.stringify(answer)] : traceLines(answer, languageOf(process.env));
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function readToken(folder: string): Promise<string> {
  const file = join(folder, OPERATOR_TOKEN_FILE);
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new PlainError(
      `The operator's token ${file} can't be read (${messageOf(error)}). Name the server's folder with --data, and run this as the server's user.`,
    );
  }
}

async function ask(question: TraceQuestion, token: string): Promise<CommandOutput<'delivery.trace'>> {
  const { http, output } = commands['delivery.trace'];
  const query = new URLSearchParams({ message: question.message, user: question.user });
  const answer = await request(question.url, `/api${http.path}?${query.toString()}`, token);
  const parsed = output.safeParse(answer.body);
  if (answer.status === 200 && parsed.success) return parsed.data;
  if (answer.status === 401) {
    throw new PlainError(
      `The server at ${question.url} does not accept the token in ${question.data}: it belongs to another server, or is outdated.`,
    );
  }
  throw new PlainError(
    wordsOf(answer.body) ?? `What answers at ${question.url} (${answer.status}) is not a Madang server.`,
  );
}

async function request(url: string, path: string, token: string): Promise<{ status: number; body: unknown }> {
  try {
    const response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, body: await response.json().catch(() => undefined) };
  } catch (error) {
    throw new PlainError(`No server answers at ${url} (${causeOf(error)}). Is it running? See --url and --port.`);
  }
}

/** The reason behind a failed `fetch`: a code such as ECONNREFUSED, or words. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : messageOf(cause);
}

/** The server's words for a refusal, as a sentence. */
function wordsOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('detail' in body) || typeof body.detail !== 'string')
    return undefined;
  return `${body.detail}.`;
}
