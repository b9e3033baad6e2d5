import type { Fault } from '@madang/verify';

/** One of some faults, and one of some others, at the same time. */
export function together(kind: string, some: readonly Fault[], others: readonly Fault[]): Fault {
  return {
    kind,
    weight: 3,
    run: async (world) => {
      const both = [world.random.pick(some), world.random.pick(others)];
      // Both are undone before a failure of either ends the run.
      const ends = await Promise.allSettled(both.map((fault) => fault.run(world)));
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    },
  };
}
