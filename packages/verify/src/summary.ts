import type { Verdict, Violation, ViolationKind } from './checker.js';
import { emptyTally, type Tally } from './world.js';

/** How many violations are printed in full. */
const SHOWN_VIOLATIONS = 30;

/** The combined results of several runs. */
export class Summary {
  readonly tally: Tally = emptyTally();
  readonly counts: Partial<Record<ViolationKind, number>> = {};
  readonly problems: string[] = [];
  acknowledged = 0;
  messages = 0;
  refused = 0;
  unknown = 0;
  received = 0;
  timesBack = 0;
  takenBack = 0;

  /** Adds a run's verdict, and what had been done to it. */
  add(name: string, verdict: Verdict, tally?: Tally): void {
    for (const [kind, count] of Object.entries(verdict.counts) as [ViolationKind, number][]) {
      this.counts[kind] = (this.counts[kind] ?? 0) + count;
    }
    for (const figure of [
      'acknowledged',
      'messages',
      'refused',
      'unknown',
      'received',
      'timesBack',
      'takenBack',
    ] as const) {
      this[figure] += verdict[figure];
    }
    this.problems.push(...listViolations(verdict.violations).map((line) => `${name}: ${line}`));
    if (!tally) return;
    const slowestStart = Math.max(this.tally.slowestStart, tally.slowestStart);
    for (const key of Object.keys(tally) as (keyof Tally)[]) this.tally[key] += tally[key];
    this.tally.slowestStart = slowestStart;
  }

  /** Kinds of faults that never happened, about which the run proves nothing. */
  missing(): string[] {
    const { starts: _, slowestStart: __, ...faults } = this.tally;
    return Object.entries(faults).flatMap(([kind, count]) => (count === 0 ? [kind] : []));
  }

  /** Lines on what was done and with what result. */
  lines(): string[] {
    const { tally } = this;
    return [
      `kills ${tally.kills} (${tally.commitKills} inside a commit), power losses ${tally.powerLosses} (${tally.droppedBytes} unsynced bytes dropped), starts ${tally.starts} (slowest ${ms(tally.slowestStart)})`,
      `disk-full episodes ${tally.diskFull} (${tally.fullRefusals} calls refused), read-only ${tally.readOnly}, I/O errors ${tally.ioErrors}, clock jumps ${tally.clockJumps}, databases taken away ${tally.takenAway}, put back from a backup ${tally.restores} (${this.takenBack} messages taken back)`,
      this.networkLine(),
      ...this.outcomeLines(),
    ];
  }

  /** What was done to connections. */
  networkLine(): string {
    const { cuts, halfOpens, duplicates } = this.tally;
    return `cuts ${cuts}, half-open connections ${halfOpens}, duplicated requests ${duplicates}`;
  }

  /** The overall result. */
  outcomeLines(): string[] {
    const count = (...kinds: ViolationKind[]) => kinds.reduce((sum, kind) => sum + (this.counts[kind] ?? 0), 0);
    return [
      `messages acknowledged ${this.messages}, calls acknowledged ${this.acknowledged}, refused ${this.refused}, unanswered ${this.unknown}, events seen ${this.received}`,
      `lost ${count('lost')}, duplicated ${count('cloned', 'twice')}, out of order ${count('disorder')}, leaked ${count('leaked')}`,
      `never repaired ${count('gap')}, shown but not stored ${count('phantom')}, refused but done ${count('refused')}, broken logs ${count('log', 'epoch')}; steps back in time ${this.timesBack}`,
    ];
  }

  isClean(): boolean {
    return this.problems.length === 0;
  }
}

/** A few violations of every kind. */
export function listViolations(violations: readonly Violation[]): string[] {
  const lines = violations.slice(0, SHOWN_VIOLATIONS).map(({ kind, words }) => `${kind}: ${words}`);
  const left = violations.length - lines.length;
  return left > 0 ? [...lines, `… and ${left} more`] : lines;
}

/** A duration for people to read. */
export function ms(value: number): string {
  return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}
