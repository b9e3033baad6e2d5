import { chromium } from './chromium.ts';
import type { Engine } from './engine.ts';
import { firefox } from './firefox.ts';
import { webkit } from './webkit.ts';

/** The engines that the main paths run in. */
export const ENGINES: readonly Engine[] = [chromium, firefox, webkit];
