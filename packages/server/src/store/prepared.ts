import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import { createHash } from 'node:crypto';
import type { Schema } from './schema.js';

/** A placeholder in a compiled query for a value that each call supplies. */
class Argument {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Returns the placeholder for a value, to use where it is bound. */
export type Parameter<Arguments> = <Name extends keyof Arguments & string>(name: Name) => Arguments[Name];

/** A query's text, and a name that no other text has. */
interface Named {
  name: string;
  text: string;
}

/** Runs a compiled query in the engine's own way. */
type Run = (query: Named, parameters: unknown[]) => unknown[] | Promise<unknown[]>;

const ownRuns = new WeakMap<Kysely<Schema>, Run>();

/**
 * Lets an engine run a database's prepared queries in its own way: without the query builder's layers, which cost as much
 * as finding a few rows, and without planning them each time.
 */
export function runPrepared(read: Kysely<Schema>, run: Run): void {
  ownRuns.set(read, run);
}

/**
 * A frequent query, such as those for each new connection: built and compiled once per database, since that costs
 * several times what finding a few rows does. `build` writes the query with `parameter(name)` for its values.
 */
export function prepared<Arguments extends object, Row>(
  build: (read: Kysely<Schema>, parameter: Parameter<Arguments>) => Compilable<Row>,
): (read: Kysely<Schema>, values: Arguments) => Promise<Row[]> {
  const compiled = new WeakMap<Kysely<Schema>, CompiledQuery<Row> & Named>();
  return async (read, values) => {
    let query = compiled.get(read);
    if (!query) {
      const made = build(read, (name) => new Argument(name) as never).compile();
      query = { ...made, text: made.sql, name: createHash('sha256').update(made.sql).digest('hex').slice(0, 16) };
      compiled.set(read, query);
    }
    const parameters = query.parameters.map((each) =>
      each instanceof Argument ? (values as Record<string, unknown>)[each.name] : each,
    );
    const run = ownRuns.get(read);
    if (run) return (await run(query, parameters)) as Row[];
    const { rows } = await read.executeQuery<Row>({ ...query, parameters });
    return rows;
  };
}
