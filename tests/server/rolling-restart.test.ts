import { expect, test, vi } from 'vitest';
import { startNginx } from '../support/nginx.ts';
import { readiness, startNodes } from '../support/nodes.ts';
import { startServer } from '../support/start-server.ts';
import { startSenders } from '../support/steady-senders.ts';

// Several programs start several times, which takes long on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const SPEAKERS = 8;
const SPREAD_MS = 800;
const flags = ['--limits', 'off', '--reconnect-spread-ms', String(SPREAD_MS)];

/** The delays of one stop are spread: each client has its own part of the time. */
function expectSpread(delays: number[]): void {
  const part = SPREAD_MS / delays.length;
  for (const [index, delay] of delays.toSorted((a, b) => a - b).entries()) {
    expect(delay).toBeGreaterThanOrEqual(Math.floor(index * part));
    expect(delay).toBeLessThanOrEqual(Math.ceil((index + 1) * part));
  }
}

test('D1 D2 D3 D4 B16 a server that is restarted three times under load: no send fails, everybody receives everything, once, in order', async () => {
  await using server = await startServer({ flags });
  await using senders = await startSenders(server.url, SPEAKERS);
  for (let round = 1; round <= 3; round += 1) {
    const before = senders.delays.length;
    expect(await server.stop()).toBe(0);
    await server.start();
    await senders.recovered();
    const delays = senders.delays.slice(before);
    expect(delays).toHaveLength(SPEAKERS);
    expectSpread(delays);
    process.stdout.write(
      `  stop ${round}: told to come back after ${delays.toSorted((a, b) => a - b).join(', ')} ms\n`,
    );
  }
  const { messages, slowestMs } = await senders.finish();
  process.stdout.write(`  ${messages} messages, the slowest acknowledged after ${Math.round(slowestMs)} ms\n`);
});

test('D2 D3 D4 D7 B16 nodes behind nginx that are restarted one after the other: no send fails, everybody receives everything, once, in order', async () => {
  await using workspace = await startNodes({ flags: [...flags, '--trusted-proxies', 'loopback'] });
  await using nginx = await startNginx(workspace.nodes.map(({ port }) => port) as [number, number]);
  await using senders = await startSenders(nginx.url, SPEAKERS);
  for (const [index, node] of workspace.nodes.entries()) {
    const before = senders.delays.length;
    expect(await node.stop()).toBe(0);
    await senders.recovered();
    await node.start();
    await expect.poll(() => readiness(node)).toMatchObject({ status: 'ready', bus: 'up' });
    const delays = senders.delays.slice(before);
    expectSpread(delays);
    process.stdout.write(`  node ${index + 1}: ${delays.length} clients told to come back\n`);
  }
  // Each node served somebody.
  expect(senders.delays.length).toBeGreaterThanOrEqual(SPEAKERS);
  const { messages, slowestMs } = await senders.finish();
  process.stdout.write(`  ${messages} messages, the slowest acknowledged after ${Math.round(slowestMs)} ms\n`);
});
