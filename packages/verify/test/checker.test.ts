import {
  check,
  createRandom,
  type Entry,
  type How,
  type Seen,
  type Violation,
  type ViolationKind,
} from '@madang/verify';
import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

type Line = Entry extends infer E ? (E extends Entry ? Omit<E, 't'> : never) : never;

const room = 'workspace';

/** A message in the log, at a seq. */
function message(seq: number, cid = `c${seq}`, actor = 'ann'): Seen {
  return { name: 'message.created', room, seq, at: seq, actor, cid, message: `${room}.${seq}`, text: cid };
}

function membership(name: 'member.joined' | 'member.left', seq: number, user: string): Seen {
  return { name, room, seq, at: seq, actor: user, user };
}

let nextOp = 1;

/** Attempts at a send, and how each ended. */
function sends(cid: string, ...outcomes: ({ acked: number } | { refused: string } | 'unknown')[]): Line[] {
  return outcomes.flatMap((outcome): Line[] => {
    const op = nextOp++;
    const intent = { command: 'message.send', room, cid, text: cid };
    const invoked: Line = { type: 'invoked', op, client: 'ann-1', user: 'ann', intent };
    if (outcome === 'unknown') return [invoked, { type: 'unknown', op, why: 'cut' }];
    if ('acked' in outcome) return [invoked, { type: 'acked', op, message: `${room}.${outcome.acked}` }];
    return [invoked, { type: 'refused', op, code: outcome.refused }];
  });
}

/** An acknowledged call by a user about their own membership. */
function calls(command: string, user: string): Line[] {
  const op = nextOp++;
  return [
    { type: 'invoked', op, client: `${user}-1`, user, intent: { command, room, user } },
    { type: 'acked', op },
  ];
}

/** An event as a client receives it: the `clientId` goes to its author only. */
function received(user: string, { cid, ...event }: Seen, how: How = 'live', connection = 1): Line {
  const told = { ...event, ...(cid !== undefined && user === event.actor && { cid }) };
  return { type: 'received', client: `${user}-1`, user, connection, how, event: told };
}

function views(user: string, ...seqs: number[]): Line[] {
  const client = `${user}-1`;
  return [
    { type: 'begins', client, user, room, after: 0 },
    ...seqs.map((seq): Line => ({ type: 'applied', client, user, room, seq })),
  ];
}

function log(...events: Seen[]): Line[] {
  return [{ type: 'quiet', clients: ['ann-1', 'bob-1'] }, ...events.map((event): Line => ({ type: 'logged', event }))];
}

/** The kinds of violation that the checker finds in a history. */
function kindsOf(...lines: (Line | Line[])[]): ViolationKind[] {
  return violationsOf(...lines).map(({ kind }) => kind);
}

function violationsOf(...lines: (Line | Line[])[]): Violation[] {
  const entries: Entry[] = lines.flat().map((line, t) => ({ ...line, t }));
  return check(entries).violations;
}

const annIn = membership('member.joined', 1, 'ann');
const bobIn = membership('member.joined', 2, 'bob');
const bothIn = [calls('room.join', 'ann'), calls('room.join', 'bob')].flat();

