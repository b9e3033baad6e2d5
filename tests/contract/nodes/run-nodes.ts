import { type Fault, pause, run, type RunOptions, type RunResult, type World } from '@madang/verify';
import { join } from 'node:path';
import { builtCli } from '../run-built.ts';
import { type Backing, startBacking } from './backing.ts';
import { allNodeFaults } from './faults/all.ts';
import type { Hold } from './faults/episode.ts';
import { type Measured, Watch } from './recovery.ts';

/** A run of several nodes of the built program, or of another one. */
export interface NodesRunOptions extends Omit<RunOptions, 'servers' | 'isUnsure' | 'disturb'> {
  cli?: string;
  nodes: number;
  shimLibrary: string | undefined;
  hold: Hold;
  /** Causes faults, each of which is measured. */
  disturb(world: World, parts: NodesParts, isOver: () => boolean): Promise<void>;
}

/** What causes faults of nodes. */
export interface NodesParts {
  backing: Backing;
  faults: readonly Fault[];
}

/** What a run of several nodes leaves. */
export interface NodesRunResult extends RunResult {
  measured: readonly Measured[];
}

/** Runs the workload against nodes with a PostgreSQL and a Redis of their own. */
export async function runNodes(options: NodesRunOptions): Promise<NodesRunResult> {
  const { folder, nodes, shimLibrary, hold, cli = builtCli } = options;
  await using backing = await startBacking({ folder: join(folder, 'backing'), cli, nodes, shimLibrary });
  let watch: Watch | undefined;
  const disturb: RunOptions['disturb'] = async (world, isOver) => {
    const own = await Watch.start(world);
    watch = own;
    try {
      const faults = allNodeFaults(backing, hold).map((fault) => own.measure(fault));
      await options.disturb(world, { backing, faults }, isOver);
    } finally {
      backing.mend();
      await own.close();
    }
  };
  const result = await run({ ...options, servers: backing.servers, isUnsure: true, disturb });
  return { ...result, measured: watch?.measured ?? [] };
}

/** Each of some faults once, in a random order. */
export async function eachOnce(world: World, faults: readonly Fault[]): Promise<void> {
  for (const fault of world.random.shuffle(faults)) {
    await pause(world.random.between(0, 100));
    await fault.run(world);
  }
}
