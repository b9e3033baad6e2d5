import { type Fault, pause, type World } from '@madang/verify';

/** The shortest and longest duration of an episode, in ms. */
export type Hold = readonly [least: number, most: number];

/** A fault that begins, lasts, and is undone. */
export interface Episode {
  kind: string;
  /** How often it is picked relative to the others; 1 if absent. */
  weight?: number;
  begin: (world: World) => Promise<void> | void;
  end: (world: World) => Promise<void> | void;
}

/** Makes a fault from an episode. It is undone even if its beginning fails. */
export function episode({ kind, weight = 1, begin, end }: Episode, [least, most]: Hold): Fault {
  return {
    kind,
    weight,
    run: async (world) => {
      world.history.add({ type: 'fault', kind });
      try {
        await begin(world);
        await pause(world.random.between(least, most));
      } finally {
        await end(world);
      }
      world.history.add({ type: 'fault', kind, detail: 'over' });
    },
  };
}
