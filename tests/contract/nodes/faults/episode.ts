import { type Fault, pause, type World } from '@madang/verify';

/** How long an episode holds on, in ms, from and to. */
export type Hold = readonly [least: number, most: number];

/** Something that goes wrong, holds on, and is put in order again. */
export interface Episode {
  kind: string;
  /** How often it is picked, beside the others; 1 if absent. */
  weight?: number;
  begin: (world: World) => Promise<void> | void;
  end: (world: World) => Promise<void> | void;
}

/** Makes a fault of an episode. It is put in order again even if its beginning fails. */
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
