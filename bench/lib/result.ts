import type { Pair } from './before.ts';

/** One line of the results' table. */
export interface Row {
  /** What was measured. */
  what: string;
  /** Madang's figure and the peer's or the limit's, in words with units. */
  madang: string;
  beside: string;
  /** What must hold, in words. */
  target: string;
  /** How far it is: a ratio, where there is one. */
  ratio?: number;
  /** Whether it holds; undefined when there is no figure (then `note` says why) or no target. */
  reached: boolean | undefined;
  note?: string;
}

/** A bar of the picture: a value, longer is more. */
interface Bar {
  label: string;
  value: number;
  isOurs: boolean;
}

/** A group of bars that may be compared. */
export interface Bars {
  title: string;
  unit: string;
  bars: Bar[];
}

/** What a scenario found. */
export interface Result {
  rows: Row[];
  /** Everything that was measured, round by round. */
  raw: unknown;
  bars?: Bars[];
}

/** What scenarios are given. */
export interface Bench {
  quick: boolean;
  /** How often the contenders take turns. */
  rounds: number;
  /** How long one measurement lasts, after its warm-up. */
  seconds: number;
  warmUpSeconds: number;
  serverCore: number;
  generatorCore: number;
  /** What other programs took of the server's core in each measurement, 0 to 1: above a few percent, times are noise. */
  othersBusy: number[];
  /** Contenders that take part, by their keys; all if absent. */
  only?: string[];
  /** An earlier build's `cli.js`, which takes turns with each Madang, and what was found of both. */
  before?: { program: string; pairs: Pair[] };
  /** Tells whoever watches how it goes. */
  say(line: string): void;
}

/** A scenario: a row of the table, or a few that are measured together. */
export interface Scenario {
  name: string;
  title: string;
  run(bench: Bench): Promise<Result>;
}
