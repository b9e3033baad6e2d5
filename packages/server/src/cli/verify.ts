import {
  type Assignment,
  introLines,
  isKept,
  type Progress,
  progressLine,
  reportJson,
  reportLines,
  type Target,
  UntestableError,
  verify as verifyWorkspace,
} from '@madang/verify';
import { PlainError } from '../errors.js';
import { copyStore, holdStore } from '../store/open.js';
import { languageOf } from './language.js';

/** Interval between lines of progress where a line can't be redrawn, in ms. */
const LINE_MS = 5000;

/** The arguments of `madang verify`, as typed. */
export interface VerifyQuestion {
  /** The program's file, for starting a server. */
  program: string;
  /** A running workspace. */
  url?: string;
  /** Session tokens, separated by commas. */
  token?: string;
  /** A data folder to copy. */
  data?: string;
  /** A PostgreSQL database, which is not supported. */
  database?: string;
  seconds: string;
  seed?: string;
  keep?: string;
  json?: boolean;
}

/**
 * `madang verify`: tests the delivery contract on a running workspace, a copy or a new one, and prints each promise
 * with its evidence. The exit code is 0 if no promise is broken, 1 if one is.
 * @throws PlainError if it could not test
 */
export async function verify(question: VerifyQuestion): Promise<void> {
  const language = languageOf(process.env);
  const { target, name } = targetOf(question);
  const seed = wholeNumber('--seed', question.seed ?? String(Math.floor(Math.random() * 2 ** 31)), 2 ** 32 - 1);
  const seconds = wholeNumber('--seconds', question.seconds, 24 * 3600);
  const assignment: Assignment = { target, name, seed, seconds };
  for (const line of introLines(assignment, language)) process.stderr.write(`${line}\n`);
  const interrupted = new AbortController();
  const interrupt = () => (interrupted.signal.aborted ? process.exit(130) : interrupted.abort());
  process.on('SIGINT', interrupt);
  try {
    const { keep, json } = question;
    const tell = process.stderr.isTTY ? draw : sayNowAndThen();
    const report = await verifyWorkspace({
      target,
      seed,
      seconds,
      ...(keep !== undefined && { keep }),
      onProgress: (progress) => tell(progress, progressLine(progress, language)),
      signal: interrupted.signal,
    });
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    const lines = json ? [reportJson(report, assignment)] : reportLines(report, assignment, language);
    process.stdout.write(`${lines.join('\n')}\n`);
    process.exitCode = isKept(report) ? 0 : 1;
  } catch (error) {
    throw error instanceof UntestableError ? new PlainError(error.message) : error;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

function targetOf({ program, url, token, data, database }: VerifyQuestion): Pick<Assignment, 'target' | 'name'> {
  if (database !== undefined) {
    throw new PlainError(
      "A PostgreSQL database can't be copied by this command. Restore a backup of it into another database, start a Madang on that, and give its address with --url.",
    );
  }
  if (url === undefined) {
    if (token !== undefined) throw new PlainError('--token goes with --url.');
    const own: Target = { kind: 'own', cli: program, hold: holdStore };
    if (data === undefined) return { target: own, name: undefined };
    return { target: { ...own, fill: (folder) => copyStore(data, folder) }, name: data };
  }
  if (data !== undefined) throw new PlainError('Give --url or --data, not both.');
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol !== 'http:' && address?.protocol !== 'https:') {
    throw new PlainError(`--url can't be ${JSON.stringify(url)}: it takes an http or https address.`);
  }
  const tokens = (token ?? '').split(',').flatMap((each) => each.trim() || []);
  return { target: { kind: 'running', address, tokens }, name: `${address.origin}${address.pathname}` };
}

function wholeNumber(flag: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0 && value <= max) return value;
  throw new PlainError(`${flag} can't be ${JSON.stringify(text)}: it takes a whole number from 1 to ${max}.`);
}

function draw(_progress: Progress, line: string): void {
  process.stderr.write(`\r\u001b[K${line}`);
}

function sayNowAndThen(): (progress: Progress, line: string) => void {
  let last = Number.NEGATIVE_INFINITY;
  let told = '';
  return ({ phase }, line) => {
    const now = performance.now();
    if (phase === told && (phase !== 'talking' || now - last < LINE_MS)) return;
    last = now;
    told = phase;
    process.stderr.write(`${line}\n`);
  };
}
