import { type RestGuest, startRestGuest } from '../../tests/support/rest-guest.ts';
import { connectJsonRpc } from '../../tests/support/json-rpc-client.ts';
import { call } from '../../tests/support/transport-client.ts';
import { numberedText, type Site } from './site.ts';

/** How many guests are created at a time. */
const AT_ONCE = 50;

/** How many people talk. The others of a room are only there. */
const TALKERS = 10;

/** A room with many people, of whom some talk. */
export interface BusyRoom {
  room: string;
  name: string;
  talkers: readonly RestGuest[];
  /** Somebody sends a message. Resolves to its id. */
  say: (text: string) => Promise<string>;
  /** Somebody new joins, comes online, and goes. */
  visit: () => Promise<void>;
}

/** Makes a room with messages numbered from 1, and guests in it. */
export async function makeBusyRoom(
  site: Site,
  { name, messages, people }: { name: string; messages: number; people: number },
): Promise<BusyRoom> {
  const owner = await startRestGuest(site.url, `${name} owner`);
  const { room } = await owner.call<{ room: { id: string } }>('POST', '/rooms', { name });
  const texts = Array.from({ length: messages }, (_, index) => numberedText(index + 1));
  const seqs = await owner.sayAll(texts, room.id);
  if (seqs.length !== messages) throw new Error(`${seqs.length} of ${messages} messages were sent`);
  const talkers = [owner];
  for (let begun = 1; begun < people; begun += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, people - begun) }, async (_, index) => {
      const guest = await startRestGuest(site.url, `person ${begun + index}`);
      await guest.call('POST', `/rooms/${room.id}/join`);
      return guest;
    });
    // oxlint-disable-next-line no-await-in-loop -- not all at once
    talkers.push(...(await Promise.all(some)).slice(0, TALKERS - talkers.length));
  }
  let sends = 0;
  let visits = 0;
  return {
    room: room.id,
    name,
    talkers,
    say: async (text) => {
      const talker = talkers[sends++ % talkers.length]!;
      const path = `/rooms/${room.id}/messages`;
      const { message } = await talker.call<{ message: { id: string } }>('POST', path, { text });
      return message.id;
    },
    visit: async () => {
      await using visitor = await connectJsonRpc(site.url, { name: `visitor ${++visits}` });
      await call(visitor, 'room.join', { room: room.id });
    },
  };
}

/** For `times` twentieths of a second: a message in each, and beside it what else goes on where many people talk. */
export async function talkAtPace(busy: BusyRoom, times: number): Promise<void> {
  const all: Promise<unknown>[] = [];
  for (let index = 0; index < times; index += 1) {
    all.push(sayAndMore(busy, index));
    // oxlint-disable-next-line no-await-in-loop -- at this pace
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await Promise.all(all);
}

async function sayAndMore(busy: BusyRoom, index: number): Promise<void> {
  const other = busy.talkers[(index + 3) % busy.talkers.length]!;
  if (index % 3 === 0) await other.call('POST', `/rooms/${busy.room}/typing`);
  const message = await busy.say(numberedText(index));
  if (index % 4 === 0) await other.call('POST', `/messages/${message}/reactions`, { emoji: '👍' });
  if (index % 10 === 0) await busy.visit();
}
