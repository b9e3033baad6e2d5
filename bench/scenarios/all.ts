import type { Scenario } from '../lib/result.ts';
import { durable } from './durable.ts';
import { fairness } from './fairness.ts';
import { idle } from './idle.ts';
import { loneAck } from './lone-ack.ts';
import { longRoom } from './long-room.ts';
import { openLoopRoom } from './open-loop.ts';
import { paced } from './paced.ts';
import { saturated } from './saturated.ts';
import { storm } from './storm.ts';

/** Every scenario, in the order of running and showing. */
export const scenarios: readonly Scenario[] = [
  saturated,
  fairness,
  paced,
  openLoopRoom,
  durable,
  loneAck,
  idle,
  storm,
  longRoom,
];