describe('what was acknowledged', () => {
  test('is in the log', () => {
    expect(kindsOf(bothIn, sends('c3', { acked: 3 }), log(annIn, bobIn, message(3)))).toEqual([]);
    expect(kindsOf(bothIn, sends('c3', { acked: 3 }), log(annIn, bobIn))).toEqual(['lost']);
  });

  test('is there as it was acknowledged', () => {
    expect(kindsOf(bothIn, sends('c3', { acked: 4 }), log(annIn, bobIn, message(3)))).toEqual(['lost']);
  });

  test.each([
    ['message.edit', { message: `${room}.3`, text: 'new' }, { name: 'message.edited', text: 'new' }],
    ['message.delete', { message: `${room}.3` }, { name: 'message.deleted' }],
    ['message.pin', { message: `${room}.3` }, { name: 'message.pinned' }],
    [
      'message.react',
      { message: `${room}.3`, emoji: '👍', action: 'added' },
      { name: 'message.reacted', emoji: '👍', action: 'added' },
    ],
  ])('is there: %s', (command, fields, event) => {
    const op = nextOp++;
    const call: Line[] = [
      { type: 'invoked', op, client: 'ann-1', user: 'ann', intent: { command, room, ...fields } },
      { type: 'acked', op, message: `${room}.3` },
    ];
    const before = [bothIn, sends('c3', { acked: 3 }), call];
    const done: Seen = { room, seq: 4, at: 4, actor: 'ann', message: `${room}.3`, ...event };
    const now = { ...message(3), ...('text' in event && { text: event.text }) };
    expect(kindsOf(...before, log(annIn, bobIn, now, done))).toEqual([]);
    expect(kindsOf(...before, log(annIn, bobIn, message(3)))).toEqual(['lost']);
  });

  test('is there: joins and leaves', () => {
    expect(kindsOf(bothIn, log(annIn))).toEqual(['lost']);
    expect(kindsOf(bothIn, calls('room.leave', 'bob'), log(annIn, bobIn))).toEqual(['lost']);
  });
});

describe('pins', () => {
  const id = `${room}.3`;
  const event = (name: string, seq: number): Seen => ({ name, room, seq, at: seq, actor: 'ann', message: id });
  const [pinned, unpinned, deleted] = ['message.pinned', 'message.unpinned', 'message.deleted'];
  test.each([
    ['pinned', [pinned], [id], 0],
    ['pinned, and told otherwise', [pinned], [], 1],
    ['unpinned, and told otherwise', [pinned, unpinned], [id], 1],
    ['pinned again', [pinned, unpinned, pinned], [id], 0],
    ['pinned twice', [pinned, pinned], [id], 1],
    ['unpinned twice', [pinned, unpinned, unpinned], [], 1],
    ['deleted', [pinned, deleted, unpinned], [], 0],
    ['deleted and still pinned', [pinned, deleted], [], 2],
    ['pinned once deleted', [deleted, pinned, unpinned], [], 1],
  ])('a message that is %s', (_, names, told, count) => {
    const events = names.map((name, at) => event(name, 4 + at));
    const text = names.includes(deleted) ? {} : { text: 'c3' };
    const { text: _text, ...sent } = message(3);
    const found = kindsOf(bothIn, sends('c3', { acked: 3 }), log(annIn, bobIn, { ...sent, ...text }, ...events), [
      { type: 'pinned', room, messages: told },
    ]);
    expect(found).toEqual(Array.from({ length: count }, () => 'log'));
  });
});

describe('what was refused', () => {
  test('is not in the log, unless another attempt did it', () => {
    const refused = { refused: 'unavailable' };
    expect(kindsOf(bothIn, sends('c3', refused), log(annIn, bobIn, message(3)))).toEqual(['refused']);
    expect(kindsOf(bothIn, sends('c3', refused, { acked: 3 }), log(annIn, bobIn, message(3)))).toEqual([]);
    expect(kindsOf(bothIn, sends('c3', 'unknown', refused), log(annIn, bobIn, message(3)))).toEqual([]);
    expect(kindsOf(bothIn, sends('c3', refused), log(annIn, bobIn))).toEqual([]);
  });

  test('was not shown before it was tried again', () => {
    const first = sends('c3', { refused: 'unavailable' });
    const seen = received('ann', message(3));
    const second = sends('c3', { acked: 3 });
    expect(kindsOf(bothIn, first, seen, second, log(annIn, bobIn, message(3)))).toEqual(['refused']);
    const seenByOther = received('bob', message(3));
    expect(kindsOf(bothIn, first, seenByOther, second, log(annIn, bobIn, message(3)))).toEqual(['refused']);
    expect(kindsOf(bothIn, first, second, seen, log(annIn, bobIn, message(3)))).toEqual([]);
  });
});

