#!/usr/bin/env node
// The program's name. A file of the repository, since npm links a workspace's programs when it installs: before the
// build there is no bundle/, and a link that could not be made is not made later.
import { existsSync } from 'node:fs';

const program = new URL('../bundle/cli.js', import.meta.url);

if (existsSync(program)) await import(program.href);
else {
  process.stderr.write('madang: It is not built yet; run "npm run build" first.\n');
  process.exitCode = 1;
}
