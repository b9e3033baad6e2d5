import type { Config } from '../config.js';
import { StartError } from '../errors.js';
import type { Cluster } from './cluster.js';
import type { NodesParts } from './nodes.js';
import { oneNode } from './one-node.js';

/**
 * Opens the cluster of the nodes that share a database. With SQLite there is only one node, and the code for several is
 * not even loaded.
 */
export async function openCluster({ database, bus }: Config, parts: Omit<NodesParts, 'bus'>): Promise<Cluster> {
  if (database === undefined) return oneNode(parts.store);
  const { Nodes } = await import('./nodes.js');
  return new Nodes({ ...parts, bus });
}

/**
 * Checks the setting `bus`.
 * @throws StartError if it is given with SQLite
 */
export function refuseUselessBus({ bus, database }: Config): void {
  if (bus === undefined || database !== undefined) return;
  throw new StartError(
    'A bus joins nodes that share one database, and SQLite belongs to one node. Give --database postgres://… too, or leave --bus out.',
  );
}
