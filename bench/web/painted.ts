import type { Page } from 'playwright-core';

/** What was painted in one frame: the list's box, and the rows in it. Positions in px from the top of the window. */
interface Frame {
  top: number;
  bottom: number;
  /** Where the list ends, below its last row. */
  end: number;
  rows: [key: string, top: number, bottom: number][];
}

/** Which rows must not move. */
export type Held =
  /** All that were visible. */
  | 'all'
  /** The first visible one: what is below it may make room for a change. */
  | 'first'
  /** The end of the list, which stays at the end of its box. */
  | 'end';

interface Recorder {
  frames: Frame[];
  stop: () => void;
}

/**
 * Records frames while something happens, until nothing has moved for a while. Resolves to the farthest that what is held
 * was painted from its place, in px.
 */
export async function shiftDuring(page: Page, held: Held, act: () => Promise<unknown>): Promise<number> {
  await start(page);
  await untilStill(page);
  const before = await page.evaluate(() => (globalThis as unknown as { recorder: Recorder }).recorder.frames.length);
  await act();
  await untilStill(page);
  const frames = await page.evaluate(() => {
    const { recorder } = globalThis as unknown as { recorder: Recorder };
    recorder.stop();
    return recorder.frames;
  });
  // Rows are placed at whole px; what is less is not seen.
  return Math.floor(Math.max(0, ...shifts(frames.slice(before - 1), held)));
}

/**
 * Positions are those that the browser computed for intersection observers: after layout and resize observers, right
 * before the frame is painted. An animation frame's callback would also see what is corrected before it shows.
 */
async function start(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const log = document.querySelector('[role=log]') as HTMLElement;
    const frames: Frame[] = [];
    let isStopped = false;
    const look = () => {
      if (isStopped) return;
      const observer = new IntersectionObserver(
        (all) => {
          observer.disconnect();
          // A busy page is told of two frames at once: in the second one, only of what came or went.
          const entries = all.filter(({ time }) => time === all[0]?.time);
          const box = entries[0]?.rootBounds;
          if (!box) return;
          const end = entries.find(({ target }) => target === log.firstElementChild)?.boundingClientRect.bottom ?? 0;
          const rows = entries.flatMap(
            ({ target, isIntersecting, boundingClientRect: { top, bottom } }): Frame['rows'] =>
              target !== log.firstElementChild && isIntersecting && bottom > box.top && top < box.bottom
                ? [[(target as HTMLElement).dataset['message'] ?? '', top, bottom]]
                : [],
          );
          frames.push({ top: box.top, bottom: box.bottom, end, rows });
        },
        { root: log },
      );
      observer.observe(log.firstElementChild as Element);
      for (const row of log.querySelectorAll('article[data-message]')) observer.observe(row);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    Object.assign(globalThis, { recorder: { frames, stop: () => (isStopped = true) } });
    while (frames.length < 2) {
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  });
}

/** Waits for 12 frames, on a slow machine also 200 ms, that were painted alike. */
async function untilStill(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { frames } = (globalThis as unknown as { recorder: Recorder }).recorder;
    let alike = 0;
    let since = performance.now();
    let seen = frames.length;
    for (let turn = 0; turn < 600 && (alike < 12 || performance.now() - since < 200); turn += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await new Promise((resolve) => requestAnimationFrame(resolve));
      for (; seen < frames.length; seen += 1) {
        const isAlike = JSON.stringify(frames[seen]) === JSON.stringify(frames[seen - 1]);
        alike = isAlike ? alike + 1 : 0;
        if (!isAlike) since = performance.now();
      }
    }
  });
}

function shifts([first, ...frames]: Frame[], held: Held): number[] {
  if (!first) throw new Error('Nothing was painted');
  if (held === 'end') return frames.map((frame) => Math.abs(frame.bottom - frame.end - first.bottom + first.end));
  const rows = first.rows.filter(([, top]) => top >= first.top);
  const keys = new Map(rows.slice(0, held === 'first' ? 1 : undefined).map(([key, top]) => [key, top]));
  return frames.flatMap((frame) =>
    frame.rows.flatMap(([key, top]) => {
      const place = keys.get(key);
      return place === undefined ? [] : [Math.abs(top - place)];
    }),
  );
}
