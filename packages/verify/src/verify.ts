import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, type Verdict } from './checker.js';
import { cut, cutAtBytes, delay, duplicate, halfOpen } from './faults/network.js';
import { kill, stop } from './faults/process.js';
import { type HoldStore, storeGone } from './faults/store.js';
import { openGateway } from './gateway.js';
import { readHistory } from './history.js';
import { RefusedError, type Visit } from './keeper.js';
import { countFigures, type Figures, judgePromises, type Kept } from './promises.js';
import { probe } from './probe.js';
import { pause } from './random.js';
import { atRandom, run, type RunOptions } from './workload.js';
import type { Fault, World } from './world.js';

/** How long everybody may take to catch up at the end, in ms. */
const QUIET_MS = 45_000;

/** How often progress is told, in ms. */
const PROGRESS_MS = 1000;

/** How many rooms the workload has. */
const ROOMS = 3;

/** What is put to the test. */
export type Target =
  | {
      kind: 'own';
      /** The server's program. */
      cli: string;
      hold: HoldStore;
      /** Puts a copy of a yard into the empty data folder; without it the yard is new. */
      fill?: (data: string) => Promise<void>;
    }
  | { kind: 'running'; address: URL; tokens: readonly string[] };

/** What `verify` is asked to do. */
export interface VerifyOptions {
  target: Target;
  seed: number;
  /** How long people talk, in seconds. What comes before and after takes a few more. */
  seconds: number;
  /** Where to leave the history. */
  keep?: string;
  onProgress(progress: Progress): void;
  /** Ends the talking early; what was seen until then is judged. */
  signal?: AbortSignal;
}

/** How far it is. */
export interface Progress {
  /** Of the time for talking. */
  share: number;
  acknowledged: number;
  kills: number;
  cuts: number;
}

/** What came of it. */
export interface Report {
  promises: Kept[];
  figures: Figures;
  verdict: Verdict;
  /** Why the run was broken off: the server did not come back, or did not heal. */
  failure: string | undefined;
}

/** It could not be tested; the words say why. */
export class UntestableError extends Error {}

/**
 * Puts a yard's delivery contract to the test, and says of each promise how it fared.
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
      clientsPerDoor: 1,
      sdkClients: 2,
      rooms: ROOMS,
      quietMs: QUIET_MS,
      ...(options.signal && { signal: options.signal }),
      ...(await placeOf(options, folder)),
      disturb: async (itself, isOver) => {
        world = itself;
        timer = watch(itself, options);
        await breakThings(faultsFor(options.target))(itself, isOver);
      },
    });
    const entries = readHistory(history);
    if (options.keep !== undefined) copyFileSync(history, options.keep);
    const hasLog = entries.some(({ type }) => type === 'quiet');
    if (!hasLog && options.target.kind === 'running') throw new UntestableError(`The yard is gone (${failure}).`);
    // Without a log at the end there is nothing to compare with.
    const verdict = check(hasLog ? entries : []);
    const figures = countFigures(entries, verdict, tally);
    if (failure === undefined && figures.messages === 0) throw new UntestableError('No message was acknowledged.');
    return { promises: judgePromises(verdict, figures), figures, verdict, failure };
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

/** What the names of a visit's guests and rooms begin with. */
export function visitName(seed: number): string {
  return `verify ${seed.toString(36)}`;
}

async function placeOf(
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

function faultsFor(target: Target): readonly Fault[] {
  const network = [cut, duplicate, halfOpen, cutAtBytes, delay];
  if (target.kind === 'running') return network;
  const [first, ...others] = network as [Fault, ...Fault[]];
  return [kill, first, storeGone(target.hold), stop, ...others];
}

/** Everything once, in the order of what tells most, then at random. */
function breakThings(faults: readonly Fault[]): RunOptions['disturb'] {
  return async (world, isOver) => {
    for (const fault of faults) {
      await pause(world.random.between(300, 800));
      if (isOver()) return;
      await fault.run(world);
    }
    await atRandom(faults, 400)(world, isOver);
  };
}

function watch(world: World, options: VerifyOptions): NodeJS.Timeout {
  const began = performance.now();
  const tell = () => {
    const share = Math.min(1, (performance.now() - began) / (options.seconds * 1000));
    const { kills } = world.tally;
    options.onProgress({ share, acknowledged: world.acknowledged(), kills, cuts: world.proxy.cuts });
  };
  tell();
  return setInterval(tell, PROGRESS_MS);
}

function explain({ command, code, message }: RefusedError): string {
  if (command === 'session.start')
    return `This yard lets no guests in (${message}). Give sessions' tokens with --token.`;
  if (command === 'session.get') return `The yard does not take a token that was given (${message}).`;
  if (command === 'room.create') return `No room can be made there (${message}).`;
  return `${command} was refused: ${message} (${code}).`;
}
