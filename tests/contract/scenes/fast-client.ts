import { pause, percentile, play, say, type SceneOptions, until } from '@madang/verify';

/** How many sends the fast client leaves unanswered; more than a connection may have. */
const IN_FLIGHT = 400;

/** Interval between the others' messages, in ms. */
const OTHERS_MS = 100;

/** What a client that sends as fast as it can received, and did to others. */
export interface FastClientResult {
  history: string;
  attempts: number;
  acknowledged: number;
  rateLimited: number;
  /** 99th percentile of another user's sends meanwhile, in ms. */
  othersP99Ms: number;
  hasCaughtUp: boolean;
}

/** One client sends without waiting for answers, under the default limits, while another talks at a normal pace. */
export function playFastClient(options: SceneOptions & { durationMs: number }): Promise<FastClientResult> {
  return play('fast-client', { ...options, flags: [] }, async ({ bring, conclude }) => {
    const fast = await bring('fast');
    const other = await bring('other');
    for (const client of [fast, other]) client.start();
    if (!(await until(() => [fast, other].every((client) => client.appliedOf('lobby') > 0), 20_000))) {
      throw new Error('the clients did not connect');
    }
    const outcomes = { attempts: 0, acknowledged: 0, rateLimited: 0 };
    const end = performance.now() + options.durationMs;
    const rush = async (): Promise<void> => {
      while (performance.now() < end) {
        outcomes.attempts += 1;
        const cid = `fast-${outcomes.attempts}`;
        const intent = { command: 'message.send', room: 'lobby', cid, text: cid };
        const answer = await fast.attempt(intent, { room: 'lobby', text: cid, clientId: cid });
        if (answer && 'result' in answer) outcomes.acknowledged += 1;
        else if (answer && 'error' in answer && answer.error.code === 'rate_limited') outcomes.rateLimited += 1;
        else await pause(20);
      }
    };
    const latencies: number[] = [];
    const talk = async (): Promise<void> => {
      while (performance.now() < end) {
        latencies.push(await say(other, `other-${latencies.length}`, 'hello'));
        await pause(OTHERS_MS);
      }
    };
    await Promise.all([talk(), ...Array.from({ length: IN_FLIGHT }, rush)]);
    await until(() => fast.isConnected() && fast.appliedOf('lobby') >= other.appliedOf('lobby'), 20_000);
    await conclude([fast, other]);
    const hasCaughtUp = fast.appliedOf('lobby') >= other.appliedOf('lobby');
    return { ...outcomes, othersP99Ms: percentile(latencies, 0.99), hasCaughtUp };
  });
}
