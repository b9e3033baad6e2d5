import type { Verdict } from './checker.js';
import type { Violation, ViolationKind } from './checks/facts.js';
import type { Entry } from './history.js';
import type { SlowClientResult } from './scenes/slow-client.js';
import type { Tally } from './world.js';

/** The promises of docs/delivery.md. */
export const promiseIds = ['D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7', 'D8'] as const;

/** The number of a promise. */
export type PromiseId = (typeof promiseIds)[number];

/** Counts of what was done and seen. */
export interface Figures {
  /** Acknowledged messages, and events that any client saw. */
  messages: number;
  seen: number;
  /** What was done to the server. */
  kills: number;
  stops: number;
  storeFailures: number;
  /** What was done to connections. */
  cuts: number;
  halfOpens: number;
  duplicates: number;
  /** Connections that were replaced. */
  reconnections: number;
  /** Attempts at sends that had been tried before. */
  repeats: number;
  /** Calls refused because the server could not store. */
  unavailable: number;
  /** Calls without an answer. */
  unanswered: number;
  /** Users who received anything. */
  people: number;
  /** Acknowledged joins and leaves. */
  moves: number;
  /** The cost of a client that stopped reading, if there was one. */
  slow?: Pick<SlowClientResult, 'sentBytes' | 'serverBytes' | 'sendP99Ms'>;
}

/** The result for a promise. `untested`: nothing contradicts it, but not everything that could be tried was. */
export interface Kept {
  id: PromiseId;
  outcome: 'kept' | 'broken' | 'untested';
  violations: Violation[];
}

/** The promise that each kind of violation breaks. */
const brokenBy: Record<ViolationKind, PromiseId> = {
  lost: 'D1',
  phantom: 'D1',
  disorder: 'D2',
  gap: 'D2',
  log: 'D2',
  cloned: 'D3',
  twice: 'D3',
  epoch: 'D4',
  unbounded: 'D5',
  refused: 'D6',
  leaked: 'D8',
};

/** Whether enough was done to judge a promise. */
const isTried: Record<PromiseId, (figures: Figures) => boolean> = {
  D1: ({ messages, kills }) => messages > 0 && kills > 0,
  D2: ({ seen }) => seen > 0,
  D3: ({ repeats }) => repeats > 0,
  D4: ({ reconnections }) => reconnections > 0,
  D5: ({ slow }) => slow !== undefined,
  D6: ({ storeFailures, unavailable }) => storeFailures > 0 && unavailable > 0,
  D7: () => false,
  D8: ({ people, moves }) => people > 1 && moves > 0,
};

/** The result for each promise. */
export function judgePromises(all: readonly Violation[], figures: Figures): Kept[] {
  return promiseIds.map((id) => {
    const violations = all.filter((each) => promiseOf(each) === id);
    if (violations.length > 0) return { id, outcome: 'broken', violations };
    return { id, outcome: isTried[id](figures) ? 'kept' : 'untested', violations };
  });
}

/** Counts what was done and seen. */
export function countFigures(entries: readonly Entry[], verdict: Verdict, tally: Tally): Figures {
  const faults = (kind: string) => entries.filter((entry) => entry.type === 'fault' && entry.kind === kind).length;
  const invoked = new Map(entries.flatMap((entry) => (entry.type === 'invoked' ? [[entry.op, entry] as const] : [])));
  const sends = [...invoked.values()].flatMap(({ user, intent }) =>
    intent.command === 'message.send' && intent.cid !== undefined ? [`${user} ${intent.cid}`] : [],
  );
  const connections = entries.filter((entry) => entry.type === 'connected');
  const moves = new Set(['room.join', 'room.leave', 'room.invite', 'room.remove']);
  return {
    messages: verdict.messages,
    seen: verdict.received,
    kills: tally.kills,
    stops: faults('stop'),
    storeFailures: faults('store-gone'),
    cuts: tally.cuts,
    halfOpens: tally.halfOpens,
    duplicates: tally.duplicates,
    reconnections: connections.length - new Set(connections.map(({ client }) => client)).size,
    repeats: sends.length - new Set(sends).size,
    unavailable: entries.filter((entry) => entry.type === 'refused' && entry.code === 'unavailable').length,
    unanswered: verdict.unknown,
    people: new Set(entries.flatMap((entry) => (entry.type === 'received' || entry.type === 'line' ? entry.user : [])))
      .size,
    moves: entries.filter((each) => each.type === 'acked' && moves.has(invoked.get(each.op)?.intent.command ?? ''))
      .length,
  };
}

/** A gap that was never filled concerns resuming; one in transit concerns order. */
function promiseOf({ kind, isFinal }: Violation): PromiseId {
  return isFinal ? 'D4' : brokenBy[kind];
}
