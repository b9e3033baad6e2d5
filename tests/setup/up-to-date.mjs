import { bundleProgram } from '../../scripts/build.mjs';

/** The program under test is made of what TypeScript has built last, also where vitest is started by itself. */
export const setup = bundleProgram;
