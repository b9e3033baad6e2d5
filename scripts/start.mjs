// `npm start`: sets up, builds, and runs the server with its web client. Flags go to the server: npm start -- --port 8080
import { build } from './build.mjs';
import { ensureDependencies } from './setup.mjs';

await ensureDependencies();
await build({ checkTypes: false });
await import('../packages/server/bin/madang.js');
