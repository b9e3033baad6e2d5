import type { ContractClient } from './clients.js';
import type { HistoryWriter } from './history.js';
import type { Keeper } from './keeper.js';
import type { Proxy } from './proxy.js';
import type { Random } from './random.js';
import type { Subject } from './subject.js';

/** What was done to the server and the network. */
export interface Tally {
  kills: number;
  commitKills: number;
  powerLosses: number;
  droppedBytes: number;
  diskFull: number;
  /** Calls refused while the disk was full. */
  fullRefusals: number;
  readOnly: number;
  ioErrors: number;
  clockJumps: number;
  takenAway: number;
  restores: number;
  cuts: number;
  halfOpens: number;
  duplicates: number;
  starts: number;
  /** The longest start, in ms. */
  slowestStart: number;
}

/** An empty tally. */
export function emptyTally(): Tally {
  return {
    kills: 0,
    commitKills: 0,
    powerLosses: 0,
    droppedBytes: 0,
    diskFull: 0,
    fullRefusals: 0,
    readOnly: 0,
    ioErrors: 0,
    clockJumps: 0,
    takenAway: 0,
    restores: 0,
    cuts: 0,
    halfOpens: 0,
    duplicates: 0,
    starts: 0,
    slowestStart: 0,
  };
}

/** Everything that a fault may affect. */
export interface World {
  /** The server, or its nodes. */
  subjects: readonly [Subject, ...Subject[]];
  proxy: Proxy;
  keeper: Keeper;
  /** The rooms' ids; the last one is private. */
  rooms: readonly string[];
  history: HistoryWriter;
  random: Random;
  clients: readonly ContractClient[];
  tally: Tally;
  /** How many messages have been acknowledged so far. */
  acknowledged: () => number;
}

/** A fault. It is over when it resolves: the server runs again, on a working disk. */
export interface Fault {
  kind: string;
  /** How often it is picked relative to the others. */
  weight: number;
  run(world: World): Promise<void>;
}

/** Restarts the server, or one of its nodes, and counts it. */
export async function startAgain(world: World, subject: Subject): Promise<void> {
  const ms = await subject.start();
  world.tally.starts += 1;
  world.tally.slowestStart = Math.max(world.tally.slowestStart, ms);
}
