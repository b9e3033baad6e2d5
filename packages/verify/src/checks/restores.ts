import type { Entry } from '../history.js';
import type { Facts } from './facts.js';

/**
 * Splits a history where a backup was restored. Each part has its own log, the last that was `logged` in it, and begins
 * with what it inherits. Whatever was acknowledged before the backup began must be in its log too; of everything else
 * attempted before, nobody knows whether the backup has it. What clients showed is inherited as well, since they must
 * notice.
 */
export function splitByRestores(entries: readonly Entry[]): Entry[][] {
  const parts: Entry[][] = [];
  let part: Entry[] = [];
  for (const entry of entries) {
    if (entry.type === 'restored') {
      parts.push(part);
      part = inheritedOf(part);
    }
    part.push(entry);
  }
  return [...parts, part];
}

/** How many messages in one part's log are missing in the next part's. */
export function countTakenBack(parts: readonly Facts[]): number {
  let count = 0;
  for (const [index, { logged }] of parts.slice(1).entries()) {
    for (const [key, event] of parts[index]?.logged ?? []) {
      const kept = logged.get(key);
      const isKept = kept?.at === event.at && kept.actor === event.actor && kept.cid === event.cid;
      if (event.name === 'message.created' && !isKept) count += 1;
    }
  }
  return count;
}

function inheritedOf(part: readonly Entry[]): Entry[] {
  const backedUpAt = part.findLastIndex(({ type }) => type === 'backed-up');
  return part.flatMap((entry, index): Entry[] => {
    switch (entry.type) {
      case 'acked':
        if (index < backedUpAt) return [entry];
        return [{ type: 'unknown', t: entry.t, op: entry.op, why: 'a restore may have taken it back' }];
      case 'invoked':
      case 'refused':
      case 'unknown':
      case 'begins':
      case 'ends':
      case 'applied':
      case 'epoch':
        return [entry];
      default:
        return [];
    }
  });
}
