import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { Opened } from '../opened.js';
import type { Store } from '../store/store.js';
import { AllRecords } from './all-records.js';
import { BufferBound } from './buffer-bound.js';
import { Connections } from './connections.js';
import { Delivery } from './deliver.js';
import { DeliveryRecords } from './delivery-records.js';
import { HandshakeTimeouts } from './handshake-timeouts.js';
import type { OtherNodes } from './other-nodes.js';
import { SendBuffers } from './send-buffer.js';
import { Signals } from './signals.js';

/** The parts that bring committed events and signals to connections. */
interface FanOut {
  connections: Connections;
  /** What this node has recorded. */
  records: DeliveryRecords;
  /** What all nodes have recorded. */
  allRecords: AllRecords;
  buffers: SendBuffers;
  bufferBound: BufferBound;
  handshakeTimeouts: HandshakeTimeouts;
  delivery: Delivery;
  signals: Signals;
}

/** Makes the parts of the fan-out, and registers those that have to be closed. */
export function openFanOut(
  { store, clock, others, config }: { store: Store; clock: Clock; others: OtherNodes; config: Config },
  opened: Opened,
): FanOut {
  const connections = new Connections(store, others);
  const records = opened.add(new DeliveryRecords(clock));
  const buffers = new SendBuffers(config.sendBufferBytes, records);
  const delivery = new Delivery(connections, buffers, records);
  return {
    connections,
    records,
    allRecords: new AllRecords(records, others),
    buffers,
    bufferBound: opened.add(new BufferBound(connections, config.maxBufferedBytes)),
    handshakeTimeouts: opened.add(new HandshakeTimeouts(config.handshakeTimeoutMs)),
    delivery,
    signals: new Signals(connections, delivery, clock, others),
  };
}
