import { type CommandName, commands, type ErrorObject } from '@madang/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { call, type TransportClient } from '../support/transport-client.ts';
import { transportNames, transports } from '../support/transports.ts';
import { Disposables } from '../support/disposables.ts';
import { placeOf } from '../support/http-client.ts';
import { sampleInputs, type Subject } from '../support/sample-input.ts';
import { expectCleanLog, SECRET } from '../support/server-log.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

let server: TestServer;
let subject: Subject;
const clients = new Map<string, TransportClient>();
const open = new Disposables();
beforeAll(async () => {
  server = open.use(await startServer({ flags: ['--limits', 'off'] }));
  for (const transport of transportNames)
    clients.set(transport, open.use(await transports[transport](server.url, { name: `bad at ${transport}` })));
  const owner = open.use(await transports['/ws'](server.url, { name: 'owner' }));
  const { room } = await call(owner, 'room.create', { name: 'target' });
  const { message } = await call(owner, 'message.send', { room: room.id, text: 'target' });
  const { user } = await call(clients.get('HTTP') as TransportClient, 'session.get', {});
  subject = { room: room.id, message: message.id, user: user.id };
});
afterEach(() => expectCleanLog(server));
afterAll(() => open[Symbol.asyncDispose]());

/** The part of a field's schema that this test needs. */
interface FieldSchema {
  safeParse(value: unknown): { success: boolean };
}

const names = Object.keys(commands) as CommandName[];

function fieldsOf(name: CommandName): [string, FieldSchema][] {
  return Object.entries(commands[name].input.shape as Record<string, FieldSchema>);
}

let nested: unknown = SECRET;
for (let depth = 0; depth < 1000; depth += 1) nested = depth % 2 ? [nested] : { nested };

/** Values that no field of any command accepts, but for those in `exceptions`. */
const neverValid: [string, unknown][] = [
  ['null', null],
  ['an empty array', []],
  ['an array', [SECRET, SECRET]],
  ['deep nesting', nested],
  ['a fraction', 1.5],
  ['a huge number', 1e308],
  ['a number that is not safe', 2 ** 53],
  ['a negative number', -1],
  ['a text that is too long', SECRET.repeat(1000)],
];

/** Fields that do accept one of them: in no section, and no sections. */
const exceptions: Partial<Record<CommandName, { fields: readonly string[]; what: string }>> = {
  'membership.set': { fields: ['section'], what: 'null' },
  'section.set': { fields: ['sections', 'was'], what: 'an empty array' },
};

/** Values that only some fields accept. */
const sometimesValid: [string, unknown][] = [
  ['a number', 7],
  ['zero', 0],
  ['true', true],
  ['an object', { [SECRET]: 1 }],
  ['an empty text', ''],
  ['a text', `${SECRET} Not An Id!`],
  ['a lone surrogate', `a\ud800b`],
  ['a NUL', 'a\0b'],
  ['a line break', 'a\nb'],
  ['a path', '../../etc/passwd'],
];

/** Fields that are only compared, never stored: any text is accepted, and matches nothing. */
const comparedOnly = ['search', 'epoch', 'token'];

/** Whether a field can have this value over HTTP, where paths and queries contain only text. */
function fitsHttp(name: CommandName, field: string, value: unknown): boolean {
  const place = placeOf(name, field);
  if (place === 'body') return true;
  const isText = (each: unknown) => typeof each === 'string' && each.isWellFormed();
  if (place === 'path') return isText(value) && value !== '';
  return isText(value) || (Array.isArray(value) && value.length > 1 && value.every(isText));
}

/** The error for an input, which must be the same at every transport. */
async function refusalOf(
  name: CommandName,
  input: Record<string, unknown>,
  isForHttp: boolean,
): Promise<ErrorObject | undefined> {
  const asked = transportNames.filter((transport) => isForHttp || transport !== 'HTTP');
  const answers = await Promise.all(asked.map(async (transport) => clients.get(transport)?.ask(name, input)));
  const [first] = answers;
  for (const [index, answer] of answers.entries()) expect(answer, `${name} at ${asked[index]}`).toEqual(first);
  return first?.error;
}

function expectInvalid(error: ErrorObject | undefined, field: string, what: string): void {
  expect(error?.code, what).toBe('invalid_input');
  const issues = error?.details?.issues ?? [];
  expect(issues.length, what).toBeGreaterThan(0);
  for (const { path, message } of issues) {
    expect(path === field || path.startsWith(`${field}.`), `${what}: ${path}`).toBe(true);
    expect(message, what).toMatch(/\S/);
    expect(error?.message, what).toContain(path);
  }
  expect(JSON.stringify(error).length, what).toBeLessThan(10_000);
}

