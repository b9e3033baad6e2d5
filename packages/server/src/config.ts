import { budgets, contactBudget, createRoomsRules, directRules, formatLimits } from '@madang/protocol';
import { Command, Option } from 'commander';
import { readFileSync } from 'node:fs';
import proxyaddr from 'proxy-addr';
import { z } from 'zod';
import { messageOf, StartError } from './errors.js';
import type { RateLimitSettings } from './identity/rate-limits.js';
import { logLevels } from './logger.js';

const onOff = z.union([z.boolean(), z.enum(['on', 'off']).transform((value) => value === 'on')]);
const list = z
  .union([z.array(z.string()), z.string()])
  .transform((value) =>
    (typeof value === 'string' ? value.split(',') : value).map((each) => each.trim()).filter(Boolean),
  );

/** A number, or a text that is one; nothing else, and least of all an empty text as 0. */
function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  return z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.number().int().min(min).max(max));
}

/** Whether all are origins as browsers send them: scheme, host and port, nothing after. */
function areOrigins(origins: string[]): boolean {
  return origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin);
}

/** Whether all are origins, or the word for the server's own. */
function areFrameOrigins(origins: string[]): boolean {
  return areOrigins(origins.filter((origin) => origin !== 'self'));
}

/** Whether all are addresses, subnets, or words for some (`loopback`). */
function areAddresses(proxies: string[]): boolean {
  try {
    proxyaddr.compile(proxies);
    return true;
  } catch {
    return false;
  }
}

/** Calls in seconds, as `120/10`. */
function budget({ points, seconds }: { points: number; seconds: number }, doc: string) {
  const schema = z
    .string()
    .regex(/^[1-9]\d{0,8}\/[1-9]\d{0,4}$/)
    .default(`${points}/${seconds}`);
  return { schema, value: 'calls/seconds', doc } as const;
}

/** A setting: its schema, its purpose, the form of its value. */
interface Setting {
  schema: z.ZodType;
  value: string;
  doc: string;
  /** Whether its value may hold a password: then it is never printed. */
  secret?: true;
}

/**
 * Every setting. A flag `--max-frame-bytes`, the environment's `MADANG_MAX_FRAME_BYTES` and the file's `maxFrameBytes`
 * are one setting. Flags override the environment, which overrides the file, which overrides the default.
 */
