/**
 * What an idle connection keeps on a Node server's heap: `npx tsx bench/heap.ts [--connections 2000] [--contenders
 * madangWs,ws]`. Takes two heap snapshots of a server, without and with its clients, and divides the difference by kind
 * of object. Bytes are those of the objects themselves, not of what they refer to.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Contender, contenders, startContender } from './lib/contender.ts';
import { pinSelf } from './lib/cpu.ts';
import { sleep } from './lib/drive.ts';
import { connectClients } from './lib/load.ts';
import { removeFolder, workFolder } from './lib/workspace.ts';

/** Kinds with fewer bytes per connection than this are summed up as others. */
const LEAST_BYTES = 24;

const { values } = parseArgs({
  options: { connections: { type: 'string', default: '2000' }, contenders: { type: 'string' } },
});

interface Snapshot {
  snapshot: { meta: { node_fields: string[]; node_types: [string[], ...unknown[]] } };
  nodes: number[];
  strings: string[];
}

interface Kind {
  count: number;
  bytes: number;
}

const deaf = { delivered: () => undefined, answered: () => undefined };
const say = (line: string) => void process.stdout.write(`${line}\n`);

pinSelf(0);
const wanted = values.contenders?.split(',') ?? ['madangSocketIo', 'socketIo', 'madangWs', 'ws'];
for (const [key, contender] of Object.entries(contenders)) {
  if (wanted.includes(key)) await measure(contender, Number(values.connections));
}

async function measure(contender: Contender, people: number): Promise<void> {
  const server = await startContender(contender, { people }, 1);
  const folder = workFolder();
  try {
    const take = async (name: string) => {
      const file = join(folder, name);
      await server.snapshot(file);
      return kindsOf(JSON.parse(readFileSync(file, 'utf8')) as Snapshot);
    };
    // Once beforehand, so that what the first connections create isn't counted as theirs.
    for (const client of await connectClients(server, deaf)) client.close();
    await sleep(6000);
    const without = await take('without.heapsnapshot');
    const clients = await connectClients(server, deaf);
    await sleep(6000);
    print(contender.name, without, await take('with.heapsnapshot'), people);
    for (const client of clients) client.close();
  } finally {
    await server.close();
    removeFolder(folder);
  }
}

function kindsOf({ snapshot, nodes, strings }: Snapshot): Map<string, Kind> {
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, name, size] = ['type', 'name', 'self_size'].map((field) => fields.indexOf(field)) as [
    number,
    number,
    number,
  ];
  const kinds = new Map<string, Kind>();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kindOfNode = types[0][nodes[at + type] as number] as string;
    const key = /string/.test(kindOfNode)
      ? kindOfNode
      : `${kindOfNode} ${(strings[nodes[at + name] as number] as string).slice(0, 60)}`;
    const kind = kinds.get(key) ?? { count: 0, bytes: 0 };
    kinds.set(key, { count: kind.count + 1, bytes: kind.bytes + (nodes[at + size] as number) });
  }
  return kinds;
}

function print(name: string, before: Map<string, Kind>, after: Map<string, Kind>, people: number): void {
  const rows = [...after].map(([kind, { count, bytes }]) => {
    const was = before.get(kind) ?? { count: 0, bytes: 0 };
    return { kind, count: (count - was.count) / people, bytes: (bytes - was.bytes) / people };
  });
  const total = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  say(`\n${name}: ${total.toFixed(0)} bytes of heap a connection\n\n| bytes | objects | kind |\n| --- | --- | --- |`);
  const shown = rows.filter(({ bytes }) => bytes >= LEAST_BYTES).sort((a, b) => b.bytes - a.bytes);
  for (const { kind, count, bytes } of shown) say(`| ${bytes.toFixed(0)} | ${count.toFixed(1)} | ${kind} |`);
  const rest = total - shown.reduce((sum, { bytes }) => sum + bytes, 0);
  say(`| ${rest.toFixed(0)} | | others |`);
}
