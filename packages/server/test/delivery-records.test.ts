import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../dist/fanout/connection.js';
import { DeliveryRecords } from '../dist/fanout/delivery-records.js';

/** Records of deliveries, with a clock that stands until it is moved. */

const MINUTE = 60_000;
const MAX_RUNS = 100_000;
const MAX_CLOSED = 50_000;
const MAX_GAPS = 50_000;

let now = 1_000_000;
let records: DeliveryRecords;
let seq = 0;
beforeEach(() => {
  records = new DeliveryRecords({ now: () => now }, { isOnlyNode: true });
});
afterEach(() => records.close());

function connection(id: string, only?: string): Connection {
  return { id, door: 'test', only } as Connection;
}

/** Hands out so many events in one run; answers the first one's place. */
function handOut(room = 'r', count = 1): { room: string; seq: number } {
  const first = seq + 1;
  seq += count;
  records.handingOut(room, first, seq);
  return { room, seq: first };
}

describe('what was delivered is told', () => {
  test('exactly, though all happens in one millisecond', () => {
    const [a, b] = [connection('a'), connection('b')];
    const before = handOut();
    records.opened(a, 'u');
    const first = handOut('r', 3);
    records.opened(b, 'u');
    const both = handOut();
    records.closed(a);
    const last = handOut();
    const heardBy = (place: { room: string; seq: number }) =>
      records.find(place, 'u')?.outcomes.map(({ connection: id, sentAt }) => [id, sentAt]);
    expect(heardBy(before)).toEqual([]);
    expect(heardBy(first)).toEqual([['a', now]]);
    expect(heardBy({ ...first, seq: first.seq + 2 })).toEqual([['a', now]]);
    expect(heardBy(both)).toEqual([
      ['a', now],
      ['b', now],
    ]);
    expect(heardBy(last)).toEqual([['b', now]]);
    expect(records.find(first, 'another')?.outcomes).toEqual([]);
    expect(records.find({ room: 'other', seq: first.seq }, 'u')).toBeUndefined();
    expect(records.find({ room: 'r', seq: last.seq + 1 }, 'u')).toBeUndefined();
  });

  test('from the run that a connection did not get to the one after it was told', () => {
    const slow = connection('slow');
    records.opened(slow, 'u');
    const [sent] = [handOut()];
    const [missed, alsoMissed] = [handOut(), (records.skipped(slow), handOut())];
    records.skipped(slow);
    expect(records.find(alsoMissed, 'u')?.outcomes).toMatchObject([{ skipped: 'behind' }]);
    now += 5;
    records.caughtUp(slow);
    const live = handOut();
    const skippedIn = (place: { room: string; seq: number }) =>
      records.find(place, 'u')?.outcomes.map(({ skipped, toldAt }) => [skipped, toldAt]);
    expect([sent, missed, alsoMissed, live].map((place) => skippedIn(place)?.[0])).toEqual([
      [undefined, undefined],
      ['behind', now],
      ['behind', now],
      [undefined, undefined],
    ]);
  });

  test('of a connection that is behind and gets another session', () => {
    const slow = connection('slow');
    records.opened(slow, 'u');
    handOut();
    records.skipped(slow);
    records.closed(slow);
    records.opened(slow, 'v');
    const missed = handOut();
    records.skipped(slow);
    expect(records.find(missed, 'v')?.outcomes).toMatchObject([{ skipped: 'behind' }]);
    expect(records.find(missed, 'u')?.outcomes).toEqual([]);
  });
});

describe('records are bounded', () => {
  test('by 15 minutes: to the millisecond known, then not', () => {
    records.opened(connection('a'), 'u');
    const place = handOut();
    now += 15 * MINUTE;
    expect(records.find(place, 'u')?.outcomes).toHaveLength(1);
    now += 1;
    expect(records.find(place, 'u')).toBeUndefined();
    expect(records.find(handOut(), 'u')?.outcomes).toHaveLength(1);
  });

  test('by a number of runs', () => {
    const [first, second] = [handOut(), handOut()];
    for (let left = MAX_RUNS - 2; left > 0; left -= 1) handOut();
    expect(records.find(first, 'u')).toBeDefined();
    handOut();
    expect(records.find(first, 'u')).toBeUndefined();
    expect(records.find(second, 'u')).toBeDefined();
  });

  test('by a number of closed connections; what they heard is then unknown, not "offline"', () => {
    const one = connection('one');
    records.opened(one, 'u');
    const heard = handOut();
    records.closed(one);
    const after = handOut();
    for (let left = MAX_CLOSED - 1; left > 0; left -= 1) {
      records.opened(connection(`c${left}`), 'crowd');
      records.closed(connection(`c${left}`));
    }
    expect(records.find(heard, 'u')?.outcomes).toHaveLength(1);
    records.opened(connection('last'), 'crowd');
    records.closed(connection('last'));
    expect(records.find(heard, 'u')).toBeUndefined();
    expect(records.find(after, 'u')?.outcomes).toEqual([]);
  });

  test('by a number of times of being behind; what was skipped is then unknown, not "sent"', () => {
    const slow = connection('slow');
    records.opened(slow, 'u');
    const missed = handOut();
    records.skipped(slow);
    records.caughtUp(slow);
    for (let left = MAX_GAPS; left > 0; left -= 1) {
      records.skipped(slow);
      records.caughtUp(slow);
    }
    expect(records.find(missed, 'u')).toBeUndefined();
  });
});