describe('one clientId', () => {
  test('makes one message', () => {
    const attempts = sends('c3', 'unknown', { acked: 3 }, { acked: 3 });
    expect(kindsOf(bothIn, attempts, log(annIn, bobIn, message(3)))).toEqual([]);
    expect(kindsOf(bothIn, attempts, log(annIn, bobIn, message(3), message(4, 'c3')))).toEqual(['cloned']);
  });

  test('is acknowledged as one message', () => {
    const attempts = sends('c3', { acked: 3 }, { acked: 4 });
    expect(kindsOf(bothIn, attempts, log(annIn, bobIn, message(3)))).toContain('cloned');
  });

  test('is told to its author, at every connection, and to nobody else', () => {
    const told = (user: string, event: Seen): Line => ({ ...received(user, message(3)), event }) as Line;
    const run = (line: Line) => kindsOf(bothIn, sends('c3', { acked: 3 }), line, log(annIn, bobIn, message(3)));
    const { cid: _, ...without } = message(3);
    expect(run(told('ann', message(3)))).toEqual([]);
    expect(run(told('bob', without))).toEqual([]);
    expect(run(told('bob', message(3)))).toEqual(['leaked']);
    expect(run(told('ann', without))).toEqual(['phantom']);
    expect(run(told('ann', message(3, 'c4')))).toContain('phantom');
  });

  test('of two authors makes two', () => {
    const bobs: Line[] = [
      {
        type: 'invoked',
        op: nextOp,
        client: 'bob-1',
        user: 'bob',
        intent: { command: 'message.send', room, cid: 'c3' },
      },
      { type: 'acked', op: nextOp++, message: `${room}.4` },
    ];
    const both = log(annIn, bobIn, message(3), message(4, 'c3', 'bob'));
    expect(kindsOf(bothIn, sends('c3', { acked: 3 }), bobs, both)).toEqual([]);
  });
});

describe('what was shown', () => {
  test('is in the log as it was shown', () => {
    const sent = sends('c3', 'unknown');
    expect(kindsOf(bothIn, sent, received('bob', message(3)), log(annIn, bobIn))).toEqual(['phantom']);
    const other = { ...message(3), at: 99 };
    expect(kindsOf(bothIn, sent, received('bob', other), log(annIn, bobIn, message(3)))).toEqual(['phantom']);
  });

  test('may have lost its text through a deletion', () => {
    const sent = sends('c3', 'unknown');
    const gone: Seen = { name: 'message.deleted', room, seq: 4, at: 4, actor: 'ann', message: `${room}.3` };
    const { text: _, ...empty } = message(3);
    expect(kindsOf(bothIn, sent, received('bob', message(3)), log(annIn, bobIn, empty, gone))).toEqual([]);
    expect(kindsOf(bothIn, sent, received('bob', message(3)), log(annIn, bobIn, empty))).toEqual(['phantom']);
  });

  test('may have a text that was changed since, of which the log has only the last one', () => {
    const sent = [bothIn, sends('c3', { acked: 3 })].flat();
    const edit = (text: string, end: 'acked' | 'unknown' = 'acked'): Line[] => {
      const op = nextOp++;
      const intent = { command: 'message.edit', room, message: `${room}.3`, text };
      const invoked: Line = { type: 'invoked', op, client: 'ann-1', user: 'ann', intent };
      return [invoked, end === 'acked' ? { type: 'acked', op } : { type: 'unknown', op, why: 'cut' }];
    };
    const edited = (seq: number, text: string): Seen => ({
      ...{ name: 'message.edited', room, seq, at: seq, actor: 'ann', message: `${room}.3`, text },
    });
    const as = (text: string, ...seqs: number[]) =>
      log(annIn, bobIn, { ...message(3), text }, ...seqs.map((seq) => edited(seq, text)));
    const seen = [message(3), edited(4, 'one'), edited(5, 'two')].map((event) => received('bob', event));
    expect(kindsOf(sent, edit('one'), edit('two'), seen, as('two', 4, 5))).toEqual([]);
    expect(kindsOf(sent, edit('one'), edit('two'), as('one', 4, 5))).toEqual(['lost']);
    expect(kindsOf(sent, edit('one'), edit('two'), as('two', 4))).toEqual(['lost', 'lost']);
    expect(kindsOf(sent, edit('one', 'unknown'), edit('two'), as('one', 4, 5))).toEqual([]);
    expect(kindsOf(sent, edit('one'), received('bob', edited(4, 'other')), as('one', 4))).toEqual(['phantom']);
    const kept = log(annIn, bobIn, message(3), edited(4, 'one'));
    expect(kindsOf(sent, edit('one'), kept)).toEqual(['log']);
  });

  test('was sent by somebody', () => {
    expect(kindsOf(bothIn, log(annIn, bobIn, message(3)))).toEqual(['phantom']);
  });
});

