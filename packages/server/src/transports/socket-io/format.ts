import type { CommittedEvent, OutboundEvent } from '../../log/committed.js';
import type { WireFormat } from '../../fanout/wire-format.js';
import { framedFormats } from '../framed-format.js';

/** A Socket.IO EVENT packet (2) of the namespace `/`, without Engine.IO's own prefix. */
function eventPacket(event: OutboundEvent): string {
  return `2["${event.name}",${event.json}]`;
}

/** An event or signal as an Engine.IO message (4). */
export function eventMessage(event: OutboundEvent): string {
  return `4${eventPacket(event)}`;
}

/** For the WebSocket transport: Engine.IO messages (4) in ready-made frames. */
export const socketIoFormats = framedFormats('socket.io-frames', eventMessage);

/** For polling, and during an upgrade: packets that Engine.IO frames itself. */
export const socketIoPackets: WireFormat = {
  name: 'socket.io-packets',
  encode: (events) => events.map(eventPacket),
  encodeOwn: (run) => {
    const packets = [...(run.encoded(socketIoPackets) as readonly string[])];
    for (const place of run.places) packets[place] = eventPacket((run.events[place] as CommittedEvent).own);
    return packets;
  },
};
