import type { Pair } from './before.ts';

/** One line of the results' table. */
export interface Row {
  /** What was measured. */
  what: string;
  /** Madang's figure and the peer's or the limit's, in words with units. */
  madang: string;
  beside: string;
  /** The condition that must hold, in words. */
  target: string;
  /** The result as a ratio, if there is one. */
  ratio?: number;
  /** Whether it holds; undefined if there is no figure (then `note` says why) or no target. */
  reached: boolean | undefined;
  note?: string;
}

/** A bar of the picture: a value, longer is more. */
interface Bar {
  label: string;
  value: number;
  isOurs: boolean;
}

/** A group of comparable bars. */
export interface Bars {
  title: string;
  unit: string;
  bars: Bar[];
}

/** The result of a scenario. */
export interface Result {
  rows: Row[];
  /** Everything that was measured, round by round. */
  raw: unknown;
  bars?: Bars[];
}

/** What scenarios receive. */
export interface Bench {
  quick: boolean;
  /** Number of rounds, in each of which the contenders take turns. */
  rounds: number;
  /** The duration of one measurement, after its warm-up, in seconds. */
  seconds: number;
  warmUpSeconds: number;
  serverCore: number;
  generatorCore: number;
  /** Other programs' share of the server's core in each measurement, 0 to 1: above a few percent, times are noise. */
  othersBusy: number[];
  /** The keys of the contenders that take part; all if absent. */
  only?: string[];
  /** An earlier build's `cli.js`, which takes turns with each Madang, and the results of both. */
  before?: { program: string; pairs: Pair[] };
  /** Reports progress. */
  say(line: string): void;
}

/** A scenario: one row of the table, or a few that are measured together. */
export interface Scenario {
  name: string;
  title: string;
  run(bench: Bench): Promise<Result>;
}
