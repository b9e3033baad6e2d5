import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, type ServerProcess, startServer } from './children.ts';
import { inspircd } from './inspircd.ts';
import {
  bareSocketIo,
  type Dialect,
  madangJsonRpc,
  madangSocketIo,
  type Place,
  plainText,
  rawText,
} from './dialect.ts';
import {
  copyOf,
  madangArgs,
  madangProgram,
  prepareWorkspace,
  removeFolder,
  workFolder,
  type WorkspacePlan,
} from './workspace.ts';

/** A server under load: Madang at one of its transports, or a peer. */
export interface Contender {
  name: string;
  dialect: Dialect;
  /** Prepares what a run has to start; `close` removes what it left behind. */
  prepare(plan: WorkspacePlan, core: number): Promise<Prepared>;
  /** Whether it is Madang, which another build can replace. */
  isMadang?: true;
}

interface Prepared {
  command: Command;
  places: Place[];
  close: () => void;
}

/** A running contender. */
export interface Running extends ServerProcess {
  contender: Contender;
  /** For each client: its room and its identity. */
  places: Place[];
  /** Stops the process, and removes its data. */
  close(): Promise<void>;
}

const peers = fileURLToPath(new URL('../peers', import.meta.url));
const require = createRequire(import.meta.url);

/** Starts a contender on a core, with users for a plan; `nodeOptions` apply if it runs on Node. */
export async function startContender(
  contender: Contender,
  plan: WorkspacePlan,
  core: number,
  nodeOptions: readonly string[] = [],
): Promise<Running> {
  const { command, places, close } = await contender.prepare(plan, core);
  try {
    const server = await startServer({ ...command, nodeOptions }, core);
    return {
      ...server,
      contender,
      places,
      close: async () => {
        await server.stop();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** The same Madang, from another build; undefined for a peer. */
export function beforeOf({ name, dialect, isMadang }: Contender, program: string): Contender | undefined {
  return isMadang && madangAt(`${name}, before`, dialect, program);
}

function madangAt(name: string, dialect: Dialect, program = madangProgram): Contender {
  return {
    name,
    dialect,
    isMadang: true,
    prepare: async (plan, core) => {
      const workspace = await prepareWorkspace(plan, core, program);
      const data = copyOf(workspace);
      return {
        command: { args: madangArgs(data, program) },
        places: workspace.tokens.map((token, index) => ({ token, room: workspace.rooms[index] as string })),
        close: () => removeFolder(data),
      };
    },
  };
}

function peer(name: string, dialect: Dialect, command: () => Command, data?: string): Contender {
  return {
    name,
    dialect,
    prepare: (plan) => {
      const folder = data === undefined ? undefined : workFolder();
      const { env, ...rest } = command();
      const database = folder === undefined || data === undefined ? {} : { [data]: join(folder, 'peer.db') };
      return Promise.resolve({
        command: { ...rest, env: { ...env, ...database } },
        places: Array.from({ length: plan.people }, (_each, index) => ({
          room: `r${plan.roomSize === undefined ? 0 : Math.floor(index / plan.roomSize)}`,
        })),
        close: () => {
          if (folder !== undefined) removeFolder(folder);
        },
      });
    },
  };
}

function nodePeer(file: string): Command {
  return { args: ['--import', import.meta.resolve('tsx'), join(peers, file)] };
}

/** Bun's program: `BENCH_BUN`, or the npm package `bun` if it can be found, else undefined. */
export function bunProgram(): string | undefined {
  const named = process.env['BENCH_BUN'];
  if (named !== undefined) return existsSync(named) ? named : undefined;
  for (const path of ['bun/bin/bun.exe', '@oven/bun-linux-x64/bin/bun', '@oven/bun-linux-x64-baseline/bin/bun']) {
    try {
      return require.resolve(path);
    } catch {
      // Not there under this name.
    }
  }
  return undefined;
}

/** All that can be measured. */
export const contenders = {
  madangSocketIo: madangAt('Madang, Socket.IO transport', madangSocketIo),
  madangWs: madangAt('Madang, /ws', madangJsonRpc),
  socketIo: peer('bare Socket.IO', bareSocketIo(false), () => nodePeer('socket-io.ts')),
  socketIoAcks: peer('bare Socket.IO, acks', bareSocketIo(true), () => nodePeer('socket-io.ts')),
  socketIoSqlite: peer('Socket.IO + SQLite row', bareSocketIo(true), () => nodePeer('socket-io.ts'), 'BENCH_DATABASE'),
  ws: peer('bare ws', plainText, () => nodePeer('ws.ts')),
  rawJoined: peer('raw net, joined', rawText, () => ({ ...nodePeer('raw-net.ts'), env: { BENCH_JOINED: '1' } })),
  raw: peer('raw net, not joined', rawText, () => nodePeer('raw-net.ts')),
  inspircd,
  bun: peer('Bun', plainText, () => ({ program: bunProgram() ?? 'bun', args: [join(peers, 'bun.ts')] })),
} as const;
