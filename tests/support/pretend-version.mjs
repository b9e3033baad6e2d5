// Loaded into a server before all else (`node --import`): one of its libraries says that it is another version.
// PRETEND is `node@99.0.0`, `ws@99.0.0`, `engine.io@99.0.0`.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [library, version] = process.env.PRETEND.split('@');
if (library === 'node') {
  Object.defineProperty(process, 'versions', { value: { ...process.versions, node: version } });
} else {
  const { readFileSync } = fs;
  fs.readFileSync = (path, ...rest) => {
    const read = readFileSync(path, ...rest);
    const isManifest = String(path).endsWith(`/node_modules/${library}/package.json`);
    return isManifest && typeof read === 'string' ? JSON.stringify({ ...JSON.parse(read), version }) : read;
  };
  syncBuiltinESMExports();
}
