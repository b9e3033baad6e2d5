import { bundleProgram } from '../../scripts/build.mjs';

/** Bundles TypeScript's latest output as the program under test, also if vitest is run directly. */
export const setup = bundleProgram;