describe.each(names)('%s', (name) => {
  const sample = () => sampleInputs(subject)[name] as Record<string, unknown>;

  /** The sample input with another value in one field. A session starts with a name or a token, never both. */
  const withField = (field: string, value: unknown) =>
    name === 'session.start' ? { [field]: value } : { ...sample(), [field]: value };

  const isException = (field: string, what: string) =>
    exceptions[name]?.fields.includes(field) === true && exceptions[name].what === what;

  test('has a sample with all of its fields, each valid', () => {
    expect(commands[name].input.safeParse(sample()).success).toBe(true);
    const given = Object.keys(sample());
    for (const [field] of fieldsOf(name)) expect(name === 'session.start' || given.includes(field), field).toBe(true);
  });

  test('a missing required field is named, in the same words at every transport', async () => {
    for (const [field, schema] of fieldsOf(name)) {
      if (schema.safeParse(undefined).success) continue;
      const { [field]: _, ...rest } = sample();
      const error = await refusalOf(name, rest, placeOf(name, field) !== 'path');
      expectInvalid(error, field, `${name} without ${field}`);
      expect(error?.details?.issues).toEqual([{ path: field, message: 'is required' }]);
    }
  });

  test('a bad value is refused with the path of its field, in the same words at every transport', async () => {
    for (const [field, schema] of fieldsOf(name)) {
      const refused = sometimesValid.filter(([, value]) => !schema.safeParse(value).success);
      // A field's schema refuses most values of another type.
      expect(refused.length, field).toBeGreaterThan(2);
      // All at once: each of them alone mostly waits for its answers.
      await Promise.all(
        [...neverValid.filter(([what]) => !isException(field, what)), ...refused].map(async ([what, value]) => {
          const error = await refusalOf(name, withField(field, value), fitsHttp(name, field, value));
          expectInvalid(error, field, `${name} with ${what} in ${field}`);
        }),
      );
    }
  });

  test('a text that no store or screen can hold is refused, or merely compared', async () => {
    for (const [field, schema] of fieldsOf(name)) {
      if (!schema.safeParse('lobby.1').success && !schema.safeParse('a').success) continue;
      for (const value of ['a\ud800b', 'a\0b']) {
        const error = await refusalOf(name, withField(field, value), fitsHttp(name, field, value));
        if (comparedOnly.includes(field)) expect(error?.code, `${name} ${field}`).not.toBe('internal');
        else expectInvalid(error, field, `${name} ${field}`);
      }
    }
  });

  test('an unknown field is refused by name', async () => {
    for (const field of ['nosuch', 'constructor', 'toString', 'hasOwnProperty', 'Room', 'room ']) {
      const error = await refusalOf(name, { ...sample(), [field]: 'x' }, true);
      expectInvalid(error, field, `${name} with ${field}`);
      expect(error?.details?.issues).toEqual([{ path: field, message: 'is not a known field' }]);
    }
  });

  test('fields under __proto__ do not count as given', async () => {
    const required = fieldsOf(name).filter(
      ([field, schema]) => !schema.safeParse(undefined).success && placeOf(name, field) === 'body',
    );
    if (required.length === 0) return;
    const inPath = Object.entries(sample()).filter(([field]) => placeOf(name, field) === 'path');
    const input = { ...Object.fromEntries(inPath), ...(JSON.parse('{"__proto__":0}') as object) };
    Object.defineProperty(input, '__proto__', { value: sample(), enumerable: true });
    expect(JSON.stringify(input)).toContain('"__proto__":{');
    const error = await refusalOf(name, input, true);
    expect(error?.code).toBe('invalid_input');
    const missing = error?.details?.issues?.filter(({ message }) => message === 'is required').map(({ path }) => path);
    expect(missing).toEqual(required.map(([field]) => field));
  });

  test.each([
    ['an array', []],
    ['an array that contains the input', [{}]],
    ['a text', 'text'],
    ['a number', 7],
    ['true', true],
  ])('%s instead of an object is refused', async (_what, input) => {
    for (const transport of transportNames) {
      // A GET or DELETE has no body.
      if (transport === 'HTTP') continue;
      const { error } = (await clients.get(transport)?.ask(name, input)) ?? {};
      expect(error?.code, transport).toBe('invalid_input');
    }
  });
});

describe.each(transportNames)('unknown commands, at %s', (transport) => {
  test.each([
    'nosuch',
    'message',
    'message.send.',
    'Message.Send',
    '__proto__',
    'constructor',
    'toString',
    'x'.repeat(5000),
    '한글',
    '../sync',
  ])('%.20s', async (name) => {
    const { error } = (await clients.get(transport)?.ask(name, {})) ?? {};
    expect(error?.code).toBe(transport === 'HTTP' ? 'not_found' : 'invalid_input');
    expect(error?.message.length).toBeLessThan(300);
  });
});

describe.each(transportNames)('after all of that, at %s', (transport) => {
  test('the server keeps running', async () => {
    const client = clients.get(transport) as TransportClient;
    const { message } = await call(client, 'message.send', {
      room: 'lobby',
      text: `${SECRET} still here at ${transport}`,
    });
    await client.events.first(({ name, body }) => name === 'message.created' && body['seq'] === message.seq);
  });
});
