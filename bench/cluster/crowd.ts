import { madangJsonRpcOf, type Place } from '../lib/dialect.ts';
import { connectLoad, type Load } from '../lib/load.ts';
import { bringPeople } from '../lib/workspace.ts';
import type { Cluster } from './cluster.ts';

/** How many people the small rooms have. */
export const ROOM_SIZE = 10;

/** How many are in the large room, which is the lobby. */
export const LARGE_ROOM = 500;

/** Where people and their rooms are. */
export type Layout = 'one large room' | 'small rooms, spread' | 'small rooms, together';

/** The people of a cluster: all are in the lobby, and each ten in a room of their own. */
export interface Crowd {
  tokens: string[];
  rooms: string[];
}

/** How many come in at a time: about what a node's connections to PostgreSQL can do at once. */
export const AT_A_TIME = 16;

let loads = 0;

/** Brings people into a cluster. */
export function bringCrowd(cluster: Cluster, people: number): Promise<Crowd> {
  return bringPeople(cluster.nodes[0]?.port ?? 0, { people, roomSize: ROOM_SIZE }, AT_A_TIME);
}

/** Connects as many people as the large room holds, laid out over the nodes. */
export async function connectCrowd(cluster: Cluster, crowd: Crowd, layout: Layout): Promise<Load> {
  const places = placesOf(cluster, crowd, layout).slice(0, LARGE_ROOM);
  return connectPlaces(cluster, places, layout === 'one large room' ? 8 : 1);
}

/** Connects people at their places; so many of each room send. */
export function connectPlaces(cluster: Cluster, places: Place[], sendersPerRoom: number): Promise<Load> {
  loads += 1;
  const contender = { dialect: madangJsonRpcOf(loads) };
  return connectLoad({ port: cluster.nodes[0]?.port ?? 0, places, contender }, sendersPerRoom);
}

/** Where everyone is: spread over the nodes one by one, or room by room. */
export function placesOf(cluster: Cluster, crowd: Crowd, layout: Layout): Place[] {
  const { nodes } = cluster;
  return crowd.tokens.map((token, person) => {
    // Room by room another node comes first, so that those who send, the first of each room, are spread as well.
    const group = Math.floor(person / ROOM_SIZE);
    const turn = layout === 'small rooms, together' ? group : person + group;
    const room = layout === 'one large room' ? 'lobby' : (crowd.rooms[person] as string);
    return { token, room, port: nodes[turn % nodes.length]?.port ?? 0 };
  });
}
