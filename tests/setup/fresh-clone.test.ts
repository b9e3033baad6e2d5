import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyBuilt, freshClone, Workplace } from '../support/fresh-clone.ts';
import { isLong } from '../support/long.ts';
import { nodeFolder } from '../support/node-versions.ts';
import { freePort } from '../support/start-server.ts';
import { codeBlocks } from '../docs/code-blocks.ts';

/** Whatever is installed and built here may have to share the machine with other tests. */
const SETUP_MS = 400_000;

/** Whether the Node that runs this test needs another driver than the lock file has. */
const isNode20 = process.versions.node.startsWith('20.');

/** Installed and built once, with Node 24. The tests continue from one to the next, as a person would. */
let clone: Workplace;
let node24: string;

beforeAll(async () => {
  clone = freshClone();
  node24 = await nodeFolder(24);
}, SETUP_MS);
afterAll(() => clone[Symbol.dispose](), SETUP_MS);

/** Signs in, sends a message, and reads it. */
async function talk(url: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const session = await fetch(`${url}/api/session`, { method: 'POST', headers, body: '{"name":"newcomer"}' });
  const { token } = (await session.json()) as { token: string };
  const authorized = { ...headers, authorization: `Bearer ${token}` };
  const room = `${url}/api/rooms/lobby/messages`;
  const sent = await fetch(room, { method: 'POST', headers: authorized, body: '{"text":"first words"}' });
  expect(sent.status).toBe(201);
  const page = (await (await fetch(room, { headers: authorized })).json()) as { messages: { text: string }[] };
  expect(page.messages.map(({ text }) => text)).toContain('first words');
  expect(await (await fetch(`${url}/`)).text()).toContain('<div id="root">');
}

test(
  'npm ci needs no compiler, and npx madang says what is still to be done',
  async () => {
    // Compilers that always fail: as good as none.
    const installed = await clone.run('CC=false CXX=false npm ci --prefer-offline', node24);
    expect(installed.code, installed.output).toBe(0);
    const early = await clone.run('npx madang --version', node24);
    expect(early).toEqual({ code: 1, output: expect.stringContaining('run "npm run build" first') });
  },
  SETUP_MS,
);

test(
  'after npm run build, npx madang serves on Node 24',
  async () => {
    // That took nearly all of the build. `npm run test:nodes` builds everything on each Node. The program is bundled here:
    // its compiled code fits one Node only.
    copyBuilt(clone);
    const built = await clone.run('npm run build', node24);
    expect(built.code, built.output).toBe(0);
    const { version } = JSON.parse(readFileSync(join(clone.path, 'packages/server/package.json'), 'utf8')) as {
      version: string;
    };
    expect(await clone.run('npx madang --version', node24)).toEqual({ code: 0, output: `${version}\n` });
    await using server = await clone.serve('npx madang --port 0 --data data-24', node24);
    await talk(server.url);
  },
  SETUP_MS,
);

test.runIf(isLong)(
  'what npm pack makes installs in an empty folder, and the Express example of the README runs there',
  async () => {
    using folder = new Workplace();
    const workspaces = ['protocol', 'client', 'verify', 'web', 'server'].map((name) => `-w packages/${name}`).join(' ');
    const packed = await clone.run(`npm pack ${workspaces} --pack-destination ${folder.path}`, node24);
    expect(packed.code, packed.output).toBe(0);
    const installed = await folder.run('npm init -y && npm install --prefer-offline ./*.tgz', node24);
    expect(installed.code, installed.output).toBe(0);

    const example = codeBlocks('README.md').find(({ code }) => code.includes('createMadang'))?.code ?? '';
    const port = await freePort();
    const code = example.replace(
      'listen(3000)',
      `listen(${port}, () => console.log('open at http://localhost:${port}'))`,
    );
    writeFileSync(join(folder.path, 'app.mjs'), code);
    await using app = await folder.serve('node app.mjs', node24);
    const session = await fetch(`${app.url}/chat/api/session`, { headers: { origin: app.url } });
    expect(await session.json()).toMatchObject({ user: { name: 'minsu' } });
    const page = await (await fetch(`${app.url}/chat/`)).text();
    const script = /src="\.\/(assets\/[^"]+\.js)"/.exec(page)?.[1];
    expect((await fetch(`${app.url}/chat/${script}`)).status).toBe(200);

    // The program is included, and so are types.
    await using server = await folder.serve('npx madang --port 0 --data own-data', node24);
    await talk(server.url);
    const use = `import { createMadang } from 'madang';\nimport { createClient } from '@madang/client';
    void createMadang({ path: '/chat' });\ncreateClient({ url: 'http://localhost' }).connect();
    // @ts-expect-error -- there is no such option\nvoid createMadang({ nosuch: 1 });\n`;
    writeFileSync(join(folder.path, 'use.mts'), use);
    const tsc = join(clone.path, 'node_modules/.bin/tsc');
    const checked = await folder.run(
      `${tsc} --noEmit --strict --skipLibCheck --target es2024 --module nodenext --types '' use.mts`,
      node24,
    );
    expect(checked, checked.output).toMatchObject({ code: 0 });
  },
  SETUP_MS,
);

test.runIf(isLong && isNode20)(
  'a driver built for another Node is reported in one sentence, and npm run build replaces it',
  async () => {
    const sentence = /^madang: The SQLite driver [^\n]+ "npm run build"[^\n]+\.\n$/;
    const start = 'npx madang --port 0 --data data-20';
    expect(await clone.run(start)).toEqual({ code: 1, output: expect.stringMatching(sentence) });
    const built = await clone.run('npm run build');
    expect(built.code, built.output).toBe(0);
    {
      await using server = await clone.serve(start);
      await talk(server.url);
    }
    // And back again.
    expect(await clone.run(start, node24)).toEqual({ code: 1, output: expect.stringMatching(sentence) });
  },
  SETUP_MS,
);
