import { checkAcknowledged } from './checks/acknowledged.js';
import { type Facts, gatherFacts, type Violation, type ViolationKind } from './checks/facts.js';
import { checkLines } from './checks/lines.js';
import { checkMembership } from './checks/membership.js';
import { checkViews, checkWire } from './checks/order.js';
import { checkClientIds, checkEpoch, checkLog, checkShown, countTimesBack } from './checks/shown.js';
import { checkPins } from './checks/pins.js';
import { countTakenBack, splitByRestores } from './checks/restores.js';
import { type Entry, readHistory } from './history.js';

export type { Violation, ViolationKind } from './checks/facts.js';

/*
 * The checker. It knows the delivery contract and nothing of the code: it reads a history (calls, answers, what clients
 * saw, the final log) and reports contradictions.
 *
 *   lost      acknowledged, but not in the log, or not as acknowledged
 *   phantom   shown, but not in the log, or not as shown; or in the log, but sent by nobody
 *   refused   refused, yet shown or stored
 *   cloned    a clientId that made two messages
 *   twice     twice in a client's view
 *   disorder  out of order over a connection or in a view
 *   gap       silently left out over a connection, or never repaired in a view
 *   leaked    seen by somebody who was not a member; or a clientId by anybody but its author
 *   log       a room's log that is not 1, 2, 3 …, or pins that contradict it
 *   epoch     more than one history without a restore, or one history across a restore
 *
 * If a backup was restored, each part is judged on its own (checks/restores.ts).
 *
 * And one that only `scenes/slow-client.ts` shows:
 *   unbounded a client that read too slowly was not told, has not caught up, or cost more than its limit
 */

/** The result for a history. */
export interface Verdict {
  violations: Violation[];
  counts: Record<ViolationKind, number>;
  /** Acknowledged calls of every kind, including sends by message. */
  acknowledged: number;
  messages: number;
  refused: number;
  unknown: number;
  received: number;
  /** Events in the final log. */
  logged: number;
  /** Steps back in time within a log. Not a violation. */
  timesBack: number;
  /** Messages that restores removed. Not a violation. */
  takenBack: number;
}

/** Checks a history. */
export function check(entries: readonly Entry[]): Verdict {
  const parts = splitByRestores(entries).map(gatherFacts);
  const outcomes = { acked: 0, refused: 0, unknown: 0 };
  const messages = new Set<string>();
  for (const entry of entries) {
    if (entry.type !== 'acked' && entry.type !== 'refused' && entry.type !== 'unknown') continue;
    outcomes[entry.type] += 1;
    if (entry.type === 'acked' && entry.message !== undefined) messages.add(entry.message);
  }
  const violations = parts.flatMap(judge);
  const last = parts.at(-1)!;
  return {
    violations,
    counts: countKinds(violations),
    acknowledged: outcomes.acked,
    messages: messages.size,
    refused: outcomes.refused,
    unknown: outcomes.unknown,
    received: entries.filter(({ type }) => type === 'received' || type === 'line').length,
    logged: last.logged.size,
    timesBack: countTimesBack(last),
    takenBack: countTakenBack(parts),
  };
}

/** Checks the history of a run. If its log could not be read at the end, there is nothing to compare with. */
export function checkRun(path: string): Verdict {
  const entries = readHistory(path);
  return check(entries.some(({ type }) => type === 'quiet') ? entries : []);
}

function judge(facts: Facts): Violation[] {
  return [
    ...checkAcknowledged(facts),
    ...checkShown(facts),
    ...checkClientIds(facts),
    ...checkLog(facts),
    ...checkEpoch(facts),
    ...checkWire(facts),
    ...checkViews(facts),
    ...checkMembership(facts),
    ...checkLines(facts),
    ...checkPins(facts),
  ];
}

function countKinds(violations: readonly Violation[]): Record<ViolationKind, number> {
  const counts: Record<ViolationKind, number> = {
    lost: 0,
    phantom: 0,
    refused: 0,
    cloned: 0,
    twice: 0,
    disorder: 0,
    gap: 0,
    leaked: 0,
    log: 0,
    epoch: 0,
    unbounded: 0,
  };
  for (const { kind } of violations) counts[kind] += 1;
  return counts;
}