test('a log is 1, 2, 3 …', () => {
  const sent = [bothIn, sends('c4', { acked: 4 })].flat();
  expect(kindsOf(sent, log(annIn, bobIn, message(4)))).toEqual(['log']);
  expect(kindsOf(sent, log(annIn, bobIn, bobIn, message(4)))).toContain('log');
});

test('there is one epoch', () => {
  const one: Line = { type: 'epoch', client: 'ann-1', epoch: 'a' };
  expect(kindsOf(one, one)).toEqual([]);
  expect(kindsOf(one, { ...one, epoch: 'b' })).toEqual(['epoch']);
});

describe('over one connection', () => {
  const sent = [bothIn, sends('c3', 'unknown'), sends('c4', 'unknown'), sends('c5', 'unknown')].flat();
  const [third, fourth, fifth] = [message(3), message(4), message(5)];
  const all = log(annIn, bobIn, third, fourth, fifth);
  const wire = (...events: Seen[]) => events.map((event) => received('bob', event));

  test('events come in order; repeats are allowed', () => {
    expect(kindsOf(sent, wire(third, fourth, fifth), all)).toEqual([]);
    expect(kindsOf(sent, wire(third, fourth, third, fourth, fifth), all)).toEqual([]);
    expect(kindsOf(sent, wire(third, fifth, fourth), all)).toContain('disorder');
  });

  test('none is left out silently', () => {
    const behind: Line = { type: 'behind', client: 'bob-1', user: 'bob', connection: 1, room, head: 4 };
    expect(kindsOf(sent, wire(third, fifth), all)).toEqual(['gap']);
    expect(kindsOf(sent, wire(third), behind, wire(fifth), all)).toEqual([]);
    expect(kindsOf(sent, wire(third), received('bob', fifth, 'live', 2), all)).toEqual([]);
    expect(kindsOf(sent, wire(third), received('bob', fifth, 'page'), all)).toEqual([]);
  });

  test('what happened while the user was outside may be left out', () => {
    const left = membership('member.left', 3, 'bob');
    const back = membership('member.joined', 5, 'bob');
    const steps = [calls('room.leave', 'bob'), calls('room.join', 'bob')].flat();
    const lines = [bothIn, sends('c4', { acked: 4 }), steps, received('bob', left), received('bob', back)];
    expect(kindsOf(...lines, log(annIn, bobIn, left, message(4), back))).toEqual([]);
  });

  test('a user who joins again is told of a stay in between, but not of what was before they left', () => {
    const own = (name: 'member.joined' | 'member.left', seq: number) => membership(name, seq, 'bob');
    const [left, between, leftAgain, back] = [3, 4, 6, 7].map((seq, index) =>
      own(index % 2 === 0 ? 'member.left' : 'member.joined', seq),
    ) as [Seen, Seen, Seen, Seen];
    const steps = ['room.leave', 'room.join', 'room.leave', 'room.join'].flatMap((command) => calls(command, 'bob'));
    const begin = [bothIn, sends('c5', { acked: 5 }), sends('c8', { acked: 8 }), steps].flat();
    const whole = log(annIn, bobIn, left, between, message(5), leftAgain, back, message(8));
    expect(kindsOf(begin, wire(left, back, message(8)), whole)).toEqual([]);
    expect(kindsOf(begin, wire(left, message(8)), whole)).toEqual(['gap']);
    expect(kindsOf(begin, wire(left, between, back), whole)).toEqual(['gap']);
  });
});

