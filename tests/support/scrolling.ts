import type { Page } from 'playwright-core';

/** One turn of the wheel. */
const WHEEL_PX = 300;

/** What {@link watchFrames} has seen. */
export interface Seen {
  /** Movements of visible rows that the wheel did not cause. */
  jumps: string[];
  /** Pages that arrived, and how many of them while the list was at rest. */
  pages: number;
  atRest: number;
}

interface Watched extends Seen {
  /** Turns of the wheel that have arrived. */
  wheels: number;
  /** At rest: by now wheel and movement must agree. */
  settle: () => void;
}

/**
 * Delays each answer with another page, as a slow network does. They come over the WebSocket, each in its own time.
 */
export async function delayPages(page: Page, ms: number): Promise<void> {
  await page.routeWebSocket(/socket\.io/, (ws) => {
    const upstream = ws.connectToServer();
    const late = new Set<string>();
    ws.onMessage((frame) => {
      const call = /^42(\d+)\["message\.list",.*"(?:before|after)":/.exec(String(frame));
      if (call?.[1] !== undefined) late.add(`43${call[1]}[`);
      upstream.send(frame);
    });
    upstream.onMessage((frame) => {
      const start = /^43\d+\[/.exec(String(frame))?.[0] ?? '';
      if (late.delete(start)) setTimeout(() => ws.send(frame), ms);
      else ws.send(frame);
    });
  });
}

/**
 * Watches every frame while the wheel turns up or down: visible rows move by as much as was wheeled, all by the same
 * distance and never the other way, whatever is inserted above or below them. A movement and its wheel event may be a frame
 * apart; `settle` checks that they agree at rest. Where the loaded messages end, a turn of the wheel moves only what is left.
 */
export async function watchFrames(page: Page, direction: 'up' | 'down'): Promise<void> {
  await page.evaluate(
    ({ wheelPx, sign }) => {
      const log = document.querySelector('[role=log]') as HTMLElement;
      const watched: Watched = { jumps: [], pages: 0, atRest: 0, wheels: 0, settle: () => {} };
      Object.assign(globalThis, { watched });
      const tops = () => {
        const box = log.getBoundingClientRect();
        const rows = new Map<string, number>();
        for (const row of log.querySelectorAll<HTMLElement>('article[data-message]')) {
          const { top, bottom } = row.getBoundingClientRect();
          if (bottom > box.top && top < box.bottom) rows.set(row.dataset['message'] as string, top);
        }
        return rows;
      };
      let before = tops();
      let top = log.scrollTop;
      let height = log.scrollHeight;
      let end = height;
      // Rows are measured after the callbacks of a frame, and before it is painted.
      new ResizeObserver(() => (end = log.scrollHeight)).observe(log.firstElementChild as HTMLElement);
      let wheeledAt = 0;
      let owed = 0;
      log.addEventListener(
        'wheel',
        ({ deltaY }) => {
          wheeledAt = performance.now();
          watched.wheels += 1;
          owed -= deltaY * sign;
        },
        { passive: true },
      );
      watched.settle = () => {
        if (Math.abs(owed) > 1) watched.jumps.push(`${-owed} px more than was wheeled`);
        owed = 0;
      };
      // The edge of what was loaded in the frame before: a page may have arrived since the wheel came to it.
      const cameToEdge = (moved: number) => (sign > 0 ? top : end - log.clientHeight - top) - moved <= 1;
      const frame = () => {
        const now = tops();
        let moved = 0;
        const moves = [...now].flatMap(([key, y]) =>
          before.has(key) ? [(y - (before.get(key) as number)) * sign] : [],
        );
        if (moves.length > 0) {
          const least = Math.min(...moves);
          const most = Math.max(...moves);
          moved = most;
          owed -= most;
          if (most - least > 1 || least < -1 || owed < -wheelPx - 1) watched.jumps.push(`${least} to ${most} px`);
        }
        if (cameToEdge(moved)) owed = Math.min(owed, 0);
        if (log.scrollHeight - height > 1000) {
          watched.pages += 1;
          if (performance.now() - wheeledAt > 300) watched.atRest += 1;
        }
        before = now;
        top = log.scrollTop;
        height = log.scrollHeight;
        end = height;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    },
    { wheelPx: WHEEL_PX, sign: direction === 'up' ? 1 : -1 },
  );
}

/** Turns the wheel a few times, rests for longer than a page takes, and repeats that until a message is there. */
export async function wheelUntil(page: Page, direction: 'up' | 'down', text: RegExp): Promise<Seen> {
  await page.getByRole('log').hover();
  for (let turn = 1; turn < 200; turn++) {
    if (await page.getByRole('article').filter({ hasText: text }).count()) {
      return page.evaluate(() => {
        const { settle: _, wheels: __, ...seen } = (globalThis as unknown as { watched: Watched }).watched;
        return seen;
      });
    }
    await page.mouse.wheel(0, direction === 'up' ? -WHEEL_PX : WHEEL_PX);
    const isRest = turn % 5 === 0;
    // Each turn has its own frame: several at once would leave no row visible to compare.
    await page.waitForFunction(
      (count) => (globalThis as unknown as { watched: Watched }).watched.wheels >= count,
      turn,
    );
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    if (isRest) await page.waitForTimeout(900);
    if (isRest) await page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched.settle());
  }
  throw new Error(`${text} was not reached`);
}

/** The first row that is entirely visible, and its position. */
export async function topOfSight(page: Page): Promise<[string, number]> {
  return page.evaluate(() => {
    const log = document.querySelector('[role=log]') as HTMLElement;
    const { top } = log.getBoundingClientRect();
    const row = [...log.querySelectorAll('article')].find((each) => each.getBoundingClientRect().top >= top);
    return [row?.textContent ?? '', Math.round(row?.getBoundingClientRect().top ?? 0)];
  });
}

/** How far the conversation is from its end, in px. */
export async function distanceFromEnd(page: Page): Promise<number> {
  return page.getByRole('log').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
}
