import { type CommandName, commands, isCommandName, MadangError, parseInput } from '@madang/protocol';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { oneLine } from '../../packages/server/dist/transports/line/format.js';
import { isReservedName, nameKey } from '../../packages/server/dist/identity/name-key.js';
import { openEngineIo } from '../support/engine-io-client.ts';
import { openRawWebSocket, type RawWebSocket } from '../support/raw-web-socket.ts';
import { sampleInputs } from '../support/sample-input.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

/** The most that a text may cost, in ms of CPU. */
const MAX_MS = 5;

/** The default size of the largest frame that a client may send, and what surrounds a text in it. */
const MAX_BYTES = 65_536 - 200;

/** The same without a session. */
const MAX_SESSIONLESS_BYTES = 16_384 - 200;

/** Texts that could keep some program busy for long, each as long as requested. */
const baits: Record<string, (units: number) => string> = {
  'marks that normalisation reorders': (units) => `a${'\u0301'.repeat(units / 2)}${'\u0316'.repeat(units / 2)}`,
  'alternating marks': (units) => filled('\u0301\u0316\u0345', units),
  'a chain of joined emoji': (units) => filled('👩‍👩‍👧‍👦', units),
  'joiners alone': (units) => filled('👩\u200d', units),
  flags: (units) => filled('🇰🇷', units),
  'tags of a flag': (units) => `🏴${filled('\u{e0067}', units - 2)}`,
  'letters that look like others': (units) => filled('ᴁΑа', units),
  'a ligature of eighteen letters': (units) => filled('\ufdfa', units),
  'decomposed Hangul': (units) => filled('\u1112\u1161\u11ab', units),
  'letters that decompose': (units) => filled('\u1fa7', units),
  'lone surrogates': (units) => filled('\ud83d', units),
  'surrogates in the wrong order': (units) => filled('\udc4d\ud83d', units),
  'one long word': (units) => filled('a', units),
  'a long word and a sign after it': (units) => `${filled('a', units - 1)}!`,
  spaces: (units) => `a${filled(' ', units - 2)}a`,
  'line breaks': (units) => `a${filled('\r\n', units - 2)}a`,
  'all kinds of white space': (units) => `a${filled('\u00a0\u2028 \t', units - 2)}a`,
  NULs: (units) => filled('\0', units),
  'dots and dashes': (units) => filled('a.-_', units),
  slashes: (units) => filled('/a', units),
  digits: (units) => filled('9', units),
  'wildcards of SQL': (units) => filled('%_\\', units),
};

/** Lengths at or just below the limits of the fields; 384, 600 and 3000 are those of texts that are normalised. */
const lengths = [32, 50, 64, 200, 384, 600, 3000, 8192];

function filled(part: string, units: number): string {
  return part.repeat(Math.ceil(units / part.length)).slice(0, units);
}

/** As much of a bait as fits into a frame. */
function whole(bait: (units: number) => string, maxBytes = MAX_BYTES): string {
  const bytesPerUnit = Buffer.byteLength(JSON.stringify(bait(1000))) / 1000;
  return bait(2 * Math.floor(maxBytes / bytesPerUnit / 2));
}

/** Every bait at every length, also where no text is expected. Made once, since every field is given all of them. */
const values = Object.entries(baits).flatMap(([what, bait]) => {
  const longest = whole(bait);
  return [...lengths.map((length) => bait(length)), longest, { [longest]: 0 }, [longest]].map(
    (value) => [what, value] as const,
  );
});

/** The CPU time that something takes, in ms: the least of several tries, more if it seems too much, since the machine may be busy. */
function cpuOf(work: () => void): number {
  let least = Infinity;
  for (let tries = 0; least >= (tries < 6 ? MAX_MS / 5 : MAX_MS) && tries < 60; tries += 1) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** What a command does with an input before it asks the database. */
function take(name: CommandName, input: Record<string, unknown>): void {
  let fields: Record<string, unknown> = {};
  try {
    fields = parseInput(commands[name].input, input);
  } catch (error) {
    if (!(error instanceof MadangError)) throw error;
    JSON.stringify(error);
  }
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value !== 'string') continue;
    oneLine(value);
    if (field === 'name') expect([nameKey(value), isReservedName(value)]).toHaveLength(2);
  }
}

