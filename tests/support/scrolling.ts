import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { CanEvaluate } from './engines/engine.ts';

/** One turn of the wheel. */
export const WHEEL_PX = 300;

/** What {@link watchFrames} has seen. */
export interface Seen {
  /** Movements of visible rows that the wheel did not cause. */
  jumps: string[];
  /** How far the list should have moved by the wheel, and did not, in px. */
  lost: number;
  /** Pages that arrived, and how many of them while the list was at rest. */
  pages: number;
  atRest: number;
}

/** A painted frame: the tops of visible rows, what there is above and below, and how high all of it is, in px. */
interface Painted {
  /** When, in ms since the page was opened. */
  time: number;
  rows: ReadonlyMap<string, number>;
  above: number;
  below: number;
  height: number;
}

interface Watched extends Seen {
  /** Turns of the wheel that have arrived. */
  wheels: number;
  /** How far the list has yet to move for them, in px. */
  owed: () => number;
  /** At rest: by now wheel and movement must agree. */
  settle: () => void;
}

/**
 * Delays each answer with another page, as a slow network does. They come over the WebSocket, each in its own time.
 */
export async function delayPages(page: Page, ms: number): Promise<void> {
  await page.routeWebSocket(/\/ws$/, (ws) => {
    const upstream = ws.connectToServer();
    const late = new Set<number>();
    ws.onMessage((frame) => {
      const { id, method, params } = JSON.parse(String(frame));
      if (method === 'message.list' && (params.before ?? params.after) !== undefined) late.add(id);
      upstream.send(frame);
    });
    upstream.onMessage((frame) => {
      const { id } = JSON.parse(String(frame));
      if (late.delete(id)) setTimeout(() => ws.send(frame), ms);
      else ws.send(frame);
    });
  });
}

/**
 * Watches every frame while the wheel turns up or down: visible rows move by as much as was wheeled, all by the same
 * distance and never the other way, whatever is inserted above or below them. A movement and its wheel event may be a frame
 * apart; `settle` checks that they agree at rest. Where the loaded messages end, a turn of the wheel moves only what is left.
 */
export async function watchFrames(page: CanEvaluate, direction: 'up' | 'down'): Promise<void> {
  await page.evaluate(
    ({ wheelPx, sign }) => {
      const log = document.querySelector('[role=log]') as HTMLElement;
      let owed = 0;
      const watched: Watched = {
        jumps: [],
        lost: 0,
        pages: 0,
        atRest: 0,
        wheels: 0,
        owed: () => owed,
        settle: () => {},
      };
      Object.assign(globalThis, { watched });
      const sizer = log.firstElementChild as HTMLElement;
      let before: Painted | undefined;
      let wheeledAt = 0;
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
        if (owed < -1) watched.jumps.push(`${-owed} px more than was wheeled`);
        if (owed > 1) watched.lost += owed;
        owed = 0;
      };
      const compare = (now: Painted) => {
        const moves = [...now.rows].flatMap(([key, y]) => {
          const y0 = before?.rows.get(key);
          return y0 === undefined ? [] : [(y - y0) * sign];
        });
        const least = Math.min(...moves);
        const most = Math.max(...moves);
        const moved = moves.length > 0 ? most : 0;
        owed -= moved;
        if (moves.length > 0 && (most - least > 1 || least < -1 || owed < -wheelPx - 1)) {
          watched.jumps.push(`${least} to ${most} px`);
        }
        // The edge of what was loaded in the frame before: a page may have arrived since the wheel came to it.
        if (before && (sign > 0 ? before.above : before.below) - moved <= 1) owed = Math.min(owed, 0);
        if (before && now.height - before.height > 1000) {
          watched.pages += 1;
          if (owed <= 1 && now.time - wheeledAt > 100) watched.atRest += 1;
        }
        before = now;
      };
      // What the browser has computed for observers is what it paints: rows are measured after the callbacks of a frame.
      // A busy Chromium tells of several frames at once, in any order.
      const frames: Painted[] = [];
      const frame = () => {
        for (const each of frames.splice(0).sort((a, b) => a.time - b.time)) compare(each);
        const observer = new IntersectionObserver(
          (all) => {
            observer.disconnect();
            // Of a second frame it would tell only what came or went.
            const entries = all.filter(({ time }) => time === all[0]?.time);
            const whole = entries.find(({ target }) => target === sizer);
            const box = whole?.rootBounds;
            if (!whole || !box) return;
            const { top, bottom, height } = whole.boundingClientRect;
            const visible = entries.filter(({ target, isIntersecting }) => isIntersecting && target !== sizer);
            const rows = new Map(
              visible.map((each) => [
                (each.target as HTMLElement).dataset['message'] ?? '',
                each.boundingClientRect.top,
              ]),
            );
            frames.push({ time: whole.time, rows, above: box.top - top, below: bottom - box.bottom, height });
          },
          { root: log },
        );
        observer.observe(sizer);
        for (const row of log.querySelectorAll('article[data-message]')) observer.observe(row);
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
  const deltaY = direction === 'up' ? -WHEEL_PX : WHEEL_PX;
  return turnUntil(page, () => page.mouse.wheel(0, deltaY), { text, restMs: 900 });
}

/** As {@link wheelUntil}, by any driver: `turnOnce` turns the wheel once, over the list. */
export async function turnUntil(
  page: CanEvaluate,
  turnOnce: () => Promise<void>,
  { text, restMs }: { text: RegExp; restMs: number },
): Promise<Seen> {
  for (let turn = 1; turn < 200; turn++) {
    const isThere = await page.evaluate(
      (pattern) => [...document.querySelectorAll('article')].some((row) => new RegExp(pattern).test(row.textContent)),
      text.source,
    );
    if (isThere) {
      return page.evaluate(() => {
        const { settle: _, wheels: __, owed: ___, ...seen } = (globalThis as unknown as { watched: Watched }).watched;
        return seen;
      }, undefined);
    }
    await turnOnce();
    // Each turn has its own frame: several at once would leave no row visible to compare.
    await page.evaluate(async (count) => {
      const { watched } = globalThis as unknown as { watched: Watched };
      const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      while (watched.wheels < count) await nextFrame();
      await nextFrame();
      await nextFrame();
      // Where another process scrolls, as in Firefox, the movement may come later.
      for (let frames = 0; frames < 60 && Math.abs(watched.owed()) > 1; frames += 1) await nextFrame();
    }, turn);
    if (turn % 4 !== 0) continue;
    await wait(restMs);
    await page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched.settle(), undefined);
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
