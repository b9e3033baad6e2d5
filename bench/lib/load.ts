import type { Dialect, Place } from './dialect.ts';
import { type Audience, Ledger } from './ledger.ts';
import { LoadClient, type LoadListener } from './load-client.ts';
import { sleep } from './drive.ts';
import { inParallel } from './workspace.ts';

/** Connected clients, with the ledger of what they receive. */
export interface Load {
  clients: LoadClient[];
  /** The clients that send, in the order of the ledger's senders. */
  senders: LoadClient[];
  ledger: Ledger;
  close(): void;
}

/** What a load connects to. */
export interface Reached {
  /** The port of places that name none. */
  port: number;
  places: readonly Place[];
  contender: { dialect: Dialect };
}

/** How long it must be silent before clients count as settled, in ms. */
const QUIET_MS = 250;

/**
 * Connects a client for each of the server's places, and waits until everything caused by their connecting is over.
 * `senders` of each room send.
 */
export async function connectLoad(server: Reached, sendersPerRoom: number, ring?: number): Promise<Load> {
  const byRoom = new Map<string, number[]>();
  for (const [index, { room }] of server.places.entries()) {
    const members = byRoom.get(room);
    if (members) members.push(index);
    else byRoom.set(room, [index]);
  }
  const senders = [...byRoom.values()].flatMap((members) => members.slice(0, sendersPerRoom));
  const audience: Audience = {
    clients: server.places.length,
    senders,
    hearers: (sender) => byRoom.get(server.places[senders[sender] ?? 0]?.room ?? '') ?? [],
  };
  const ledger = new Ledger(audience, ring);
  const clients = await connectClients(server, ledger);
  while (clients.some((client) => performance.now() - client.heardAt < QUIET_MS)) await sleep(50);
  return {
    clients,
    senders: senders.map((index) => clients[index] as LoadClient),
    ledger,
    close: () => {
      for (const client of clients) client.close();
    },
  };
}

/** Connects a client for each place, some handshakes at a time. */
export async function connectClients(server: Reached, listener: LoadListener, width = 50): Promise<LoadClient[]> {
  const { port, places, contender } = server;
  return inParallel(places, width, async (place, index) => {
    const client = new LoadClient({ index, port: place.port ?? port, place, dialect: contender.dialect, listener });
    await client.ready;
    return client;
  });
}
