import { createClient, createCluster } from '@redis/client';
import { messageOf } from '../errors.js';
import { withinMs } from '../within-ms.js';

/** How long a connection may take until it is ready, in ms. */
const OPEN_MS = 3000;

/** Adds to a count and starts its window with the first. One step, so that no count is left without an expiry. */
const COUNT = `local total = redis.call('INCRBY', KEYS[1], ARGV[1])
if total == tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {total, redis.call('PTTL', KEYS[1])}`;

/** Two connections to Redis, for publishing and for subscribing. They open and end together, and are never reopened. */
export interface RedisLink {
  publish(channel: string, message: string): Promise<unknown>;
  subscribe(channels: string[]): Promise<void>;
  unsubscribe(channels: string[]): Promise<void>;
  /** See `Bus.count`. */
  count(key: string, points: number, windowMs: number): Promise<{ total: number; msLeft: number }>;
  destroy(): void;
}

/** Receives what a link reports. */
export interface RedisLinkListener {
  message(channel: string, message: string): void;
  /** The link ended on its own; nothing follows. */
  ended(reason: string): void;
}

/** Redis refuses us, and waiting won't help. */
export class RedisRefusal extends Error {
  override readonly name = 'RedisRefusal';
}

/**
 * Connects. A Redis Cluster is recognised and used with sharded pub/sub, which sends a message only to the shard of its
 * channel.
 * @throws RedisRefusal for a wrong password; other errors if it can't be reached.
 */
export async function openRedisLink(url: string, listener: RedisLinkListener): Promise<RedisLink> {
  const first = newClient(url);
  try {
    await withinMs(OPEN_MS, first.connect());
    const info = await withinMs(OPEN_MS, first.info('cluster'));
    if (/cluster_enabled:1/.test(info)) {
      first.destroy();
      return await openCluster(url, listener);
    }
    return await openSingle(first, listener);
  } catch (error) {
    if (first.isOpen) first.destroy();
    const message = messageOf(error);
    if (/^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid password)/.test(message)) throw new RedisRefusal(message);
    throw error;
  }
}

type Client = ReturnType<typeof newClient>;

function newClient(url: string) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    // A broken link is replaced as a whole, with all its subscriptions: see RedisBus.
    socket: { reconnectStrategy: false, connectTimeout: OPEN_MS },
    maintNotifications: 'disabled',
  });
  // Without a listener an error would end the process. `terminated` reports what matters.
  client.on('error', () => undefined);
  return client;
}

async function openSingle(publisher: Client, listener: RedisLinkListener): Promise<RedisLink> {
  const subscriber = publisher.duplicate();
  subscriber.on('error', () => undefined);
  let isOver = false;
  const destroy = () => {
    isOver = true;
    for (const client of [publisher, subscriber]) if (client.isOpen) client.destroy();
  };
  for (const client of [publisher, subscriber]) {
    client.on('terminated', (error: unknown) => {
      if (isOver) return;
      destroy();
      listener.ended(messageOf(error));
    });
  }
  try {
    await withinMs(OPEN_MS, subscriber.connect());
  } catch (error) {
    destroy();
    throw error;
  }
  const hear = (message: string, channel: string) => listener.message(channel, message);
  return {
    publish: (channel, message) => publisher.publish(channel, message),
    subscribe: (channels) => subscriber.subscribe(channels, hear),
    unsubscribe: (channels) => subscriber.unsubscribe(channels, hear),
    count: async (key, points, windowMs) =>
      countOf(await publisher.eval(COUNT, { keys: [key], arguments: [`${points}`, `${windowMs}`] })),
    destroy,
  };
}

async function openCluster(url: string, listener: RedisLinkListener): Promise<RedisLink> {
  const { username, password } = new URL(url);
  const cluster = createCluster({
    rootNodes: [{ url }],
    defaults: {
      ...(username !== '' && { username: decodeURIComponent(username) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
      socket: { connectTimeout: OPEN_MS },
    },
  });
  cluster.on('error', () => undefined);
  try {
    await withinMs(OPEN_MS, cluster.connect());
  } catch (error) {
    cluster.destroy();
    throw error;
  }
  const hear = (message: string, channel: string) => listener.message(channel, message);
  return {
    publish: (channel, message) => cluster.sPublish(channel, message),
    subscribe: async (channels) => {
      await Promise.all(channels.map((channel) => cluster.sSubscribe(channel, hear)));
    },
    unsubscribe: async (channels) => {
      await Promise.all(channels.map((channel) => cluster.sUnsubscribe(channel, hear)));
    },
    count: async (key, points, windowMs) =>
      countOf(await cluster.eval(COUNT, { keys: [key], arguments: [`${points}`, `${windowMs}`] })),
    destroy: () => cluster.destroy(),
  };
}

function countOf(reply: unknown): { total: number; msLeft: number } {
  const [total, msLeft] = reply as [number, number];
  return { total, msLeft };
}
