import { beforeOf, type Contender } from './contender.ts';
import type { Bench } from './result.ts';

/** A contender's figures, round by round, and the failed rounds. */
export interface Measured<Figure> {
  name: string;
  rounds: Figure[];
  failures: string[];
}

/**
 * Runs the contenders in turn, for as many rounds as the bench has, each Madang next to its earlier build if the bench
 * has one. A void round is kept as a failure.
 */
export async function takeTurns<Key extends string, Figure>(
  bench: Bench,
  contenders: Partial<Record<Key, Contender>>,
  measure: (contender: Contender) => Promise<Figure>,
  words: (figure: Figure) => string,
): Promise<Partial<Record<Key, Measured<Figure>>>> {
  const found: Partial<Record<Key, Measured<Figure>>> = {};
  const entries = (Object.entries(contenders) as [Key, Contender][]).filter(
    ([key]) => bench.only?.includes(key) ?? true,
  );
  const turns: { contender: Contender; measured: Measured<Figure> }[] = [];
  const add = (contender: Contender): Measured<Figure> => {
    const measured: Measured<Figure> = { name: contender.name, rounds: [], failures: [] };
    turns.push({ contender, measured });
    return measured;
  };
  for (const [key, contender] of entries) {
    const now = (found[key] = add(contender));
    const twin = bench.before && beforeOf(contender, bench.before.program);
    if (twin) bench.before?.pairs.push({ now, before: add(twin) });
  }
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const { contender, measured } of turns) {
      try {
        const figure = await measure(contender);
        measured.rounds.push(figure);
        bench.say(`  ${round}/${bench.rounds} ${contender.name}: ${words(figure)}`);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        // The table's note; the whole of it is printed.
        measured.failures.push((why.split('\n')[0] ?? '').slice(0, 200));
        bench.say(`  ${round}/${bench.rounds} ${contender.name}: no figure: ${why}`);
      }
    }
  }
  return found;
}
