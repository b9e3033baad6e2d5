import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer } from './children.ts';

/** A Madang database with users, created once and kept; runs work on copies. */
export interface Workspace {
  folder: string;
  /** Each user's session. */
  tokens: string[];
  /** Each user's room: the lobby, or the one that they share with their group. */
  rooms: string[];
}

/** The users that a scenario needs. */
export interface WorkspacePlan {
  people: number;
  /** The number of users in each room; everybody in the lobby alone if absent. */
  roomSize?: number;
}

const bench = fileURLToPath(new URL('..', import.meta.url));
const cache = join(bench, '.cache');

/** Madang's program; `BENCH_MADANG` names another build's `cli.js`. */
export const madangProgram = process.env['BENCH_MADANG'] ?? join(bench, '../packages/server/dist/cli.js');

/** Settings of every Madang that is measured: all checks on, only the rate limits off. */
export function madangArgs(data: string, program = madangProgram): string[] {
  return [program, '--port', '0', '--host', '127.0.0.1', '--data', data, '--limits', 'off', '--log-level', 'info'];
}

/** The folder that keeps databases between runs. */
export function cacheFolder(): string {
  mkdirSync(cache, { recursive: true });
  return cache;
}

/** A folder for a run's data, on the same disk as the kept databases. */
export function workFolder(): string {
  return mkdtempSync(join(cacheFolder(), 'run-'));
}

/** A copy of a workspace's database for one run; remove it with {@link removeFolder}. */
export function copyOf(workspace: Workspace): string {
  const folder = workFolder();
  cpSync(workspace.folder, folder, { recursive: true });
  return folder;
}

/** Removes a run's folder. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Creates a workspace over Madang's own HTTP transport, or finds the one created earlier with the same tables. */
export async function prepareWorkspace(plan: WorkspacePlan, core: number, program = madangProgram): Promise<Workspace> {
  const name = `workspace-${plan.people}-${plan.roomSize ?? 'lobby'}-${tablesVersion(program)}`;
  const home = join(cache, name);
  const card = join(home, 'workspace.json');
  if (existsSync(card)) return JSON.parse(readFileSync(card, 'utf8')) as Workspace;
  rmSync(home, { recursive: true, force: true });
  const folder = join(home, 'data');
  mkdirSync(folder, { recursive: true });
  const server = await startServer({ args: madangArgs(folder, program) }, core);
  try {
    const workspace: Workspace = { folder, ...(await bringPeople(server.port, plan, 64)) };
    await server.stop();
    writeFileSync(card, JSON.stringify(workspace));
    return workspace;
  } finally {
    await server.stop();
  }
}

/** Brings new users to a server and into their rooms, over the HTTP transport, some at a time. */
export async function bringPeople(
  port: number,
  plan: WorkspacePlan,
  width: number,
): Promise<Pick<Workspace, 'tokens' | 'rooms'>> {
  const post = poster(port);
  const people = Array.from({ length: plan.people }, (_each, index) => index);
  const tokens = await inParallel(people, width, async (index) => {
    const { token } = (await post('/api/session', { name: `person ${index}` })) as { token: string };
    return token;
  });
  const rooms =
    plan.roomSize === undefined ? people.map(() => 'lobby') : await makeRooms(tokens, plan.roomSize, post, width);
  return { tokens, rooms };
}

/** Changes with the tables of the measured build, so that kept databases with other tables aren't used. */
export function tablesVersion(program = madangProgram): string {
  const migrations = join(dirname(program), 'store/migrations');
  const hash = createHash('sha256');
  for (const file of readdirSync(migrations)
    .filter((each) => each.endsWith('.js'))
    .sort())
    hash.update(readFileSync(join(migrations, file)));
  return hash.digest('hex').slice(0, 8);
}

type Post = (path: string, body: unknown, token?: string) => Promise<unknown>;

async function makeRooms(tokens: string[], size: number, post: Post, width: number): Promise<string[]> {
  const groups = Array.from({ length: Math.ceil(tokens.length / size) }, (_each, index) => index);
  const ids = await inParallel(groups, width, async (group) => {
    const { room } = (await post('/api/rooms', { name: `room ${group}` }, tokens[group * size])) as {
      room: { id: string };
    };
    return room.id;
  });
  const rooms = tokens.map((_token, index) => ids[Math.floor(index / size)] as string);
  await inParallel(tokens, width, (token, index) => post(`/api/rooms/${rooms[index]}/join`, {}, token));
  return rooms;
}

function poster(port: number): Post {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return (path, body, token) =>
    new Promise((resolve, reject) => {
      const sending = request(
        {
          port,
          host: '127.0.0.1',
          path,
          method: 'POST',
          agent,
          headers: {
            'Content-Type': 'application/json',
            ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => {
            if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text));
            else reject(new Error(`${path}: ${response.statusCode} ${text}`));
          });
        },
      );
      sending.on('error', reject);
      sending.end(JSON.stringify(body));
    });
}

/** Runs a function for each item, `width` at a time; the results are in the items' order. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  run: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await run(items[index] as Item, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, work));
  return results;
}
