import type { Language } from '@madang/protocol';
import type { Violation } from './checks/facts.js';
import type { Kept } from './promises.js';
import { words } from './report-words.js';
import { isKept, type Progress, type Report, type Target, visitName } from './verify.js';

/** The most violations to show per promise. */
const SHOWN = 5;

const marks = { kept: '✓', broken: '✗', untested: '–' } as const;

/** The subject of a report. */
export interface Assignment {
  target: Target;
  /** The printable target: an address, a folder, or nothing for a new workspace. */
  name: string | undefined;
  seed: number;
  seconds: number;
}

/** What is about to happen, before it does. */
export function introLines({ target, name, seed, seconds }: Assignment, language: Language): string[] {
  const { intro } = words[language];
  if (target.kind === 'running') return intro.running(name ?? '', seconds, visitName(seed), seed);
  return target.fill ? intro.copy(name ?? '', seconds, seed) : intro.own(seconds, seed);
}

/** The progress in one line. */
export function progressLine({ phase, share, acknowledged, kills, cuts }: Progress, language: Language): string {
  const { progress } = words[language];
  return phase === 'talking' ? progress.talking(Math.floor(share * 100), acknowledged, kills, cuts) : progress[phase]();
}

/** Each promise with its mark and evidence, what was done, and what remains behind. */
export function reportLines(report: Report, assignment: Assignment, language: Language): string[] {
  const { figures, failure, promises } = report;
  const { end, done } = words[language];
  return [
    ...promises.flatMap((kept) => promiseLines(kept, report, assignment, language)),
    '',
    done(figures),
    ...(failure === undefined ? [] : [`${marks.broken} ${end.failure(failure)}`]),
    ...(assignment.target.kind === 'running'
      ? [end.left(visitName(assignment.seed), assignment.target.tokens.length > 0)]
      : []),
    isKept(report) ? end.kept() : end.broken(),
  ];
}

/** The same for programs, in English. */
export function reportJson(report: Report, assignment: Assignment): string {
  const { figures, failure, promises } = report;
  const listed = promises.map((kept) => {
    const [head = ''] = promiseLines(kept, report, assignment, 'en');
    return { ...kept, words: head.slice(2) };
  });
  const { name = null, seed, seconds, target } = assignment;
  const kind = target.kind === 'own' && target.fill ? 'copy' : target.kind;
  return JSON.stringify({
    target: { kind, name },
    seed,
    seconds,
    outcome: isKept(report) ? 'kept' : 'broken',
    promises: listed,
    figures,
    ...(failure !== undefined && { failure }),
  });
}

function promiseLines(kept: Kept, { figures }: Report, { target }: Assignment, language: Language): string[] {
  const { promises, notTested, evidence } = words[language];
  const { id, outcome, violations } = kept;
  const { title, shown, untested } = promises[id];
  const head = `${marks[outcome]} ${id} ${title}: `;
  if (outcome === 'kept') return [head + shown(figures)];
  if (outcome === 'untested') return [`${head}${notTested}; ${untested(figures, target.kind)}`];
  const left = violations.length - SHOWN;
  return [
    head + evidence.broken(violations.length),
    ...violations.slice(0, SHOWN).map((violation) => `    ${evidenceLine(violation, language)}`),
    ...(left > 0 ? [`    ${evidence.more(left)}`] : []),
  ];
}

function evidenceLine(violation: Violation, language: Language): string {
  const { evidence } = words[language];
  const { client, room, seq, t, kind, isFinal } = violation;
  const place = room === undefined ? undefined : `${room}${seq === undefined ? '' : `.${seq}`}`;
  const where = [t === undefined ? undefined : evidence.time(t / 1000), client, place].filter(Boolean).join(', ');
  const what = isFinal ? evidence.kinds.unfilled : evidence.kinds[kind];
  return `${where === '' ? '' : `${where}: `}${what} (${violation.words})`;
}