export const settings = {
  port: {
    schema: wholeNumber(0, 65535).default(3000),
    value: 'number',
    doc: 'The port to listen on; 0 for any free one',
  },
  host: {
    schema: z.string().regex(/^\S+$/).optional(),
    value: 'address',
    doc: 'The address to listen on; all addresses if absent',
  },
  path: {
    schema: z
      .string()
      .transform((path) => path.replace(/\/+$/, ''))
      .refine((path) => path === '' || /^(\/[\w.~-]+)+$/.test(path))
      .optional(),
    value: '/path',
    doc: 'The path below which everything is served, such as /chat, if a proxy passes on that path; the root if absent',
  },
  data: {
    schema: z.string().trim().min(1).default('./data'),
    value: 'folder',
    doc: 'The folder that holds the database',
  },
  database: {
    schema: z.string().refine(isDatabaseAddress).optional(),
    value: 'postgres://…',
    doc: 'A PostgreSQL database (14 or newer) instead of SQLite in the data folder, in any form that psql takes (`host=… dbname=…` too), with several hosts (one:5432,two:5432) if a standby may take over; best set in the environment, since it may hold a password',
    secret: true,
  },
  databaseConnections: {
    schema: wholeNumber(2, 1000).default(8),
    value: 'number',
    doc: 'The most connections that this node holds to PostgreSQL; one of them commits',
  },
  bus: {
    schema: z
      .string()
      .regex(/^rediss?:\/\/[^/]/)
      .optional(),
    value: 'redis://…',
    doc: 'A Redis (7 or newer) or Valkey, single or a cluster, over which the nodes of one PostgreSQL database exchange events; best set in the environment, since it may hold a password',
    secret: true,
  },
  retentionDays: {
    schema: wholeNumber(1, 36_500).optional(),
    value: 'number',
    doc: 'Messages and events older than this many days are permanently removed; kept for ever if absent',
  },
  workers: {
    schema: wholeNumber(1, 256).default(1),
    value: 'number',
    doc: 'Processes that share the port, to use the cores of one machine; needs --database and --bus',
  },
  lobby: {
    schema: onOff.default(true),
    value: 'on|off',
    doc: 'Whether there is a lobby, a public room that every new user is put into; with off, a lobby that exists stays open to its members',
  },
  defaultRooms: {
    schema: list.default([]),
    value: 'rooms',
    doc: 'Public rooms that every new user is put into, by id or name, separated by commas',
  },
  createRooms: {
    schema: z.enum(createRoomsRules).default('guest'),
    value: createRoomsRules.join('|'),
    doc: 'Who may create rooms: everybody (guest), everybody but guests (member), or nobody (off)',
  },
  direct: {
    schema: z.enum(directRules).default('guest'),
    value: directRules.join('|'),
    doc: 'Who may open direct rooms, and with whom: everybody with everybody (guest), everybody but guests with everybody (member), everybody with people who share a room with them (shared), or nobody (off: nobody can write in existing ones either)',
  },
  guests: { schema: onOff.default(true), value: 'on|off', doc: 'Whether people may enter with only a nickname' },
  limits: {
    schema: onOff.default(true),
    value: 'on|off',
    doc: 'Whether calls are rate limited; off for benchmarks only',
  },
  compression: {
    schema: onOff.default(false),
    value: 'on|off',
    doc: 'Whether events, answers and pages are compressed for clients that accept it; for slow links, at a price in CPU',
  },
  origins: {
    schema: list.refine(areOrigins).default([]),
    value: 'origins',
    doc: 'Other origins whose pages may use session cookies and the host app’s sign-in, separated by commas: https://example.org',
  },
  crossOrigin: {
    schema: z.enum(['any', 'listed']).default('any'),
    value: 'any|listed',
    doc: 'Which other origins’ pages may enter as guests or with a token: any, or only those in --origins',
  },
  accentColor: {
    schema: z
      .string()
      .regex(/^#[\da-f]{6}$/i)
      .optional(),
    value: '#rrggbb',
    doc: 'The colour of the workspace, in which the web client shows buttons, links and what is chosen; its brightness is adapted to light and dark. Green if absent',
  },
  frameOrigins: {
    schema: list.refine(areFrameOrigins).default([]),
    value: 'origins',
    doc: 'Origins whose pages may show the web client in a frame, separated by commas; self is the server’s own; none if absent',
  },
  trustedProxies: {
    schema: list.refine(areAddresses).default([]),
    value: 'addresses',
    doc: 'Proxies whose X-Forwarded-… headers are trusted, separated by commas: loopback, 10.0.0.0/8',
  },
  maxFrameBytes: {
    schema: wholeNumber(16_384).default(65_536),
    value: 'bytes',
    doc: 'The largest frame, packet or request body that a client may send',
  },
  sendBufferBytes: {
    schema: wholeNumber(65_536).default(1_048_576),
    value: 'bytes',
    doc: 'Output that may wait for a slow client before its live events are dropped (room.behind)',
  },
  maxCallsInFlight: {
    schema: wholeNumber(1).default(256),
    value: 'number',
    doc: 'Calls of one connection that may wait for an answer',
  },
  answerBufferBytes: {
    schema: wholeNumber(65_536).default(4_194_304),
    value: 'bytes',
    doc: 'Answers that may wait for a client that does not read them, before it is disconnected',
  },
  maxBufferedBytes: {
    schema: wholeNumber(1_048_576).default(268_435_456),
    value: 'bytes',
    doc: 'Output that may wait in memory for all clients together, before the slowest are disconnected and new ones refused',
  },
  maxRoomsPerUser: {
    schema: wholeNumber(1, formatLimits.syncRooms).default(formatLimits.syncRooms),
    value: 'number',
    doc: 'Rooms that a user may create, join or open; those that others bring them into do not count',
  },
  sessionBudget: budget(budgets.session, 'Changing the nickname and ending sessions, for each user; new guests'),
  sendBudget: budget(budgets.send, 'Messages, for each user'),
  writeBudget: budget(budgets.write, 'Everything else that changes something, for each user'),
  readBudget: budget(budgets.read, 'Reading pages, for each user'),
  signalBudget: budget(budgets.signal, 'Typing, presence and read marks, for each user'),
  refusedBudget: budget(
    budgets.refused,
    'Input that is not a call (unknown commands, unreadable packets, invalid tokens), for each user or address',
  ),
  connectBudget: budget(
    budgets.connect,
    'Opening connections (handshakes, sockets, event streams), for each user that an address counts as',
  ),
  contactBudget: budget(
    contactBudget,
    'New direct rooms and invitations that a user receives from others, and those that a user sends',
  ),
  usersPerAddress: {
    schema: wholeNumber(1, 100_000).default(30),
    value: 'number',
    doc: 'Users that one address (or IPv6 /64) counts as: it may bring that many new guests in the period of the session budget, and spend each budget that many times over. Raise it for a school or an event behind one address',
  },
  maxConnectionsPerAddress: {
    schema: wholeNumber(1).default(500),
    value: 'number',
    doc: 'Connections (sockets and event streams) from one address (or IPv6 /64); unlimited with --limits off',
  },
  heartbeatMs: {
    schema: wholeNumber(1000).default(25_000),
    value: 'ms',
    doc: 'How often a silent connection is checked',
  },
  handshakeTimeoutMs: {
    schema: wholeNumber(1000).default(60_000),
    value: 'ms',
    doc: 'How long a connection may stay without a session before it is closed',
  },
  headTimeoutMs: {
    schema: wholeNumber(1000).default(10_000),
    value: 'ms',
    doc: 'How long the head of a request or handshake may take to arrive',
  },
  requestTimeoutMs: {
    schema: wholeNumber(1000).default(30_000),
    value: 'ms',
    doc: 'How long a whole request may take to arrive',
  },
  maxHeadBytes: {
    schema: wholeNumber(8192).default(16_384),
    value: 'bytes',
    doc: 'The largest head of a request: request line and headers',
  },
  reconnectSpreadMs: {
    schema: wholeNumber(0).default(3000),
    value: 'ms',
    doc: 'When the server stops, clients are told to reconnect within this time, spread evenly',
  },
  logLevel: {
    schema: z.enum(logLevels).default('info'),
    value: logLevels.join('|'),
    doc: 'The least severe level that is logged',
  },
} as const satisfies Record<string, Setting>;

/** The settings' values. */
export type Config = { [Name in keyof typeof settings]: z.output<(typeof settings)[Name]['schema']> };

/** The budgets from the settings. */
export function rateLimitsOf(config: Config): RateLimitSettings {
  const of = (setting: string) => {
    const [points = 0, seconds = 0] = setting.split('/').map(Number);
    return { points, seconds };
  };
  return {
    budgets: {
      session: of(config.sessionBudget),
      send: of(config.sendBudget),
      write: of(config.writeBudget),
      read: of(config.readBudget),
      signal: of(config.signalBudget),
      refused: of(config.refusedBudget),
      connect: of(config.connectBudget),
    },
    contacts: of(config.contactBudget),
    usersPerAddress: config.usersPerAddress,
  };
}

type Given = Record<string, unknown>;

/** Adds the settings' flags to a command line. */
export function addFlags(command: Command): Command {
  for (const [name, { value, doc, schema }] of Object.entries<Setting>(settings)) {
    const fallback = defaultOf(schema);
    const shown = fallback === undefined ? doc : `${doc} (default: ${fallback})`;
    command.addOption(new Option(`${flagOf(name)} <${value}>`, shown).env(environmentName(name)));
  }
  return command.addOption(new Option('--config <file>', 'A JSON file with settings').env('MADANG_CONFIG'));
}

/**
 * Reads the settings from a parsed command line (flags and environment) and the file that it names.
 * @throws StartError that names the setting and what is wrong with it
 */
export function readConfig(command: Command): Config {
  const given = command.opts<Given>();
  const file = typeof given['config'] === 'string' ? readFile(given['config']) : {};
  const sources = new Map<string, string>();
  const values: Given = {};
  for (const name of Object.keys(settings)) {
    const isEnvironment = command.getOptionValueSource(name) === 'env';
    // An empty variable, as compose files leave them, counts as absent.
    if (given[name] !== undefined && !(isEnvironment && given[name] === '')) {
      values[name] = given[name];
      sources.set(name, isEnvironment ? environmentName(name) : flagOf(name));
    } else if (file[name] !== undefined) {
      values[name] = file[name];
      sources.set(name, `"${name}" in ${String(given['config'])}`);
    }
  }
  return parseConfig(values, (name) => sources.get(name) ?? flagOf(name));
}

/** Checks settings given as an object; absent ones take their defaults. `nameOf` returns how a person wrote one. */
export function parseConfig(values: Given, nameOf: (name: string) => string = (name) => `"${name}"`): Config {
  const unknown = Object.keys(values).find((name) => !Object.hasOwn(settings, name));
  if (unknown !== undefined) throw new StartError(`There is no setting ${nameOf(unknown)}. See madang --help.`);
  const entries = Object.entries<Setting>(settings).map(([name, { schema, value, secret }]) => {
    const parsed = schema.safeParse(values[name]);
    if (!parsed.success) {
      const written = secret ? 'what was given' : JSON.stringify(values[name]);
      throw new StartError(`${nameOf(name)} can't be ${written}: it takes <${value}>. ${rangeOf(parsed.error)}`.trim());
    }
    return [name, parsed.data];
  });
  return Object.fromEntries(entries) as Config;
}

/** The settings as a Markdown table, for docs/configuration.md. */
export function settingsTable(): string {
  const rows = Object.entries<Setting>(settings).map(([name, { value, doc, schema }]) => {
    const fallback = defaultOf(schema) ?? '';
    return `| \`${flagOf(name)}\` | \`${environmentName(name)}\` | \`${name}\` | ${value.replaceAll('|', ' \\| ')} | ${fallback} | ${doc} |`;
  });
  return [
    '| flag | environment | file | value | default | what for |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function readFile(path: string): Given {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new StartError(`The settings file ${path} can't be read: ${messageOf(error)}.`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new StartError(`The settings file ${path} must hold a JSON object.`);
  }
  const unknown = Object.keys(content).find((name) => !Object.hasOwn(settings, name));
  if (unknown !== undefined) throw new StartError(`The settings file ${path} has an unknown setting "${unknown}".`);
  return content as Given;
}

/** PostgreSQL's two forms; the store reports any part that it doesn't support. */
function isDatabaseAddress(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text) || /^\s*\w+\s*=/.test(text);
}

function rangeOf(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue?.code === 'too_small') return `It must be at least ${issue.minimum}.`;
  if (issue?.code === 'too_big') return `It must be at most ${issue.maximum}.`;
  return '';
}

function defaultOf(schema: z.ZodType): string | undefined {
  const value = schema.safeParse(undefined).data;
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return undefined;
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return `${value as string | number}`;
}

function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function environmentName(name: string): string {
  return `MADANG_${name.replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`;
}
