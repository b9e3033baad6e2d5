import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../dist/fanout/connection.js';
import { type DeliveryRecord, DeliveryRecords, type Question } from '../dist/fanout/delivery-records.js';

/** Records of deliveries, with a clock that stands still until it is moved. */

const MINUTE = 60_000;
const MAX_RUNS = 100_000;
const MAX_CLOSED = 50_000;
const MAX_GAPS = 50_000;

let now = 1_000_000;
let records: DeliveryRecords;
let seq = 0;
beforeEach(() => {
  records = new DeliveryRecords({ now: () => now });
});
afterEach(() => records.close());

function connection(id: string, only?: string): Connection {
  return { id, transport: 'test', only } as Connection;
}

/** The place of an event, and the time since which it is known. */
type Event = Omit<Question, 'user'>;

/** Delivers `count` events in one run; returns the first. */
function handOut(room = 'r', count = 1): Event {
  const first = seq + 1;
  seq += count;
  records.handingOut(room, first, seq);
  return { room, seq: first, at: now };
}

function find(event: Event, user: string): DeliveryRecord | undefined {
  return records.find({ ...event, user });
}

describe('deliveries are reported', () => {
  test('exactly, even if everything happens in one millisecond', () => {
    const [a, b] = [connection('a'), connection('b')];
    const before = handOut();
    records.opened(a, 'u');
    const first = handOut('r', 3);
    records.opened(b, 'u');
    const both = handOut();
    records.closed(a);
    const last = handOut();
    const heardBy = (place: Event) => find(place, 'u')?.outcomes.map(({ connection: id, sentAt }) => [id, sentAt]);
    expect(heardBy(before)).toEqual([]);
    expect(heardBy(first)).toEqual([['a', now]]);
    expect(heardBy({ ...first, seq: first.seq + 2 })).toEqual([['a', now]]);
    expect(heardBy(both)).toEqual([
      ['a', now],
      ['b', now],
    ]);
    expect(heardBy(last)).toEqual([['b', now]]);
    expect(find(first, 'another')?.outcomes).toEqual([]);
    expect(find({ ...first, room: 'other' }, 'u')).toBeUndefined();
    expect(find({ ...last, seq: last.seq + 1 }, 'u')).toBeUndefined();
  });

  test('a connection is "behind" from the run it missed to the one after it was told', () => {
    const slow = connection('slow');
    records.opened(slow, 'u');
    const [sent] = [handOut()];
    const [missed, alsoMissed] = [handOut(), (records.skipped(slow), handOut())];
    records.skipped(slow);
    expect(find(alsoMissed, 'u')?.outcomes).toMatchObject([{ skipped: 'behind' }]);
    now += 5;
    records.caughtUp(slow);
    const live = handOut();
    const skippedIn = (place: Event) => find(place, 'u')?.outcomes.map(({ skipped, toldAt }) => [skipped, toldAt]);
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
    expect(find(missed, 'v')?.outcomes).toMatchObject([{ skipped: 'behind' }]);
    expect(find(missed, 'u')?.outcomes).toEqual([]);
  });
});

describe('for events not delivered by this node', () => {
  test('it is known that a user had no connection, but not why a connected one got nothing', () => {
    now += 1;
    const event = { room: 'unheard', seq: 7, at: now };
    expect(find(event, 'u')).toEqual({ outcomes: [] });
    now += 1;
    records.opened(connection('later'), 'u');
    expect(find(event, 'u')).toEqual({ outcomes: [], backAt: now });
    const next = { ...event, seq: 8, at: now };
    expect(find(next, 'u')).toBeUndefined();
    records.closed(connection('later'));
    now += 1;
    expect(find({ ...event, seq: 9, at: now }, 'u')).toEqual({ outcomes: [], lastSeenAt: next.at });
  });

  test('nothing is known about times before the start, or longer ago than records are kept', () => {
    const event = { room: 'unheard', seq: 7, at: now };
    expect(find(event, 'u')).toBeUndefined();
    const later = { ...event, at: now + 1 };
    now += 15 * MINUTE + 1;
    expect(find(later, 'u')).toEqual({ outcomes: [] });
    now += 1;
    expect(find(later, 'u')).toBeUndefined();
  });
});

describe('records are bounded', () => {
  test('by 15 minutes: known to the millisecond until then, unknown afterwards', () => {
    records.opened(connection('a'), 'u');
    const place = handOut();
    now += 15 * MINUTE;
    expect(find(place, 'u')?.outcomes).toHaveLength(1);
    now += 1;
    expect(find(place, 'u')).toBeUndefined();
    expect(find(handOut(), 'u')?.outcomes).toHaveLength(1);
  });

  test('by a number of runs', () => {
    const [first, second] = [handOut(), handOut()];
    for (let left = MAX_RUNS - 2; left > 0; left -= 1) handOut();
    expect(find(first, 'u')).toBeDefined();
    handOut();
    expect(find(first, 'u')).toBeUndefined();
    expect(find(second, 'u')).toBeDefined();
  });

  test('by a number of closed connections; what they received is then unknown, not "offline"', () => {
    const one = connection('one');
    records.opened(one, 'u');
    const heard = handOut();
    records.closed(one);
    const after = handOut();
    for (let left = MAX_CLOSED - 1; left > 0; left -= 1) {
      records.opened(connection(`c${left}`), 'crowd');
      records.closed(connection(`c${left}`));
    }
    expect(find(heard, 'u')?.outcomes).toHaveLength(1);
    records.opened(connection('last'), 'crowd');
    records.closed(connection('last'));
    expect(find(heard, 'u')).toBeUndefined();
    expect(find(after, 'u')?.outcomes).toEqual([]);
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
    expect(find(missed, 'u')).toBeUndefined();
  });
});