describe('a view', () => {
  const sent = [bothIn, sends('c3', 'unknown'), sends('c4', 'unknown')].flat();
  const all = log(annIn, bobIn, message(3), message(4));

  test('shows everything once, in order, up to the head', () => {
    expect(kindsOf(sent, views('bob', 1, 2, 3, 4), all)).toEqual([]);
    expect(kindsOf(sent, views('bob', 1, 2, 3, 3, 4), all)).toEqual(['twice']);
    expect(kindsOf(sent, views('bob', 1, 3, 2, 4), all)).toEqual(['gap', 'disorder']);
    expect(kindsOf(sent, views('bob', 1, 2, 4), all)).toEqual(['gap']);
    expect(kindsOf(sent, views('bob', 1, 2, 3), all)).toEqual(['gap']);
  });

  test('that was never completed is reported with what its client was doing', () => {
    const lagging: Line = { type: 'lagging', client: 'bob-1', room, state: 'not connected for 45.0 s' };
    expect(violationsOf(sent, views('bob', 1, 2, 3), lagging, all).map(({ words }) => words)).toEqual([
      `bob-1 has ${room} up to 3 only; its head is 4 (not connected for 45.0 s)`,
    ]);
  });

  test('that is over may begin again later', () => {
    const ends: Line = { type: 'ends', client: 'bob-1', user: 'bob', room };
    const again: Line = { type: 'begins', client: 'bob-1', user: 'bob', room, after: 3 };
    const fourth: Line = { type: 'applied', client: 'bob-1', user: 'bob', room, seq: 4 };
    expect(kindsOf(sent, views('bob', 1), ends, again, fourth, all)).toEqual([]);
    expect(kindsOf(sent, views('bob', 1), ends, all)).toEqual([]);
    expect(kindsOf(sent, views('bob', 1), fourth, all)).toEqual(['gap']);
  });

  test('of a user who left need not reach the head', () => {
    const left = membership('member.left', 3, 'bob');
    const lines = [bothIn, calls('room.leave', 'bob'), sends('c4', 'unknown'), views('bob', 1, 2, 3)];
    expect(kindsOf(...lines, log(annIn, bobIn, left, message(4)))).toEqual([]);
    expect(kindsOf(bothIn, calls('room.leave', 'bob'), views('bob', 1, 2), log(annIn, bobIn, left))).toEqual([]);
  });
});

describe('a user who is no member', () => {
  const left = membership('member.left', 3, 'bob');
  const back = membership('member.joined', 5, 'bob');

  test('sees nothing that comes after', () => {
    const lines = [bothIn, calls('room.leave', 'bob'), sends('c4', { acked: 4 })];
    const all = log(annIn, bobIn, left, message(4));
    expect(kindsOf(...lines, received('bob', left), all)).toEqual([]);
    for (const how of ['live', 'page', 'view'] as const) {
      expect(kindsOf(...lines, received('bob', message(4), how), all)).toEqual(['leaked']);
    }
    const behind: Line = { type: 'behind', client: 'bob-1', user: 'bob', connection: 1, room, head: 4 };
    expect(kindsOf(...lines, behind, all)).toEqual(['leaked']);
  });

  test('may read it after coming back, and not before', () => {
    const lines = [bothIn, calls('room.leave', 'bob'), sends('c4', { acked: 4 })];
    const all = log(annIn, bobIn, left, message(4), back);
    const page = received('bob', message(4), 'page');
    expect(kindsOf(...lines, calls('room.join', 'bob'), page, all)).toEqual([]);
    expect(kindsOf(...lines, page, calls('room.join', 'bob'), all)).toEqual(['leaked']);
  });

  test('and never was one sees nothing', () => {
    const lines = [calls('room.join', 'ann'), sends('c2', { acked: 2 })];
    expect(kindsOf(...lines, received('eve', message(2)), log(annIn, message(2)))).toEqual(['leaked']);
  });

  test('until they join sees what was before', () => {
    const late = membership('member.joined', 3, 'bob');
    const lines = [calls('room.join', 'ann'), sends('c2', { acked: 2 }), calls('room.join', 'bob')];
    expect(kindsOf(...lines, received('bob', message(2), 'page'), log(annIn, message(2), late))).toEqual([]);
  });
});

