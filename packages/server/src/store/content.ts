import { type EditedContent, type MessageContent, noContent } from '@madang/protocol/data';
import type { SqlValue } from './changes.js';
import type { Dialect } from './dialect.js';

/** How `messages` stores a field of a message's content. */
interface ContentField<Value> {
  column: keyof ContentColumns;
  /** Its type in a statement that takes many messages as rows of JSON. */
  type: 'text' | 'bigint';
  toColumn: (value: Value) => SqlValue;
  fromColumn: (value: SqlValue) => Value;
}

/** The columns of `messages` that hold a message's content. */
export interface ContentColumns {
  text: string;
  /** The ids of the mentioned users, separated by spaces; null if there are none, or the message is deleted. */
  mentions: string | null;
}

/** Every field of the content: the only place in the store that names them. */
const fields: { [Field in keyof Required<MessageContent>]: ContentField<MessageContent[Field]> } = {
  text: { column: 'text', type: 'text', toColumn: (text) => text, fromColumn: (text) => text as string },
  mentions: {
    column: 'mentions',
    type: 'text',
    toColumn: mentionsColumn,
    fromColumn: (column) => mentionsOf(column as string | null),
  },
};

/** The fields that an edit changes. */
const editedFields: readonly (keyof EditedContent)[] = ['text'];

type Entry = [keyof MessageContent, ContentField<unknown>];

const entries = Object.entries(fields) as unknown as Entry[];

/** The content's columns, in the order of {@link contentValues}. */
export const contentColumns = entries.map(([, { column }]) => column);

/** The same with their types, for a statement that takes messages as rows of JSON. */
export const typedContentColumns = entries.map(([, { column, type }]) => `"${column}" ${type}`).join(', ');

/** The values of the content's columns. */
export function contentValues(content: MessageContent): SqlValue[] {
  const values: SqlValue[] = [];
  for (const [field, { toColumn }] of entries) values.push(toColumn(content[field]));
  return values;
}

/** The content from values in the order of {@link contentColumns}. */
export function contentFrom(values: readonly SqlValue[]): MessageContent {
  const content: Record<string, unknown> = { ...noContent };
  for (const [index, [field, { fromColumn }]] of entries.entries()) {
    const value = fromColumn(values[index] ?? null);
    if (value !== undefined) content[field] = value;
  }
  return content as unknown as MessageContent;
}

/** The columns that an edit changes, in the order of {@link editedValues}. */
export const editedColumns = editedFields.map((field) => fields[field].column);

/** The values of the columns that an edit changes. */
export function editedValues(content: EditedContent): SqlValue[] {
  return editedFields.map((field) => fields[field].toColumn(content[field]));
}

/** The content from a row of `messages`. */
export function contentOf(row: ContentColumns): MessageContent {
  return contentFrom(contentColumns.map((column) => row[column]));
}

/** True if two contents are equal in every column. */
export function isSameContent(one: MessageContent, other: MessageContent): boolean {
  const values = contentValues(other);
  return contentValues(one).every((value, index) => value === values[index]);
}

/** SQL for the fields of a row of `messages` that an edit changes, as JSON. */
export function editedAsJson(dialect: Dialect): string {
  return dialect.jsonObject(editedFields.map((field) => [field, `messages.${fields[field].column}`]));
}

/** Users' ids as a message's row keeps them. Ids are printable ASCII without a space. */
function mentionsColumn(users: readonly string[] | undefined): string | null {
  return users && users.length > 0 ? users.join(' ') : null;
}

/** Users' ids from a message's row. */
function mentionsOf(column: string | null): string[] | undefined {
  return column === null ? undefined : column.split(' ');
}
