import type { Observable } from '@madang/client';
import { afterEach, expect, test, vi } from 'vitest';
import { onceAFrame } from '../src/state/once-a-frame.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function set() {
  vi.useFakeTimers();
  const frames = new Map<number, () => void>();
  let last = 0;
  vi.stubGlobal('requestAnimationFrame', (frame: () => void) => {
    frames.set((last += 1), frame);
    return last;
  });
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => frames.delete(frame));
  const listeners = new Set<() => void>();
  const observable: Observable<number> = {
    get: () => 0,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return {
    observable,
    change: () => {
      for (const listener of listeners) listener();
    },
    paint: () => {
      for (const [id, frame] of Array.from(frames)) {
        frames.delete(id);
        frame();
      }
    },
  };
}

test('a listener is called at once, and once more in a frame for all that follows, until nothing does', () => {
  const { observable, change, paint } = set();
  const listener = vi.fn();
  expect(onceAFrame(observable)).toBe(onceAFrame(observable));
  const stop = onceAFrame(observable)(listener);
  const called = () => {
    const times = listener.mock.calls.length;
    listener.mockClear();
    return times;
  };
  change();
  expect(called()).toBe(1);
  for (let index = 0; index < 100; index += 1) change();
  expect(called()).toBe(0);
  paint();
  expect(called()).toBe(1);
  change();
  expect(called()).toBe(0);
  paint();
  expect(called()).toBe(1);
  paint();
  expect(called()).toBe(0);
  change();
  expect(called()).toBe(1);
  change();
  stop();
  paint();
  paint();
  expect(called()).toBe(0);
});

test('a page without frames hears of changes all the same', () => {
  const { observable, change } = set();
  const listener = vi.fn();
  const stop = onceAFrame(observable)(listener);
  change();
  change();
  vi.advanceTimersByTime(100);
  expect(listener).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(1000);
  change();
  expect(listener).toHaveBeenCalledTimes(3);
  vi.advanceTimersByTime(1000);
  stop();
});
