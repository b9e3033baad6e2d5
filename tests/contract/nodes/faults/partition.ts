import type { Fault } from '@madang/verify';
import type { TestNetwork } from '../../../support/network.ts';
import type { Backing, NodeWays } from '../backing.ts';
import { episode, type Hold } from './episode.ts';

/** How a path can break: at once and known to both ends; silently; silently in one direction. */
const breaks: Record<string, (way: TestNetwork) => void> = {
  cut: (way) => way.cut(),
  silent: (way) => way.freeze(),
  'requests lost': (way) => way.freeze('requests'),
  'answers lost': (way) => way.freeze('answers'),
};

/** Breaks the networks between one node and what all share: each path, and both. */
export function partitions({ ways }: Backing, hold: Hold): Fault[] {
  const targets: Record<string, (own: NodeWays) => TestNetwork[]> = {
    Redis: ({ redis }) => [redis],
    PostgreSQL: ({ postgres }) => [postgres],
    both: ({ redis, postgres }) => [redis, postgres],
  };
  return Object.entries(targets).flatMap(([target, among]) =>
    Object.entries(breaks).map(([how, breakWay]) =>
      episode(
        {
          kind: `one node from ${target}, ${how}`,
          begin: ({ random }) => {
            for (const way of among(random.pick(ways))) breakWay(way);
          },
          end: () => {
            for (const way of ways.flatMap(among)) way.thaw();
          },
        },
        hold,
      ),
    ),
  );
}
