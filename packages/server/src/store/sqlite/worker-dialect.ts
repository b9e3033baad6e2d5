import {
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { SqlValue } from '../changes.js';

/** Runs one statement on the write side. */
export type RunStatement = (sql: string, values: SqlValue[]) => Promise<{ rows: unknown[]; changes: number }>;

function noTransactions(): Promise<never> {
  return Promise.reject(new Error('The write side commits each statement by itself'));
}

/** A Kysely dialect whose statements run in the write worker, so that no `fsync` blocks the event loop. */
export function workerDialect(run: RunStatement): Dialect {
  const connection: DatabaseConnection = {
    async executeQuery<Row>(query: { sql: string; parameters: readonly unknown[] }): Promise<QueryResult<Row>> {
      const { rows, changes } = await run(query.sql, [...query.parameters] as SqlValue[]);
      return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
    },
    streamQuery() {
      throw new Error('The write side does not stream');
    },
  };
  const driver: Driver = {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: noTransactions,
    commitTransaction: noTransactions,
    rollbackTransaction: noTransactions,
    releaseConnection: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}
