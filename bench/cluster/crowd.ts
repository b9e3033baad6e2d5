import { madangJsonRpcOf, type Place } from '../lib/dialect.ts';
import { connectLoad, type Load } from '../lib/load.ts';
import { bringPeople } from '../lib/workspace.ts';
import type { Cluster } from './cluster.ts';

/** Users in each small room. */
export const ROOM_SIZE = 10;

/** Users in the large room, which is the lobby. */
export const LARGE_ROOM = 500;

/** How users and their rooms are spread over the nodes. */
export type Layout = 'one large room' | 'small rooms, spread' | 'small rooms, together';

/** The users of a cluster: all are in the lobby, and each group of ten in a room of its own. */
export interface Crowd {
  tokens: string[];
  rooms: string[];
}

/** How many connect at a time: about what a node's connections to PostgreSQL can handle at once. */
export const AT_A_TIME = 16;

let loads = 0;

/** Creates a cluster's users. */
export function bringCrowd(cluster: Cluster, people: number): Promise<Crowd> {
  return bringPeople(cluster.nodes[0]?.port ?? 0, { people, roomSize: ROOM_SIZE }, AT_A_TIME);
}

/** Connects as many users as the large room holds, laid out over the nodes. */
export async function connectCrowd(cluster: Cluster, crowd: Crowd, layout: Layout): Promise<Load> {
  const places = placesOf(cluster, crowd, layout).slice(0, LARGE_ROOM);
  return connectPlaces(cluster, places, layout === 'one large room' ? 8 : 1);
}

/** Connects users at their places; `senders` of each room send. */
export function connectPlaces(cluster: Cluster, places: Place[], sendersPerRoom: number): Promise<Load> {
  loads += 1;
  const contender = { dialect: madangJsonRpcOf(loads) };
  return connectLoad({ port: cluster.nodes[0]?.port ?? 0, places, contender }, sendersPerRoom);
}

/** Everybody's node: users are spread one by one, or room by room. */
export function placesOf(cluster: Cluster, crowd: Crowd, layout: Layout): Place[] {
  const { nodes } = cluster;
  return crowd.tokens.map((token, person) => {
    // Each room begins with another node, so that the senders, the first users of each room, are spread as well.
    const group = Math.floor(person / ROOM_SIZE);
    const turn = layout === 'small rooms, together' ? group : person + group;
    const room = layout === 'one large room' ? 'lobby' : (crowd.rooms[person] as string);
    return { token, room, port: nodes[turn % nodes.length]?.port ?? 0 };
  });
}
