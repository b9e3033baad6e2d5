import { type Keeper, pause, play, type RawClient, say, type SceneOptions, until } from '@madang/verify';

/** How many messages the clients have missed when they reconnect. */
const MISSED = 20;

/** How many guests enter together at the beginning. */
const ARRIVALS = 32;

/** How long everybody may take, in ms. */
const LIMIT_MS = 180_000;

/** The result for clients that all reconnected together. */
export interface StormResult {
  history: string;
  clients: number;
  /** From the server's death until it was open again, in ms. */
  restartMs: number;
  /** From the first reconnection until the last client had everything, in ms. */
  caughtUpMs: number;
  /** The slowest of another user's sends meanwhile, in ms. */
  slowestSendMs: number;
  haveAllCaughtUp: boolean;
}

/**
 * Many clients are in one room. The server is killed and restarted, and messages are sent that all of them miss. Then
 * all reconnect within one second, while a user keeps sending.
 */
export function playStorm(options: SceneOptions & { clients: number }): Promise<StormResult> {
  const flags = ['--limits', 'off', '--heartbeat-ms', '600000'];
  return play('storm', { ...options, flags }, async ({ subject, keeper, place, conclude, random }) => {
    const guests = await arrive(keeper, options.clients + 1);
    // The log before that is not read: it has everybody's joins, and would be read once for each of them.
    const after = (await keeper.readLog('lobby')).length;
    let opens: Promise<void> = Promise.resolve();
    const gate = async () => {
      await opens;
      await pause(random.next() * 1000);
    };
    const [talker, ...clients] = guests.map((guest, index) =>
      place(`storm-${index}`, guest, index === 0 ? { after } : { after, gate }),
    ) as [RawClient, ...RawClient[]];
    for (const client of [talker, ...clients]) client.start();
    const haveConnected = () => [talker, ...clients].every((client) => client.isConnected());
    if (!(await until(haveConnected, LIMIT_MS))) throw new Error('the clients did not connect');
    const head = () => talker.appliedOf('lobby');
    const haveAll = () => clients.every((client) => client.appliedOf('lobby') >= head());

    let open: () => void = () => undefined;
    opens = new Promise((resolve) => (open = resolve));
    const died = performance.now();
    await subject.kill();
    await subject.start();
    const restartMs = performance.now() - died;
    await until(() => talker.isConnected(), 20_000);
    for (let number = 0; number < MISSED; number += 1) await say(talker, `missed-${number}`, `missed ${number}`);

    const began = performance.now();
    open();
    let slowestSendMs = 0;
    const over = new AbortController();
    const talking = (async () => {
      for (let number = 0; !over.signal.aborted; number += 1) {
        slowestSendMs = Math.max(slowestSendMs, await say(talker, `meanwhile-${number}`, `meanwhile ${number}`));
        await pause(500);
      }
    })();
    const goal = head();
    const haveAllCaughtUp = await until(
      () => clients.every((client) => client.appliedOf('lobby') >= goal),
      LIMIT_MS,
      20,
    );
    const caughtUpMs = performance.now() - began;
    over.abort();
    await talking;
    await until(haveAll, 20_000);
    await conclude([talker, ...clients]);
    return { clients: clients.length, restartMs, caughtUpMs, slowestSendMs, haveAllCaughtUp };
  });
}

/** Signs in many guests, several at a time. */
async function arrive(keeper: Keeper, count: number): Promise<{ user: string; token: string }[]> {
  const guests: { user: string; token: string }[] = [];
  let number = 0;
  const bring = async (): Promise<void> => {
    while (number < count) {
      number += 1;
      guests.push(await keeper.guest(`storm ${number}`));
    }
  };
  await Promise.all(Array.from({ length: ARRIVALS }, bring));
  return guests;
}
