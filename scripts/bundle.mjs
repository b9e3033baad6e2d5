// Bundles the server's many files and those of its dependencies into one program: read in one go, it starts in less
// than half the time. An app that mounts Madang imports dist/, TypeScript's own output.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from './repository.mjs';

const server = join(root, 'packages/server');

/** Loaded from node_modules: native code, packages that start threads, and packages whose internals are used. */
const external = [/^better-sqlite3/, /^pino/, /^ws$/, /^engine\.io/, 'pg-native'];

/** Bundles the program, from dist/ to bundle/. */
export async function bundle() {
  const build = await rolldown({
    input: {
      cli: join(server, 'dist/cli.js'),
      'write-worker': join(server, 'dist/store/sqlite/write-worker.js'),
      ...migrations(),
    },
    platform: 'node',
    external,
  });
  const dir = join(server, 'bundle');
  rmSync(dir, { recursive: true, force: true });
  const { output } = await build.write({ dir, format: 'esm', entryFileNames: '[name].js' });
  await build.close();
  writeFileSync(join(dir, 'LICENSES.txt'), licensesOf(output.flatMap(({ moduleIds = [] }) => moduleIds)));
}

/** The migrations, which the program finds in a folder beside it. The output of deleted sources is left out. */
function migrations() {
  const files = readdirSync(join(server, 'src/store/migrations')).map((file) => basename(file, '.ts'));
  return Object.fromEntries(
    files.map((name) => [`migrations/${name}`, join(server, `dist/store/migrations/${name}.js`)]),
  );
}

/** The licences of the packages that some files belong to, which must accompany them. */
function licensesOf(files) {
  const folders = files.filter((file) => file.includes(`${sep}node_modules${sep}`)).map(packageOf);
  const texts = [...new Set(folders.toSorted())].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const text = file === undefined ? `License: ${license}` : readFileSync(join(folder, file), 'utf8').trim();
    return `${name} ${version}\n\n${text}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

/** The folder of the package that a file belongs to. */
function packageOf(file) {
  let folder = dirname(file);
  const isPackage = () => {
    const parent = dirname(folder);
    return basename(basename(parent).startsWith('@') ? dirname(parent) : parent) === 'node_modules';
  };
  while (!isPackage()) folder = dirname(folder);
  if (!existsSync(join(folder, 'package.json'))) throw new Error(`${file} belongs to no package`);
  return folder;
}
