import { roomIdsOf } from '../store/queries/members.js';
import type { Store } from '../store/store.js';
import type { Cluster, ThisNode } from './cluster.js';

const nobody: ReadonlySet<never> = new Set();

/** A node that is alone, on SQLite: it delivers its commits in the same turn, and has nobody to tell. */
export function oneNode(store: Store): Cluster {
  let here: ThisNode | undefined;
  const nothing = (): void => undefined;
  return {
    state: 'none',
    join: (node) => {
      here = node;
      return Promise.resolve();
    },
    committed: (batch) => here?.delivery.committed(batch),
    roomsToHear: (user) => roomIdsOf(store.read, user),
    recordsOf: () => Promise.resolve({ records: [], isWhole: true }),
    stateOf: () => undefined,
    roomsOf: () => nobody,
    inRoom: () => nobody,
    know: () => Promise.resolve(),
    count: undefined,
    close: () => Promise.resolve(),
    unanswered: nothing,
    newEpoch: nothing,
    sessionEnded: nothing,
    userWent: nothing,
    joined: nothing,
    roomLeft: nothing,
    signalRoom: nothing,
    signalUser: nothing,
    setQuiet: nothing,
    tell: nothing,
  };
}
