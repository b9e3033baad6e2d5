import { expect } from 'vitest';
import type { CanEvaluate } from './engines/engine.ts';

/** Waits until the browser has kept the web client, and gives it the page. */
export async function kept(page: CanEvaluate): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, 20));
  }, undefined);
}

/** Waits until a text is in what the browser keeps. */
export async function stored(page: CanEvaluate, text: string): Promise<void> {
  await expect.poll(() => databases(page), { timeout: 10_000 }).toContain(text);
}

/** Everything in the browser's databases. */
export function databases(page: CanEvaluate): Promise<string> {
  return page.evaluate(async () => {
    const asked = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.addEventListener('success', () => resolve(request.result));
        request.addEventListener('error', () => reject(request.error ?? new Error('failed')));
      });
    const found: unknown[] = [];
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await asked(indexedDB.open(name));
      for (const store of database.objectStoreNames)
        found.push(await asked(database.transaction(store).objectStore(store).getAll()));
      database.close();
    }
    return JSON.stringify(found);
  }, undefined);
}
