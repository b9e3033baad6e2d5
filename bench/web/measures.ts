import { firstLoad } from './first-load.ts';
import { firstMessages } from './first-messages.ts';
import { longTasks } from './long-tasks.ts';
import type { Measure } from './measure.ts';
import { memory } from './memory.ts';
import { layoutShift } from './layout-shift.ts';
import { sizes } from './sizes.ts';

/** All measures, in the order of the table. */
export const measures: readonly Measure[] = [layoutShift, longTasks, firstMessages, firstLoad, memory, sizes];
