import type { NotificationLevel, Section } from '@madang/protocol';
import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';
import type { Store } from '../store.js';
import { type Parameter, prepared } from '../prepared.js';

/** Whose membership of which room. */
interface Place {
  room: string;
  user: string;
}

/** A member's own order of a room. */
export interface Membership {
  favorite: boolean;
  section: string | null;
  level: NotificationLevel;
}

/** Changes a membership. Returns it as it is afterwards; undefined if there is none any more. */
export async function updateMembership(
  write: Kysely<Schema>,
  { room, user }: Place,
  change: Partial<Membership>,
): Promise<Membership | undefined> {
  const row = await write
    .updateTable('members')
    .set({
      ...(change.favorite !== undefined && { favorite: change.favorite ? 1 : 0 }),
      ...(change.section !== undefined && { section: change.section }),
      ...(change.level !== undefined && { level: change.level === 'all' ? null : change.level }),
    })
    .where('room_id', '=', room)
    .where('user_id', '=', user)
    .returning(['favorite', 'section', 'level'])
    .executeTakeFirst();
  return row && asMembership(row);
}

/** Finds a membership. */
export async function findMembership(read: Kysely<Schema>, { room, user }: Place): Promise<Membership | undefined> {
  const row = await read
    .selectFrom('members')
    .select(['favorite', 'section', 'level'])
    .where('room_id', '=', room)
    .where('user_id', '=', user)
    .executeTakeFirst();
  return row && asMembership(row);
}

function asMembership(row: Pick<Schema['members'], 'favorite' | 'section' | 'level'>): Membership {
  return { favorite: row.favorite === 1, section: row.section, level: row.level ?? 'all' };
}

const sectionsOf = prepared((read, parameter: Parameter<{ user: string }>) =>
  read.selectFrom('users').select('sections').where('id', '=', parameter('user')),
);

/** The sections of a user's list of rooms, in their order. */
export async function findSections(read: Kysely<Schema>, user: string): Promise<Section[]> {
  const [row] = await sectionsOf(read, { user });
  return JSON.parse(row?.sections ?? '[]') as Section[];
}

/**
 * Replaces a user's sections, and takes rooms out of those that are no longer there; all of it, or nothing. With `was`, only if
 * those are the sections so far: false otherwise.
 */
export async function saveSections(
  store: Pick<Store, 'write' | 'transact'>,
  user: string,
  sections: readonly Section[],
  was: readonly Section[] | undefined,
): Promise<boolean> {
  let save = store.write
    .updateTable('users')
    .set({ sections: asStored(sections) })
    .where('id', '=', user);
  if (was) {
    const before = asStored(was);
    save = before === null ? save.where('sections', 'is', null) : save.where('sections', '=', before);
  }
  const ids = sections.map(({ id }) => id);
  let empty = store.write.updateTable('members').set({ section: null }).where('user_id', '=', user);
  empty = empty.where('section', 'is not', null);
  if (ids.length > 0) empty = empty.where('section', 'not in', ids);
  return store.transact({ guards: [save.compile()], work: [empty.compile()] });
}

function asStored(sections: readonly Section[]): string | null {
  return sections.length === 0 ? null : JSON.stringify(sections.map(({ id, name }) => ({ id, name })));
}
