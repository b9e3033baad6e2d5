import type { CDPSession } from 'playwright-core';
import { type BusyRoom, makeBusyRoom } from './busy-room.ts';
import type { Figure, Measure } from './measure.ts';
import { enterRoom, numberedText } from './site.ts';

/** An hour at 20 messages a second. */
const HOUR = 72_000;
/** So many messages come at a time; then the page has to show the last one. */
const BATCH = 600;

/** What is in the page's memory after a collection of garbage. */
interface Memory {
  heapMb: number;
  nodes: number;
  listeners: number;
}

/**
 * Memory while a busy room is open: whatever is kept for long is there after the first part, and must not grow from the
 * middle to the end. The traffic of an hour comes as fast as the page shows it; a quick run has that of some minutes.
 */
export const memory: Measure = {
  name: 'memory',
  title: 'memory after an hour of a busy room',
  run: async (site) => {
    const batches = (site.quick ? 6000 : HOUR) / BATCH;
    const busy = await makeBusyRoom(site, { name: 'memory', messages: 1200, people: site.quick ? 50 : 500 });
    await using reader = await enterRoom(site, busy.room);
    const { page } = reader;
    const devTools = await page.context().newCDPSession(page);
    const taken: Memory[] = [];
    for (let batch = 0; batch < batches; batch += 1) {
      const last = (batch + 1) * BATCH;
      // oxlint-disable-next-line no-await-in-loop -- an hour, in its order
      await pour(busy, batch * BATCH, BATCH);
      // oxlint-disable-next-line no-await-in-loop
      await page
        .getByRole('article')
        .filter({ hasText: `Poured ${last}.` })
        .waitFor({ timeout: 60_000 });
      if ((batch + 1) % Math.max(1, Math.floor(batches / 10)) !== 0) continue;
      // oxlint-disable-next-line no-await-in-loop
      const now = await measure(devTools);
      site.say(`  after ${last} messages: ${now.heapMb.toFixed(1)} MB, ${now.nodes} nodes, ${now.listeners} listeners`);
      taken.push(now);
    }
    return figuresOf(taken, batches * BATCH);
  },
};

/** The growth from the middle to the end. Each half's smallest counts: the list drops what is too much only now and then. */
function figuresOf(taken: readonly Memory[], messages: number): Figure[] {
  const half = Math.floor(taken.length / 2);
  const least = (of: (memory: Memory) => number, some: readonly Memory[]) => Math.min(...some.map(of));
  const growth = (of: (memory: Memory) => number) =>
    Math.max(0, least(of, taken.slice(half)) - least(of, taken.slice(1, half)));
  const heap = Math.round(10 * growth(({ heapMb }) => heapMb)) / 10;
  const most = Math.round(10 * Math.max(...taken.map(({ heapMb }) => heapMb))) / 10;
  const during = `in the second half of ${messages} messages`;
  return [
    { what: `heap of a busy room, after ${messages} messages`, value: most, unit: 'MB', bound: 60 },
    { what: `growth of the heap ${during}`, value: heap, unit: 'MB', bound: 2 },
    {
      what: `more nodes, detached ones too, ${during}`,
      value: growth(({ nodes }) => nodes),
      unit: 'nodes',
      bound: 500,
    },
    { what: `more listeners ${during}`, value: growth(({ listeners }) => listeners), unit: 'listeners', bound: 50 },
  ];
}

/** Messages by several people, with reactions and an edit, and as many connections that come and go. */
async function pour({ room, talkers }: BusyRoom, from: number, count: number): Promise<void> {
  const share = count / 4;
  for (let part = 0; part < 4; part += 1) {
    const talker = talkers[(from / share + part) % talkers.length]!;
    const texts = Array.from({ length: share }, (_, index) => {
      const number = from + part * share + index + 1;
      return `Poured ${number}. ${numberedText(number)}`;
    });
    // oxlint-disable-next-line no-await-in-loop -- in their order
    await talker.sayAll(texts, room);
    // oxlint-disable-next-line no-await-in-loop
    const { messages } = await talker.call<{ messages: { id: string }[] }>('GET', `/rooms/${room}/messages?limit=5`);
    // oxlint-disable-next-line no-await-in-loop
    await Promise.all([
      talker.call('PATCH', `/messages/${messages[0]!.id}`, { text: `Edited. ${from}` }),
      talker.call('POST', `/rooms/${room}/typing`),
      ...messages.map(({ id }) => talker.call('POST', `/messages/${id}/reactions`, { emoji: '👍' })),
    ]);
  }
}

async function measure(devTools: CDPSession): Promise<Memory> {
  await devTools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devTools.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners } = await devTools.send('Memory.getDOMCounters');
  return { heapMb: usedSize / 2 ** 20, nodes, listeners: jsEventListeners };
}