describe('lines of text, which have no seq', () => {
  const sent = [bothIn, sends('c3', 'unknown'), sends('c4', 'unknown'), sends('c5', 'unknown')].flat();
  const all = log(annIn, bobIn, message(3), message(4), message(5));
  const lines = (user: string, texts: string[], connection = 1) =>
    texts.map((text): Line => ({ type: 'line', client: `${user}-1`, user, connection, room, text }));

  test('come once, in order, none left out in between', () => {
    expect(kindsOf(sent, lines('bob', ['c3', 'c4', 'c5']), all)).toEqual([]);
    expect(kindsOf(sent, lines('bob', ['c4']), lines('bob', ['c3'], 2), all)).toEqual([]);
    expect(kindsOf(sent, lines('bob', ['c3', 'c5', 'c4']), all)).toEqual(['gap', 'disorder']);
    expect(kindsOf(sent, lines('bob', ['c3', 'c4', 'c4']), all)).toEqual(['twice']);
    expect(kindsOf(sent, lines('bob', ['c3', 'c5']), all)).toEqual(['gap']);
  });

  test('are of messages in the log, also of deleted ones, and only for members', () => {
    expect(kindsOf(sent, lines('bob', ['c6']), all)).toEqual(['phantom']);
    expect(kindsOf(sent, lines('eve', ['c3']), all)).toEqual(['leaked']);
    const gone: Seen = { name: 'message.deleted', room, seq: 5, at: 5, actor: 'ann', message: `${room}.3` };
    const { text: _, ...empty } = message(3);
    const emptied = log(annIn, bobIn, empty, message(4), gone);
    expect(kindsOf(sent, lines('bob', ['c3', 'c4']), emptied)).toEqual([]);
  });

  test('are not written for a message that was deleted before', () => {
    const gone: Seen = { name: 'message.deleted', room, seq: 6, at: 6, actor: 'ann', message: `${room}.4` };
    const { text: _, ...empty } = message(4);
    const emptied = log(annIn, bobIn, message(3), empty, message(5), gone);
    expect(kindsOf(sent, lines('bob', ['c3', 'c5']), emptied)).toEqual([]);
    expect(kindsOf(sent, lines('bob', ['c3', '', 'c5']), emptied)).toEqual(['phantom']);
  });

  test('may be of messages from just before the reader joined', () => {
    const late = membership('member.joined', 4, 'eve');
    const came = calls('room.join', 'eve');
    const third = [bothIn, sends('c3', 'unknown')].flat();
    const heard = lines('eve', ['c3'], 2);
    expect(kindsOf(third, came.slice(0, 1), heard, came.slice(1), log(annIn, bobIn, message(3), late))).toEqual([]);
    expect(kindsOf(third, heard, came, log(annIn, bobIn, message(3), late))).toEqual(['leaked']);
  });

  test('that were sent without a clientId are there, once', () => {
    const op = nextOp++;
    const intent = { command: 'message.send', room, text: 'said' };
    const said: Line[] = [
      { type: 'invoked', op, client: 'ann-1', user: 'ann', intent },
      { type: 'acked', op },
    ];
    const { cid: _, ...spoken } = { ...message(3), text: 'said' };
    expect(kindsOf(bothIn, said, log(annIn, bobIn, spoken))).toEqual([]);
    expect(kindsOf(bothIn, said, log(annIn, bobIn))).toEqual(['lost']);
    const again = { ...spoken, seq: 4, message: `${room}.4` };
    expect(kindsOf(bothIn, said, log(annIn, bobIn, spoken, again))).toEqual(['cloned']);
  });
});

