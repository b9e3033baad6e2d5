import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RestGuest, startRestGuest } from '../../../tests/support/rest-guest.ts';
import { startServer, type TestServer } from '../../../tests/support/start-server.ts';
import { tempFolder } from '../../../tests/support/temp-folder.ts';

interface Message {
  seq: number;
  text: string;
  author: { id: string; name: string };
}

let server: TestServer;
let anna: RestGuest;
let bot: Bot;

beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
  anna = await startRestGuest(server.url, 'anna');
  bot = newBot();
  await bot.start();
});

afterAll(async () => {
  await bot?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

/** The real bot, which the test kills and starts. */
interface Bot extends AsyncDisposable {
  stateFile: string;
  kill(): Promise<void>;
  start(): Promise<void>;
}

function newBot(): Bot {
  const folder = tempFolder();
  const stateFile = join(folder.path, 'state.json');
  let child: ChildProcess | undefined;
  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  return {
    stateFile,
    kill,
    [Symbol.asyncDispose]: async () => {
      await kill();
      folder[Symbol.dispose]();
    },
    async start(): Promise<void> {
      const started = spawn(process.execPath, ['--import', 'tsx', 'bot.ts'], {
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        env: { ...process.env, MADANG_URL: server.url, STATE_FILE: stateFile },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child = started;
      let output = '';
      while (!output.includes('online')) output += String((await once(started.stdout, 'data'))[0]);
    },
  };
}

/** The bot's answers in a room, oldest first: waits until there are `count`, and a little longer for surplus ones. */
async function answers(room: string, count: number): Promise<Message[]> {
  const read = async () => {
    const { messages } = await anna.call<{ messages: Message[] }>('GET', `/rooms/${room}/messages?limit=200`);
    return messages.filter(({ author }) => author.name === 'dice');
  };
  await expect.poll(async () => (await read()).length).toBeGreaterThanOrEqual(count);
  await new Promise((resolve) => setTimeout(resolve, 500));
  return read();
}

test('killed at any moment and restarted, it answers each roll once, in order', async () => {
  await anna.say('!roll 1d1');
  const [first] = await answers('lobby', 1);
  await expect.poll(() => statSync(bot.stateFile, { throwIfNoEntry: false })?.mode.toString(8)).toBe('100600');

  let asked = 1;
  const ask = async () => {
    asked += 1;
    await anna.say(`!roll ${asked}d1`);
  };
  for (const delayMs of [0, 15]) {
    // oxlint-disable no-await-in-loop -- one run after another
    await bot.kill();
    for (let index = 0; index < 3; index += 1) await ask();
    await bot.start();
    for (let index = 0; index < 3; index += 1) await ask();
    // While it is working: some rolls are answered and not saved, some are saved, some are not received yet.
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    // oxlint-enable no-await-in-loop
  }
  await bot.kill();
  await bot.start();
  const all = await answers('lobby', asked);
  expect(all.map(({ text }) => text)).toEqual(
    Array.from(
      { length: asked },
      (_, index) =>
        `🎲 ${Array(index + 1)
          .fill(1)
          .join(' + ')} = ${index + 1}`,
    ),
  );
  expect(new Set(all.map(({ author }) => author.id))).toEqual(new Set([first?.author.id]));
}, 60_000);

test('a question in a room that it was invited to while it was down is answered too', async () => {
  const { room } = await anna.call<{ room: { id: string } }>('POST', '/rooms', { name: 'dice club' });
  const { members } = await anna.call<{ members: { user: { id: string; name: string } }[] }>(
    'GET',
    '/rooms/lobby/members',
  );
  const dice = members.find(({ user }) => user.name === 'dice');
  await bot.kill();
  await anna.say('!roll 9d1', room.id);
  await anna.call('POST', `/rooms/${room.id}/members`, { user: dice?.user.id });
  await anna.say('!roll 2d1', room.id);
  await bot.start();
  expect((await answers(room.id, 1)).map(({ text }) => text)).toEqual(['🎲 1 + 1 = 2']);
}, 30_000);
