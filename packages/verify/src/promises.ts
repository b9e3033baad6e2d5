import type { Verdict } from './checker.js';
import type { Violation, ViolationKind } from './checks/facts.js';
import type { Entry } from './history.js';
import type { SlowClientResult } from './scenes/slow-client.js';
import type { Tally } from './world.js';

/** The promises of docs/delivery.md. */
export const promiseIds = ['D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7', 'D8'] as const;

/** The number of a promise. */
export type PromiseId = (typeof promiseIds)[number];

/** What was done and seen. */
export interface Figures {
  /** Messages that were acknowledged, and events that anybody saw. */
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
  /** Connections that somebody made anew. */
  reconnections: number;
  /** Attempts at sends that had been made before. */
  repeats: number;
  /** Calls that the server refused because it could not store. */
  unavailable: number;
  /** Calls that nobody answered. */
  unanswered: number;
  /** People to whom anything came. */
  people: number;
  /** Comings and goings that were acknowledged. */
  moves: number;
  /** What a client that stopped reading cost, if there was one. */
  slow?: Pick<SlowClientResult, 'sentBytes' | 'serverBytes' | 'sendP99Ms'>;
}

/** How a promise fared. `untested`: nothing speaks against it, but not everything was tried that could. */
export interface Kept {
  id: PromiseId;
  outcome: 'kept' | 'broken' | 'untested';
  violations: Violation[];
}

/** Which promise a contradiction breaks. */
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

/** Whether enough was done to speak of a promise. */
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

/** Says of each promise how it fared. */
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

/** A gap that was never filled is one of coming back; one on the way is one of order. */
function promiseOf({ kind, isFinal }: Violation): PromiseId {
  return isFinal ? 'D4' : brokenBy[kind];
}
