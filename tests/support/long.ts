/**
 * Whether the long form of the tests runs: `npm run test:long`. `npm test` should take ten minutes, so of cases that
 * differ in one thing only, and of what takes a minute, it runs the short form.
 */
export const isLong = process.env['MADANG_LONG'] === '1';
