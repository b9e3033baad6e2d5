import { cut, cutAtBytes, delay, duplicate, type Fault, halfOpen, kill, stop } from '@madang/verify';
import type { Backing } from '../backing.ts';
import type { Hold } from './episode.ts';
import { nodeFaults } from './nodes.ts';
import { partitions } from './partition.ts';
import { postgresFaults } from './postgres.ts';
import { redisFaults } from './redis.ts';
import { restores } from './restore.ts';
import { together } from './together.ts';

/** Everything that can happen to nodes, to what they share, and to the networks between them and their clients. */
export function allNodeFaults(backing: Backing, hold: Hold): readonly Fault[] {
  const [bus, store, between] = [redisFaults(backing, hold), postgresFaults(backing, hold), partitions(backing, hold)];
  return [
    kill,
    stop,
    ...nodeFaults(backing, hold),
    cut,
    cutAtBytes,
    halfOpen,
    delay,
    duplicate,
    ...bus,
    ...store,
    ...between,
    ...restores(backing),
    together('Redis and PostgreSQL at once', bus, store),
    together('PostgreSQL and connections at once', store, [cut, cutAtBytes, delay, duplicate]),
  ];
}
