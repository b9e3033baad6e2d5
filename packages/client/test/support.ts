import { type Client, type ClientOptions, createClient, memoryOutboxStore, type ViewMessage } from '@madang/client';
import { FakeTransport } from '@madang/client/testing';
import { onTestFinished, vi } from 'vitest';
import { ModelWorkspace } from './model-workspace.js';

/** Time controlled by the test, until its end. */
export function fakeTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
}

/** Lets everything run that waits only for its turn. */
export async function settle(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

/** A model workspace, with clients that are closed at the end of the test. */
export function newWorkspace() {
  const workspace = new ModelWorkspace(new FakeTransport());
  function join(name: string, options: Partial<ClientOptions> & { rooms?: string[] } = {}) {
    const { rooms, ...rest } = options;
    const transport = new FakeTransport();
    workspace.attach(transport);
    const token = workspace.users.has(`u-${name}`) ? `token-${name}` : workspace.addUser(name, rooms).token;
    const client = createClient({
      url: 'http://workspace.test',
      transport: transport.open,
      token,
      outbox: memoryOutboxStore(),
      ...rest,
    });
    onTestFinished(() => client.close());
    return { client, transport };
  }
  return { workspace, join };
}

/** Connects and waits until it is online. */
export async function online(client: Client): Promise<void> {
  client.connect();
  await settle();
}

/** A short form of what a room shows: pending messages in (), failed ones in !!. */
export function shown(client: Client, room = 'lobby'): string[] {
  return client.room(room).get().messages.map(textOf);
}

function textOf({ text, delivery }: ViewMessage): string {
  if (delivery === 'pending') return `(${text})`;
  return delivery === 'failed' ? `!${text}!` : text;
}

/** Watches a room, so that it loads. */
export async function watch(client: Client, room = 'lobby'): Promise<void> {
  onTestFinished(client.room(room).subscribe(() => {}));
  await settle();
}

/** Collects the texts of the messages that listeners receive. */
export function heard(client: Client): string[] {
  const texts: string[] = [];
  client.on('message.created', ({ message }) => texts.push(message.text));
  return texts;
}
