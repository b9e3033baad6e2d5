import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, checkRun } from './checker.js';
import type { Violation } from './checks/facts.js';
import { cut, cutAtBytes, delay, duplicate, halfOpen } from './faults/network.js';
import { kill, stop } from './faults/process.js';
import { type HoldStore, storeGone } from './faults/store.js';
import { openGateway } from './gateway.js';
import { readHistory } from './history.js';
import { RefusedError, type Visit } from './keeper.js';
import { countFigures, type Figures, judgePromises, type Kept } from './promises.js';
import { probe } from './probe.js';
import { pause, until } from './random.js';
import { playSlowClient, SLOW_CLIENT_BYTES, type SlowClientResult } from './scenes/slow-client.js';
import type { SceneOptions } from './scenes/stage.js';
import { atRandom, run, type RunOptions } from './workload.js';
import type { Fault, World } from './world.js';

/** How long all clients may take to catch up at the end, in ms. */
const QUIET_MS = 45_000;

/** Interval between reports of progress, in ms. */
const PROGRESS_MS = 1000;

/**
 * How many messages must be acknowledged before each of the first faults, and in all; and how long that may take, in
 * ms.
 */
const TALK_BETWEEN = 5;
const MIN_MESSAGES = 100;
const TALK_MS = 20_000;

/** How many rooms the workload has. */
const ROOMS = 3;

/** The target of a test. */
export type Target =
  | {
      kind: 'own';
      /** The server's program. */
      cli: string;
      hold: HoldStore;
      /** Puts a copy of a workspace into the empty data folder; without it the workspace is new. */
      fill?: (data: string) => Promise<void>;
    }
  | { kind: 'running'; address: URL; tokens: readonly string[] };

/** Options of `verify`. */
export interface VerifyOptions {
  target: Target;
  seed: number;
  /** How long the clients talk, in seconds. Setting up and checking take a few more. */
  seconds: number;
  /** Where to save the history. */
  keep?: string;
  onProgress(progress: Progress): void;
  /** Ends the talking early; what was seen until then is checked. */
  signal?: AbortSignal;
}

/** The progress: clients talk, or catch up and are checked, or one of them reads too slowly. */
export interface Progress {
  phase: 'talking' | 'settling' | 'slow';
  /** The elapsed share of the talking time. */
  share: number;
  acknowledged: number;
  kills: number;
  cuts: number;
}

/** What came of it. */
export interface Report {
  promises: Kept[];
  figures: Figures;
  /** Why the run was aborted: the server did not come back, or did not recover. */
  failure: string | undefined;
}

/** The test was not possible; the words say why. */
export class UntestableError extends Error {}

/**
 * Tests a workspace's delivery contract, and reports on each promise.
 * @throws UntestableError
 */