test('any history of an honest server is clean, and any single fault in it is found', () => {
  assert(
    property(integer({ min: 0, max: 2 ** 31 }), integer({ min: 6, max: 40 }), (seed, length) => {
      const random = createRandom(seed);
      const seqs = Array.from({ length }, (_, index) => index + 3);
      const sent = seqs.flatMap((seq) => sends(`c${seq}`, random.chance(0.3) ? 'unknown' : { acked: seq }));
      const wire = [annIn, bobIn, ...seqs.map((seq) => message(seq))].map((event) => received('bob', event));
      const viewed = views('bob', 1, 2, ...seqs);
      const all = log(annIn, bobIn, ...seqs.map((seq) => message(seq)));
      expect(kindsOf(bothIn, sent, wire, viewed, all)).toEqual([]);
      // Neither the first nor the last on the connection, so that the gap or the swap is visible there.
      const place = random.between(1, wire.length - 3);
      expect(kindsOf(bothIn, sent, wire.toSpliced(place, 1), viewed, all)).toEqual(['gap']);
      const [one, other] = wire.slice(place, place + 2) as [Line, Line];
      expect(kindsOf(bothIn, sent, wire.toSpliced(place, 2, other, one), viewed, all)).toContain('disorder');
      expect(kindsOf(bothIn, sent, wire, viewed.toSpliced(place + 1, 1), all)).toContain('gap');
      expect(kindsOf(bothIn, sent, wire, viewed, all.slice(0, -1))).toContain('phantom');
    }),
    { numRuns: 100 },
  );
});

describe('where a backup was restored', () => {
  const begun: Line[] = [bothIn, sends('c3', { acked: 3 })].flat();
  const backedUp: Line = { type: 'backed-up' };
  const restored: Line = { type: 'restored' };
  const epoch = (name: string): Line => ({ type: 'epoch', client: 'ann-1', epoch: name });
  const before = [annIn, bobIn, message(3), message(4, 'c4')];
  const last = before.map((event): Line => ({ type: 'logged', event }));
  const after = log(annIn, bobIn, message(3), message(4, 'c5'));
  const between = [epoch('a'), backedUp, sends('c4', { acked: 4 }), last, restored].flat();
  const goesOn = [epoch('b'), sends('c5', { acked: 4 })].flat();

  test('what was acknowledged since is taken back, and counted; what was before is there', () => {
    const lines = [begun, between, goesOn].flat();
    expect(kindsOf(lines, after)).toEqual([]);
    const entries = [lines, after].flat().map((line, t): Entry => ({ ...line, t }));
    expect(check(entries).takenBack).toBe(1);
    expect(kindsOf(lines, log(annIn, bobIn, message(3, 'c5')))).toContain('lost');
    expect(kindsOf(begun, between.toSpliced(-2, 1), goesOn, after)).toEqual(['lost']);
  });

  test('there is another epoch', () => {
    expect(kindsOf(begun, between, epoch('a'), goesOn.slice(1), after)).toEqual(['epoch']);
    expect(kindsOf(begun, between, epoch('b'), goesOn, epoch('c'), after)).toEqual(['epoch']);
  });

  test('nothing of the old history is shown at a seq of the new one', () => {
    const shown = (cid: string) => received('bob', message(4, cid), 'page', 2);
    expect(kindsOf(begun, between, goesOn, shown('c5'), after)).toEqual([]);
    expect(kindsOf(begun, between, goesOn, shown('c4'), after)).toEqual(['phantom']);
  });

  test('every view of it begins again', () => {
    const old = views('bob', 1, 2, 3, 4);
    expect(kindsOf(begun, old, between, goesOn, views('bob', 1, 2, 3, 4), after)).toEqual([]);
    expect(kindsOf(begun, old, between, goesOn, after)).toEqual(['gap']);
    expect(kindsOf(begun, old, between, goesOn, views('bob', 5).slice(1), after)).toEqual(['epoch', 'gap']);
    expect(kindsOf(begun, old, between, goesOn, views('bob', 1, 2, 3), after)).toEqual(['gap']);
  });
});
