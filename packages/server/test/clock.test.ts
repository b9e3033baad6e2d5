import { describe, expect, test } from 'vitest';
import { JumpWatch, PatientClock } from '../dist/clock.js';
import { DatabaseClock } from '../dist/store/postgres/database-clock.js';

const HOUR = 3600_000;

/** A clock, and a monotonic time that no change of the clock affects. */
function stage(lastKnown?: number) {
  const time = { clock: 1_767_323_045_000, monotonic: 0 };
  const patient = new PatientClock({ now: () => time.clock }, lastKnown, () => time.monotonic);
  const pass = (ms: number) => {
    time.clock += ms;
    time.monotonic += ms;
  };
  return { time, patient, pass };
}

describe('the patient clock', () => {
  test('follows the machine’s clock, even if that is corrected slightly or set back', () => {
    const { time, patient, pass } = stage();
    for (const step of [0, 30_000, -30_000, -9 * HOUR, -3650 * 24 * HOUR]) {
      pass(1000);
      time.clock += step;
      expect(patient.now()).toBe(time.clock);
    }
  });

  test('begins at the last known time', () => {
    const lastKnown = 1_767_323_000_000;
    const { time, patient, pass } = stage(lastKnown);
    expect(patient.now()).toBe(time.clock);
    const late = stage(lastKnown - 9 * HOUR);
    expect(late.patient.now()).toBe(lastKnown - 9 * HOUR);
    late.pass(HOUR);
    expect(late.patient.now()).toBe(late.time.clock);
    pass(1);
    expect(patient.now()).toBe(time.clock);
  });

  test('does not follow a jump ahead for an hour', () => {
    const { time, patient, pass } = stage();
    const start = patient.now();
    time.clock += 9 * HOUR;
    expect(patient.now()).toBe(start);
    pass(HOUR - 1);
    expect(patient.now()).toBe(start + HOUR - 1);
    time.clock -= 9 * HOUR;
    expect(patient.now()).toBe(time.clock);
    time.clock += 9 * HOUR;
    expect(patient.now()).toBe(start + HOUR - 1);
    pass(HOUR);
    expect(patient.now()).toBe(time.clock);
  });
});

describe('the jump watch', () => {
  test.each([9 * HOUR, -9 * HOUR, 61_000, -61_000])('reports a jump of %i ms once', (ms) => {
    const { time, pass } = stage();
    const watch = new JumpWatch({ now: () => time.clock }, () => time.monotonic);
    pass(HOUR);
    expect(watch.hasJumped()).toBe(false);
    time.clock += ms;
    expect(watch.hasJumped()).toBe(true);
    expect(watch.hasJumped()).toBe(false);
  });

  test('ignores small corrections', () => {
    const { time } = stage();
    const watch = new JumpWatch({ now: () => time.clock }, () => time.monotonic);
    time.clock += 30_000;
    expect(watch.hasJumped()).toBe(false);
  });
});

describe('the database’s clock', () => {
  const shown = 1_480_512_178_057;
  /** Sets a reading of a clock that leads `performance.now()` by `lead`, from a query that took `tookMs`. */
  const read = (clock: DatabaseClock, lead: number, tookMs: number, atMs = tookMs / 2) => {
    const askedAt = performance.now() - tookMs;
    clock.set(askedAt + atMs + lead, askedAt);
  };
  const leadOf = (clock: DatabaseClock) => clock.now() - performance.now();

  test('is known more precisely the faster it has answered', () => {
    const clock = new DatabaseClock();
    read(clock, shown, 2000, 1990);
    expect(Math.abs(leadOf(clock) - shown)).toBeLessThan(1000);
    read(clock, shown, 10);
    for (const [tookMs, atMs] of [
      [2000, 0],
      [2000, 1999],
      [60_000, 59_000],
    ] as const) {
      read(clock, shown, tookMs, atMs);
      expect(Math.abs(leadOf(clock) - shown)).toBeLessThan(20);
    }
  });

  test.each([9 * HOUR, -9 * HOUR, 61_000, -5000])('is followed when it jumps by %i ms', (ms) => {
    const clock = new DatabaseClock();
    read(clock, shown, 10);
    read(clock, shown + ms, 1000);
    expect(Math.abs(leadOf(clock) - shown - ms)).toBeLessThan(600);
  });
});
