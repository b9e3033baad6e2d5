import type { Compilable, CompiledQuery, Kysely } from 'kysely';
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

/** Runs a compiled query at once. */
type RunNow = (sql: string, parameters: readonly unknown[]) => unknown[];

const runsNow = new WeakMap<Kysely<Schema>, RunNow>();

/**
 * Lets a database's prepared queries run without the query builder's layers, which cost as much as finding a few rows.
 */
export function runNow(read: Kysely<Schema>, run: RunNow): void {
  runsNow.set(read, run);
}

/**
 * A frequent query, such as those for each new connection: built and compiled once per database, since that costs
 * several times what finding a few rows does. `build` writes the query with `parameter(name)` for its values.
 */
export function prepared<Arguments extends object, Row>(
  build: (read: Kysely<Schema>, parameter: Parameter<Arguments>) => Compilable<Row>,
): (read: Kysely<Schema>, values: Arguments) => Promise<Row[]> {
  const compiled = new WeakMap<Kysely<Schema>, CompiledQuery<Row>>();
  return async (read, values) => {
    let query = compiled.get(read);
    if (!query) {
      query = build(read, (name) => new Argument(name) as never).compile();
      compiled.set(read, query);
    }
    const parameters = query.parameters.map((each) =>
      each instanceof Argument ? (values as Record<string, unknown>)[each.name] : each,
    );
    const run = runsNow.get(read);
    if (run) return run(query.sql, parameters) as Row[];
    const { rows } = await read.executeQuery<Row>({ ...query, parameters });
    return rows;
  };
}