const names = Object.keys(commands).filter(isCommandName);

describe.each(names)('%s', (name) => {
  const sample = sampleInputs({ room: 'lobby', message: 'lobby.1', user: 'u-1' })[name] as Record<string, unknown>;

  test('no text in any of its fields costs more than 5 ms', () => {
    for (const field of [...Object.keys(commands[name].input.shape), 'nosuchfield']) {
      for (const [what, value] of values) {
        const input = { ...sample, [field]: value };
        if (name === 'session.start') delete input[field === 'name' ? 'token' : 'name'];
        const cost = cpuOf(() => take(name, input));
        if (cost < MAX_MS) continue;
        expect.fail(`${what}, ${JSON.stringify(value).length} characters, in ${field}: ${cost} ms`);
      }
    }
  });
});

describe('a server that is sent such texts', () => {
  let server: TestServer;
  beforeAll(async () => {
    // The raw clients answer no heartbeats, and stay without a session for some time.
    const patient = ['--heartbeat-ms', '600000', '--handshake-timeout-ms', '600000'];
    server = await startServer({ flags: ['--limits', 'off', ...patient] });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** CPU time that the server has used, in ms. */
  const used = () => {
    const stat = readFileSync(`/proc/${server.pid()}/stat`, 'latin1');
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number);
    return (user + system) * 10;
  };

  /** How often each text is sent: the server's CPU clock ticks every 10 ms. */
  const TIMES = 8;

  /** How often a text that seems to cost too much is tried: a busy machine makes everything dearer for a while. */
  const TRIES = 8;

  /** Sends each text several times, and returns those that cost too much. */
  async function tooDear(send: (text: string) => Promise<unknown>, maxBytes = MAX_BYTES): Promise<string[]> {
    const dear: string[] = [];
    for (const [what, bait] of Object.entries(baits)) {
      const text = whole(bait, maxBytes);
      let least = Infinity;
      for (let tries = 0; tries < TRIES && least >= MAX_MS; tries += 1) {
        const before = used();
        for (let times = 0; times < TIMES; times += 1) await send(text);
        least = Math.min(least, (used() - before) / TIMES);
      }
      if (least >= MAX_MS) dear.push(`${what}: ${least} ms`);
    }
    return dear;
  }

  /** Sends a frame, and waits for the next one received. */
  const exchange = (client: RawWebSocket) => {
    let seen = client.texts.all.length;
    return async (frame: string) => {
      client.send(frame);
      await client.texts.until((all) => all.length > seen);
      seen = client.texts.all.length;
    };
  };

  test('as the name of the handshake of Socket.IO, no text costs more than 5 ms', async () => {
    await using client = await openEngineIo(server.port, { isConnected: false });
    const ask = exchange(client);
    expect(await tooDear((name) => ask(`40${JSON.stringify({ name })}`), MAX_SESSIONLESS_BYTES)).toEqual([]);
  });

  test('in session.start at /ws, no text costs more than 5 ms', async () => {
    await using client = await openRawWebSocket(server.port, '/ws');
    const ask = exchange(client);
    const frameOf = (name: string) =>
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'session.start', params: { name } });
    expect(await tooDear((name) => ask(frameOf(name)), MAX_SESSIONLESS_BYTES)).toEqual([]);
  });

  test('as a nickname over HTTP, no text costs more than 5 ms', async () => {
    const start = async (name: string) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${server.url}/api/session`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ name }),
      });
      expect(response.status).toBe(400);
      await response.text();
    };
    expect(await tooDear(start)).toEqual([]);
  });

  test('in line mode, as a name, a verb and plain text, no text costs more than 5 ms', async () => {
    await using client = await openRawWebSocket(server.port, '/');
    await client.texts.first((text) => text.startsWith('Welcome'));
    const ask = exchange(client);
    for (const before of ['/nick ', '/', '']) {
      expect(await tooDear((text) => ask(`${before}${text.toWellFormed()}`))).toEqual([]);
    }
  });
});