export async function verify(options: VerifyOptions): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'madang-verify-'));
  let world: World | undefined;
  let timer: NodeJS.Timeout | undefined;
  const clear = () => {
    for (const subject of world?.subjects ?? []) if (subject.pid() > 0) process.kill(subject.pid(), 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', clear);
  try {
    const { history, tally, failure } = await run({
      folder,
      seed: options.seed,
      durationMs: options.seconds * 1000,
      clientsPerTransport: 1,
      sdkClients: 2,
      rooms: ROOMS,
      quietMs: QUIET_MS,
      ...(options.signal && { signal: options.signal }),
      ...(await targetOf(options, folder)),
      disturb: async (itself, isOver) => {
        world = itself;
        const progress = watch(itself, options);
        timer = progress.timer;
        await breakThings(options)(itself, isOver);
        progress.settles();
      },
    });
    const entries = readHistory(history);
    if (options.keep !== undefined) copyFileSync(history, options.keep);
    const hasLog = entries.some(({ type }) => type === 'quiet');
    if (!hasLog && options.target.kind === 'running') throw new UntestableError(`The workspace is gone (${failure}).`);
    const verdict = checkRun(history);
    const figures = countFigures(entries, verdict, tally);
    if (failure === undefined && figures.messages === 0) throw new UntestableError('No message was acknowledged.');
    const report = { promises: judgePromises(verdict.violations, figures), figures, failure };
    // If something is broken already, the rest need not be tested.
    if (!isKept(report) || options.target.kind === 'running') return report;
    clearInterval(timer);
    options.onProgress({
      phase: 'slow',
      share: 1,
      acknowledged: figures.messages,
      kills: figures.kills,
      cuts: figures.cuts,
    });
    const { slow, violations } = await readSlowly({ folder, seed: options.seed, cli: options.target.cli });
    const all = [...verdict.violations, ...violations];
    return { promises: judgePromises(all, { ...figures, slow }), figures: { ...figures, slow }, failure };
  } catch (error) {
    if (error instanceof RefusedError) throw new UntestableError(explain(error));
    if (world || !(error instanceof Error) || error.name !== 'Error') throw error;
    throw new UntestableError(`It could not begin: ${error.message}`);
  } finally {
    clearInterval(timer);
    process.off('exit', clear);
    clear();
  }
}

/** Whether no promise is broken. */
export function isKept({ promises, failure }: Report): boolean {
  return failure === undefined && promises.every(({ outcome }) => outcome !== 'broken');
}

/** On a new server: a client stops reading while others talk. */
async function readSlowly(options: SceneOptions): Promise<{ slow: SlowClientResult; violations: Violation[] }> {
  const slow = await playSlowClient(options);
  const { serverBytes = 0, isTold, hasCaughtUp } = slow;
  const words = [
    ...(isTold ? [] : ['it was not told that it is behind']),
    ...(hasCaughtUp ? [] : ['it has not caught up']),
    ...(serverBytes <= SLOW_CLIENT_BYTES ? [] : [`${serverBytes} bytes waited for it in the server`]),
  ];
  const unbounded = words.map((each): Violation => ({ kind: 'unbounded', words: each, client: 'slow', room: 'lobby' }));
  return { slow, violations: [...check(readHistory(slow.history)).violations, ...unbounded] };
}

/** The prefix of the names of a visit's guests and rooms. */
export function visitName(seed: number): string {
  return `verify ${seed.toString(36)}`;
}

async function targetOf(
  { target, seed }: VerifyOptions,
  folder: string,
): Promise<Pick<RunOptions, 'servers' | 'visit' | 'pace'>> {
  if (target.kind === 'running') {
    const reason = await probe(target.address);
    if (reason !== undefined) throw new UntestableError(reason);
    const visit: Visit = { name: visitName(seed), tokens: target.tokens };
    return { servers: [await openGateway(target.address)], visit, pace: { meanMs: 200, inFlight: 2 } };
  }
  const data = join(folder, 'data');
  const pace = { meanMs: 80, inFlight: 4 };
  const servers = [{ cli: target.cli, data }] as const;
  if (!target.fill) return { servers, pace };
  await target.fill(data);
  return { servers, pace, visit: { name: visitName(seed), tokens: [] } };
}

/** The faults that occur in any case, however slow the machine, and those that occur at random while there is time. */
function faultsFor(target: Target): { surely: readonly Fault[]; atRandom: readonly Fault[] } {
  const network = [cut, duplicate, halfOpen, cutAtBytes, delay];
  if (target.kind === 'running') return { surely: [cut, duplicate], atRandom: network };
  const store = storeGone(target.hold);
  return { surely: [cut, kill, store, kill, stop, kill], atRandom: [...network, kill, stop, store] };
}

function breakThings({ target, signal }: VerifyOptions): RunOptions['disturb'] {
  const faults = faultsFor(target);
  return async (world, isOver) => {
    const isEnough = (messages: number) => signal?.aborted === true || world.acknowledged() >= messages;
    for (const fault of faults.surely) {
      const before = world.acknowledged();
      await pause(world.random.between(200, 600), signal);
      await until(() => isEnough(before + TALK_BETWEEN), TALK_MS);
      if (signal?.aborted === true) return;
      await fault.run(world);
    }
    await atRandom(faults.atRandom, 400)(world, isOver);
    await until(() => isEnough(MIN_MESSAGES), TALK_MS);
  };
}

function watch(world: World, options: VerifyOptions): { timer: NodeJS.Timeout; settles(): void } {
  const began = performance.now();
  let phase: Progress['phase'] = 'talking';
  const tell = () => {
    const share = Math.min(1, (performance.now() - began) / (options.seconds * 1000));
    const { kills } = world.tally;
    options.onProgress({ phase, share, acknowledged: world.acknowledged(), kills, cuts: world.proxy.cuts });
  };
  tell();
  const settles = () => {
    phase = 'settling';
    tell();
  };
  return { timer: setInterval(tell, PROGRESS_MS), settles };
}

function explain({ command, code, message }: RefusedError): string {
  if (command === 'session.start')
    return `This workspace lets no guests in (${message}). Give sessions' tokens with --token.`;
  if (command === 'session.get') return `The workspace does not take a token that was given (${message}).`;
  if (command === 'room.create') return `No room can be made there (${message}).`;
  return `${command} was refused: ${message} (${code}).`;
}
