import type { CompiledQuery, Kysely } from 'kysely';
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

/** A statement of the query builder, or one in SQL. */
interface Statement<Row> {
  compile(db: Kysely<Schema>): CompiledQuery<Row>;
}

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
 * A frequent statement, compiled once per database: building it costs several times what running it does. `build` writes
 * it with `parameter(name)` for its values.
 */
export function compiledOnce<Arguments extends object, Row>(
  build: (db: Kysely<Schema>, parameter: Parameter<Arguments>) => Statement<Row>,
): (db: Kysely<Schema>, values: Arguments) => CompiledQuery<Row> & Named {
  const compiled = new WeakMap<Kysely<Schema>, CompiledQuery<Row> & Named>();
  return (db, values) => {
    let known = compiled.get(db);
    if (!known) {
      const made = build(db, (name) => new Argument(name) as never).compile(db);
      const name = createHash('sha256').update(made.sql).digest('hex').slice(0, 16);
      known = { name, text: made.sql, ...made };
      compiled.set(db, known);
    }
    const { name, text, query, queryId } = known;
    const parameters = known.parameters.map((each) =>
      each instanceof Argument ? (values as Record<string, unknown>)[each.name] : each,
    );
    return { name, text, sql: text, query, queryId, parameters };
  };
}

/** A frequent query, such as those for each new connection, written as for {@link compiledOnce}. */
export function prepared<Arguments extends object, Row>(
  build: (read: Kysely<Schema>, parameter: Parameter<Arguments>) => Statement<Row>,
): (read: Kysely<Schema>, values: Arguments) => Promise<Row[]> {
  const compile = compiledOnce(build);
  return async (read, values) => {
    const query = compile(read, values);
    const run = ownRuns.get(read);
    if (run) return (await run(query, query.parameters as unknown[])) as Row[];
    return (await read.executeQuery<Row>(query)).rows;
  };
}
