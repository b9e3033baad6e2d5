import type { Activity, ViewMessage } from '@madang/client';
import { describe, expect, test } from 'vitest';
import { buildRows, type Row, type RowsInput } from '../src/features/message/rows.js';

const noon = new Date(2026, 2, 1, 12).getTime();
const minute = 60_000;
const me = 'u1';

function message(seq: number, author: string, at = noon + seq * 1000, rest: Partial<ViewMessage> = {}): ViewMessage {
  const id = `lobby.${seq}`;
  return {
    id,
    key: id,
    room: 'lobby',
    seq,
    author: { id: author, name: author },
    text: `text ${seq}`,
    at,
    delivery: 'sent',
    ...rest,
  };
}

function joined(seq: number, name: string): Activity {
  const user = { id: name, name };
  return { type: 'member.joined', room: 'lobby', seq, at: noon + seq * 1000, actor: user, user, role: 'member' };
}

function rowsOf(input: Partial<RowsInput>): Row[] {
  return buildRows({
    messages: [],
    activity: [],
    hasOlder: false,
    hasNewer: false,
    readUpTo: undefined,
    userId: me,
    pageStarts: new Set(),
    ...input,
  });
}

const kinds = (rows: Row[]) => rows.map((row) => row.kind);
const firsts = (rows: Row[]) => rows.flatMap((row) => (row.kind === 'message' ? [row.isFirst] : []));

describe('rows of the conversation', () => {
  test('an empty room has only its beginning', () => {
    expect(kinds(rowsOf({}))).toEqual(['beginning']);
  });

  test('one author in a row is one group; another author, a pause of five minutes or a new name begins the next', () => {
    const rows = rowsOf({
      messages: [
        message(1, 'a'),
        message(2, 'a'),
        message(3, 'b'),
        message(4, 'a'),
        message(5, 'a', noon + 5 * minute + 4000),
        message(6, 'a', noon + 5 * minute + 5000, { author: { id: 'a', name: 'new' } }),
      ],
    });
    expect(firsts(rows)).toEqual([true, false, true, true, true, true]);
  });

  test('just under five minutes still belongs to the group', () => {
    const rows = rowsOf({ messages: [message(1, 'a', noon), message(2, 'a', noon + 5 * minute - 1)] });
    expect(firsts(rows)).toEqual([true, false]);
  });

  test('each day has its line, and begins a new group', () => {
    const rows = rowsOf({ messages: [message(1, 'a', noon - 86_400_000), message(2, 'a', noon), message(3, 'a')] });
    expect(kinds(rows)).toEqual(['beginning', 'day', 'message', 'day', 'message', 'message']);
    expect(firsts(rows)).toEqual([true, true, false]);
  });

  test('while there are older messages to load, the first row is a message, because the list is anchored to it', () => {
    const rows = rowsOf({ hasOlder: true, messages: [message(7, 'a')] });
    expect(kinds(rows)).toEqual(['message']);
  });

  test('the former oldest message keeps its author when older ones are loaded above it', () => {
    const messages = [message(1, 'a'), message(2, 'a')];
    expect(firsts(rowsOf({ messages, pageStarts: new Set(['lobby.2']) }))).toEqual([true, true]);
  });

  test('the line of unread messages is above the first one by another user', () => {
    const rows = rowsOf({ readUpTo: 2, messages: [message(2, 'a'), message(3, me), message(4, 'a'), message(5, 'a')] });
    expect(kinds(rows)).toEqual(['beginning', 'day', 'message', 'message', 'unread', 'message', 'message']);
  });

  test('there is no line if everything is read, or only own messages arrived', () => {
    expect(kinds(rowsOf({ readUpTo: 5, messages: [message(5, 'a')] }))).not.toContain('unread');
    expect(kinds(rowsOf({ readUpTo: 4, messages: [message(5, me)] }))).not.toContain('unread');
  });

  test('activity has its place by seq; adjacent activity is one row', () => {
    const rows = rowsOf({ messages: [message(1, 'a'), message(5, 'a')], activity: [joined(2, 'x'), joined(3, 'y')] });
    expect(kinds(rows)).toEqual(['beginning', 'day', 'message', 'activity', 'message']);
    expect(rows[3]).toMatchObject({ key: 'activity 2', items: [{ seq: 2 }, { seq: 3 }] });
  });

  test('activity from before the loaded page is not shown', () => {
    const rows = rowsOf({ hasOlder: true, messages: [message(10, 'a')], activity: [joined(2, 'x'), joined(11, 'y')] });
    expect(kinds(rows)).toEqual(['message', 'activity']);
  });

  test('activity from after the loaded page is not shown while there are newer messages', () => {
    const activity = [joined(11, 'x'), joined(20, 'y')];
    const messages = [message(10, 'a'), message(12, 'a')];
    expect(kinds(rowsOf({ hasOlder: true, hasNewer: true, messages, activity }))).toEqual([
      'message',
      'activity',
      'message',
    ]);
  });

  test('the line of unread messages is not shown where the list begins after the first of them', () => {
    const messages = [message(30, 'a'), message(31, 'a')];
    expect(kinds(rowsOf({ hasOlder: true, readUpTo: 10, messages }))).not.toContain('unread');
    expect(kinds(rowsOf({ hasOlder: true, readUpTo: 30, messages }))).toContain('unread');
  });

  test('pending messages come last, whatever their seq of 0', () => {
    const pending = message(0, me, noon + minute, { id: '', key: 'c1', delivery: 'pending' });
    const rows = rowsOf({ messages: [message(1, 'a'), pending], activity: [joined(2, 'x')] });
    expect(rows.map((row) => row.key)).toEqual(['beginning', `day 2026-3-1`, 'lobby.1', 'activity 2', 'c1']);
  });

  test('a row stays the same object until its message or its place in a group changes', () => {
    const messages = [message(1, 'a'), message(2, 'b'), message(3, 'b'), message(4, 'a')];
    const before = rowsOf({ hasOlder: true, messages });
    const edited = { ...(messages[1] as ViewMessage), text: 'edited' };
    const after = rowsOf({
      hasOlder: true,
      messages: [edited, ...messages.slice(2), message(5, 'a')],
      pageStarts: new Set(['lobby.3']),
    });
    expect(after.map((row) => before.includes(row))).toEqual([false, false, true, false]);
    expect(firsts(after)).toEqual([true, true, true, false]);
  });

  test('days end where the clock is changed, too', () => {
    for (let day = 0; day < 366; day += 1) {
      const first = new Date(2026, 0, 1 + day).getTime();
      const next = new Date(2026, 0, 2 + day).getTime();
      const rows = rowsOf({ messages: [message(1, 'a', first), message(2, 'a', next - 1), message(3, 'a', next)] });
      expect(kinds(rows)).toEqual(['beginning', 'day', 'message', 'message', 'day', 'message']);
    }
  });

  test('keys are unique', () => {
    const messages = Array.from({ length: 50 }, (_, index) =>
      message(index + 1, index % 3 ? 'a' : me, noon + index * 7_000_000),
    );
    const keys = rowsOf({ messages, readUpTo: 20, activity: [] }).map((row) => row.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
