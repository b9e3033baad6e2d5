import { ms, type Summary } from '@madang/verify';
import type { Measured, Recovery } from './recovery.ts';

/** The lines for runs on several nodes: the recovery from each kind of fault, and the overall result. */
export function nodesLines(summary: Summary, measured: readonly Measured[]): string[] {
  const { kills, starts, slowestStart, clockJumps, restores } = summary.tally;
  const kinds = [...new Set(measured.map(({ kind }) => kind))].sort();
  const width = Math.max(5, ...kinds.map((kind) => kind.length));
  const rows = kinds.map((kind) => {
    const times = measured.filter((each) => each.kind === kind);
    const cells = [
      span(times, ({ fromBegin }) => fromBegin, 'sends'),
      span(times, ({ fromBegin }) => fromBegin, 'shows'),
      span(times, ({ fromEnd }) => fromEnd, 'sends'),
      span(times, ({ fromEnd }) => fromEnd, 'shows'),
    ];
    return `${kind.padEnd(width)} ${String(times.length).padStart(5)} ${cells.map((cell) => cell.padStart(17)).join(' ')}`;
  });
  return [
    'time to recovery at every live node, median / worst: until a send is acknowledged again, and until an event that was',
    'sent through another node is seen live again; from the beginning of the fault, and from its end',
    `${'fault'.padEnd(width)} times ${['begin: send', 'begin: live', 'end: send', 'end: live'].map((name) => name.padStart(17)).join(' ')}`,
    ...rows,
    `faults ${measured.length} of ${kinds.length} kinds, kills ${kills}, starts ${starts} (slowest ${ms(slowestStart)}), clock jumps ${clockJumps}, restores ${restores} (${summary.takenBack} messages taken back); ${summary.networkLine()}`,
    ...summary.outcomeLines(),
  ];
}

function span(times: readonly Measured[], of: (each: Measured) => Recovery, what: keyof Recovery): string {
  const sorted = times.map((each) => of(each)[what]).sort((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return `${ms(median)} / ${ms(sorted.at(-1) ?? 0)}`;
}
