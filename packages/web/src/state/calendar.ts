import type { Client, Observable } from '@madang/client';
import { useSyncExternalStore } from 'react';
import { useClient } from './client-provider.js';
import { dayOf, forgetFormats } from './format-time.js';

const MINUTE_MS = 60_000;

/** Today. The same object until it ends, or begins at another moment in another time zone. */
export interface Today {
  /** A moment of it by the server's clock, in ms since 1970. */
  at: number;
  /** The day, with the time zone. */
  day: string;
}

/**
 * What the page has to be rendered again for although nothing in it changes: a minute is over, midnight passes, or the
 * device's time zone or clock is set.
 */
class Calendar {
  readonly #offset: Observable<number>;
  readonly #listeners = new Set<() => void>();
  #zone = '';
  #today: Today = { at: 0, day: '' };
  #minute = 0;
  #stop = () => {};

  constructor(offset: Observable<number>) {
    this.#offset = offset;
    this.#read();
  }

  readonly today = (): Today => this.#today;

  /** The minutes since 1970, by the server's clock. */
  readonly minute = (): number => this.#minute;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  get #now(): number {
    return Date.now() + this.#offset.get();
  }

  #read(): void {
    const at = this.#now;
    const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone !== this.#zone) forgetFormats();
    this.#zone = zone;
    const day = `${dayOf(at)} ${zone}`;
    if (day !== this.#today.day) this.#today = { at, day };
    this.#minute = Math.floor(at / MINUTE_MS);
  }

  #look(): void {
    this.#read();
    for (const listener of this.#listeners) listener();
  }

  #start(): void {
    let timer: ReturnType<typeof setTimeout>;
    const events = new AbortController();
    const look = () => {
      this.#look();
      clearTimeout(timer);
      // At each full minute: midnight is one.
      timer = setTimeout(look, MINUTE_MS - (this.#now % MINUTE_MS));
    };
    // In the background timers are late, and in sleep they stand still.
    document.addEventListener('visibilitychange', look, { signal: events.signal });
    window.addEventListener('focus', look, { signal: events.signal });
    const unsubscribe = this.#offset.subscribe(look);
    this.#stop = () => {
      unsubscribe();
      clearTimeout(timer);
      events.abort();
    };
    look();
  }
}

const calendars = new WeakMap<Client, Calendar>();

function useOwnCalendar(): Calendar {
  const client = useClient();
  let calendar = calendars.get(client);
  if (!calendar) {
    calendar = new Calendar(client.clockOffset);
    calendars.set(client, calendar);
  }
  return calendar;
}

/** Today. Renders the component again when moments are to be shown as another day or time: at midnight, in another time zone. */
export function useToday(): Today {
  const { subscribe, today } = useOwnCalendar();
  return useSyncExternalStore(subscribe, today);
}

/** The server's time to the minute, in ms since 1970. Renders the component again each minute. */
export function useMinute(): number {
  const { subscribe, minute } = useOwnCalendar();
  return useSyncExternalStore(subscribe, minute) * MINUTE_MS;
}
