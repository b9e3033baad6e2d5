import type { UserRef } from '@madang/protocol';

/** The room in which a change happens, and its author. */
export interface ChangePlace {
  room: string;
  seq: number;
  at: number;
  actor: UserRef;
}

/** A value that every engine can bind. */
export type SqlValue = string | number | null;

/** A change's SQL, the same for all engines with `?` as placeholder, and its values. */
export interface ChangeStatement<Fields> {
  sql: string;
  values: (change: Fields, place: ChangePlace) => SqlValue[];
}

/** Defines a kind of change: `Fields` are its parameters besides its place. */
export function change<Fields extends object>(
  sql: string,
  values: ChangeStatement<Fields>['values'],
): ChangeStatement<Fields> {
  return { sql, values };
}

/** The changes of some kinds. */
export type ChangeOf<Statements> = {
  [Kind in keyof Statements]: Statements[Kind] extends ChangeStatement<infer Fields> ? { kind: Kind } & Fields : never;
}[keyof Statements];
