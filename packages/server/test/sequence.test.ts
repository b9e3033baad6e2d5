import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Sequence } from '../dist/cluster/sequence.js';
import { CommittedEvent } from '../dist/log/committed.js';

const ROOM = 'r';

function event(seq: number, room = ROOM): CommittedEvent {
  return new CommittedEvent('message.created', { room, seq, at: seq, actor: { id: 'ann', name: 'Ann' } });
}

/** A room's log, a sequence that follows it, and what the sequence delivered. */
class World {
  head = 0;
  /** How many of the next reads fail. */
  failures = 0;
  readonly delivered: number[] = [];
  readonly broken: number[] = [];
  reads = 0;
  errors = 0;
  /** Last seq removed from the log because of its age. */
  logStart = 0;
  readonly sequence = new Sequence({
    read: async (_room, after, limit) => {
      this.reads += 1;
      const { head } = this;
      await new Promise((resolve) => setTimeout(resolve, 3));
      if (this.failures > 0) {
        this.failures -= 1;
        throw new Error('the store is gone');
      }
      const from = Math.max(after, this.logStart);
      const count = Math.max(0, Math.min(limit, head - from));
      return Array.from({ length: count }, (_, index) => event(from + 1 + index));
    },
    logStart: () => Promise.resolve(this.logStart),
    deliver: (batch) => this.delivered.push(...batch.map(({ seq }) => seq)),
    onBroken: (_room, head) => this.broken.push(head),
    onError: () => (this.errors += 1),
  });

  constructor(start = 0) {
    this.head = start;
    this.sequence.start(ROOM, start);
  }

  commit(count: number): CommittedEvent[] {
    return Array.from({ length: count }, () => event(++this.head));
  }
}

function upTo(from: number, head: number): number[] {
  return Array.from({ length: head - from }, (_, index) => from + 1 + index);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('D7 events in order are delivered at once, without reading the log', () => {
  const world = new World(7);
  world.sequence.offer(ROOM, world.commit(3));
  world.sequence.offer(ROOM, world.commit(1));
  expect(world.delivered).toEqual([8, 9, 10, 11]);
  vi.runAllTimers();
  expect(world.reads).toBe(0);
});

test('D7 an event that arrives early waits for those before it, and is dropped if it arrives again', async () => {
  const world = new World();
  const [first, second, third] = world.commit(3) as [CommittedEvent, CommittedEvent, CommittedEvent];
  world.sequence.offer(ROOM, [third]);
  world.sequence.offer(ROOM, [second]);
  expect(world.delivered).toEqual([]);
  world.sequence.offer(ROOM, [first, second]);
  expect(world.delivered).toEqual([1, 2, 3]);
  world.sequence.offer(ROOM, [first, third]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(world.delivered).toEqual([1, 2, 3]);
  expect(world.reads).toBe(0);
});

test('D7 a gap is filled from the log after 50 ms', async () => {
  const world = new World();
  const events = world.commit(3);
  world.sequence.offer(ROOM, events.slice(2));
  await vi.advanceTimersByTimeAsync(49);
  expect(world.reads).toBe(0);
  await vi.advanceTimersByTimeAsync(5);
  expect(world.delivered).toEqual([1, 2, 3]);
});

test('D7 a gap of any size is filled, though only a few events are held', async () => {
  const world = new World();
  const events = world.commit(1500);
  world.sequence.offer(ROOM, events.slice(700));
  await vi.advanceTimersByTimeAsync(1000);
  expect(world.delivered).toEqual(upTo(0, 1500));
});

test('D7 a failing store is asked again until it answers', async () => {
  const world = new World();
  world.failures = 5;
  world.sequence.reaches(ROOM, world.commit(2).length, 'now');
  await vi.advanceTimersByTimeAsync(400);
  expect(world.delivered).toEqual([]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(world.errors).toBe(5);
  expect(world.delivered).toEqual([1, 2]);
});

test('D7 a log whose start was raised is continued at its new start, and its readers are told', async () => {
  const world = new World(10);
  world.head = 6;
  world.sequence.cutTo(ROOM, 6);
  expect(world.broken).toEqual([6]);
  world.sequence.offer(ROOM, world.commit(2));
  expect(world.delivered).toEqual([7, 8]);
});

test('D7 an event that no log contains is given up after some reads, and the next ones follow', async () => {
  const world = new World(3);
  world.sequence.offer(ROOM, [event(9)]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(world.broken).toEqual([3]);
  expect(world.reads).toBeLessThan(10);
  world.sequence.offer(ROOM, world.commit(1));
  expect(world.delivered).toEqual([4]);
});

test('a room that was stopped, or never started, costs nothing', async () => {
  const world = new World();
  world.sequence.offer('other', [event(5, 'other')]);
  world.sequence.offer(ROOM, [event(4)]);
  world.sequence.stop(ROOM);
  world.sequence.offer(ROOM, [event(5)]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(world.delivered).toEqual([]);
  expect(world.reads).toBe(0);
  expect([...world.sequence.rooms]).toEqual([]);
});

/** What can happen to a message on its way, and to everything else in the meantime. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('commit' as const), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('arrive' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('repeat' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('lose' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 120 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reconcile' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('big' as const), count: fc.integer({ min: 200, max: 600 }) }) },
);

test('D7 however messages are lost, repeated and reordered: each event once, in order, and all of them in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const world = new World();
      const onTheWay: CommittedEvent[][] = [];
      for (const each of steps) {
        if (each.kind === 'commit' || each.kind === 'big') onTheWay.push(world.commit(each.count));
        else if (each.kind === 'wait') await vi.advanceTimersByTimeAsync(each.ms);
        else if (each.kind === 'reconcile') world.sequence.reaches(ROOM, world.head, 'soon');
        else if (each.kind === 'fail') world.failures = each.count;
        else if (onTheWay.length > 0) {
          const index = each.which % onTheWay.length;
          if (each.kind !== 'lose') world.sequence.offer(ROOM, onTheWay[index] ?? []);
          if (each.kind !== 'repeat') onTheWay.splice(index, 1);
        }
        expect(world.delivered).toEqual(upTo(0, world.delivered.length));
      }
      world.sequence.reaches(ROOM, world.head, 'now');
      await vi.advanceTimersByTimeAsync(10_000);
      expect(world.delivered).toEqual(upTo(0, world.head));
      expect(world.broken).toEqual([]);
      world.sequence.clear();
    }),
    { numRuns: 500 },
  );
});

test('D7 a gap that retention removed is skipped once, reported, and not read again', async () => {
  const world = new World(3);
  world.head = 10;
  world.logStart = 8;
  world.sequence.reaches(ROOM, 10, 'now');
  await vi.runAllTimersAsync();
  expect([world.broken, world.delivered]).toEqual([[8], [9, 10]]);

  world.head = 20;
  world.logStart = 20;
  world.sequence.reaches(ROOM, 20, 'soon');
  await vi.runAllTimersAsync();
  const { reads } = world;
  expect([world.broken, world.delivered]).toEqual([
    [8, 20],
    [9, 10],
  ]);
  world.sequence.reaches(ROOM, 20, 'now');
  world.sequence.offer(ROOM, world.commit(2));
  await vi.runAllTimersAsync();
  expect(world.delivered).toEqual([9, 10, 21, 22]);
  expect(world.reads).toBe(reads);
});
