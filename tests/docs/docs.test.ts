import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, startServer, type TestServer } from '../support/start-server.ts';
import { type CodeBlock, codeBlocks, pages, root } from './code-blocks.ts';

const run = promisify(execFile);

/** Languages that are run. Blocks in any other language are checked elsewhere. */
const runnable = ['js', 'sh'];

/** How long a snippet that starts a server runs before it is stopped, in ms, with others running beside it. */
const SERVER_SNIPPET_MS = 2500;

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  // Inside the repository, so that imports find the workspace's packages as a user's would.
  mkdirSync(join(root, '.cache'), { recursive: true });
  folder = mkdtempSync(join(root, '.cache/docs-'));
  writeFileSync(join(folder, 'browser.mjs'), `import { WebSocket } from 'ws'; globalThis.WebSocket ??= WebSocket;\n`);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function runBlock(block: CodeBlock): Promise<void> {
  const startsServer = block.code.includes('createMadang');
  const port = startsServer ? await freePort() : server.port;
  const code = block.code.replaceAll('localhost:3000', `localhost:${port}`).replaceAll('listen(3000', `listen(${port}`);
  // Others run at the same time, and some create a data folder in their working directory.
  const own = join(folder, `${block.page.replaceAll(/\W/g, '-')}-${block.line}`);
  mkdirSync(own);
  if (block.language === 'sh') {
    await run('bash', ['-euo', 'pipefail', '-c', code], { cwd: own, timeout: 20_000 });
    return;
  }
  const file = join(own, 'block.mjs');
  const staysOpen = startsServer || code.includes('new WebSocket') || code.includes('createClient');
  const end = staysOpen ? `\nsetTimeout(() => process.exit(0), ${SERVER_SNIPPET_MS}).unref();` : '';
  writeFileSync(file, code + end);
  await run(process.execPath, ['--import', '../browser.mjs', file], { cwd: own, timeout: 20_000 });
}

describe.concurrent.each(pages())('%s', (page) => {
  const blocks = codeBlocks(page);
  test.each(blocks.filter((block) => runnable.includes(block.language) && block.notRun === undefined))(
    'block $line ($language) runs',
    async (block) => {
      await runBlock(block);
    },
  );
  test('a block that is not run says why', () => {
    for (const block of blocks) {
      expect([...runnable, 'ts', 'tsx', 'json'], `block ${block.line}`).toContain(block.language);
      if (!runnable.includes(block.language)) expect(block.notRun, `block ${block.line}`).toBeTruthy();
    }
  });
});

test('what the README sends to the lobby is in the lobby', async () => {
  const session = await fetch(`${server.url}/api/session`, {
    method: 'POST',
    body: JSON.stringify({ name: 'reader' }),
  });
  const { token } = (await session.json()) as { token: string };
  const page = await fetch(`${server.url}/api/rooms/lobby/messages`, { headers: { authorization: `Bearer ${token}` } });
  const { messages } = (await page.json()) as { messages: { text: string }[] };
  const texts = messages.map((message) => message.text);
  for (const transport of ['the SDK', 'Socket.IO', 'curl', 'a plain WebSocket'])
    expect(texts).toContain(`Hello from ${transport}`);
  for (const transport of ['SDK', 'Socket.IO', 'curl', '순수 WebSocket'])
    expect(texts).toContain(`${transport}에서 안녕하세요`);
});
