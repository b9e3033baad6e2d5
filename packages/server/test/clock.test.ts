import { describe, expect, test } from 'vitest';
import { PatientClock } from '../dist/clock.js';

const HOUR = 3600_000;

/** A clock, and the time that no change of it moves. */
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
  test('goes with the machine’s clock, also where that is put right by a moment, or back', () => {
    const { time, patient, pass } = stage();
    for (const step of [0, 30_000, -30_000, -9 * HOUR, -3650 * 24 * HOUR]) {
      pass(1000);
      time.clock += step;
      expect(patient.now()).toBe(time.clock);
    }
  });

  test('begins at the last time that is known', () => {
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

  test('does not jump ahead with it for an hour', () => {
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
