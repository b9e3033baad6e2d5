import type { Fault } from '@madang/verify';
import type { Backing } from '../backing.ts';
import { episode, type Hold } from './episode.ts';

/** The delay of everything to and from a slow Redis, each way, in ms. */
const LATE_MS = 300;

/** Faults of the Redis that all nodes share. */
export function redisFaults({ redis, ways }: Backing, hold: Hold): Fault[] {
  return [
    episode({ kind: 'Redis killed', weight: 2, begin: () => redis.kill(), end: () => redis.start() }, hold),
    episode({ kind: 'Redis frozen', weight: 2, begin: () => redis.freeze(), end: () => redis.thaw() }, hold),
    episode(
      {
        kind: 'Redis full',
        begin: async () => void (await redis.ask('CONFIG SET maxmemory 1')),
        end: async () => void (await redis.ask('CONFIG SET maxmemory 0')),
      },
      hold,
    ),
    episode(
      {
        kind: 'Redis slow',
        begin: () => {
          for (const way of ways) way.redis.slow(LATE_MS);
        },
        end: () => {
          for (const way of ways) way.redis.thaw();
        },
      },
      hold,
    ),
  ];
}
