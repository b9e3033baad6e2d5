import type { Scenario } from '../lib/result.ts';
import { durable } from './durable.ts';
import { paced } from './paced.ts';
import { saturated } from './saturated.ts';

/** Every scenario, in the order in which they run and are shown. */
export const scenarios: readonly Scenario[] = [saturated, paced, durable];
