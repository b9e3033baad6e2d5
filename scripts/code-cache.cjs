// Loads the bundle's files together with what V8 compiled of them in the build: compiling was half of a start's work.
// `bundle.mjs` puts this file into the bundle. Without compiled code (npm installs none) or with that of another Node,
// which V8 refuses, they are compiled as ever.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { fileURLToPath } = require('node:url');
const { Script } = require('node:vm');

/** Compiled code is beside its file. V8 knows a file only by its length, so the two must change together. */
const COMPILED = '.compiled';

/** The files that were loaded, if the build records their compiled code. */
const recorded = process.env.MADANG_RECORD_CODE === '1' ? new Map() : undefined;

const loadOther = require.extensions['.js'];

require.extensions['.js'] = (module, file) => {
  if (!file.startsWith(__dirname + path.sep)) {
    loadOther(module, file);
    return;
  }
  const script = compile(file, readIfThere(file + COMPILED));
  recorded?.set(file, script);
  // Migrations are imported by their URL.
  const load = (id) => module.require(id.startsWith('file:') ? fileURLToPath(id) : id);
  script.runInThisContext()(module.exports, load, module, file, path.dirname(file));
};

if (recorded) process.once('exit', record);

function compile(file, cachedData) {
  const text = fs.readFileSync(file, 'utf8');
  const wrapped = `(function (exports, require, module, __filename, __dirname) { ${text}\n});`;
  return new Script(wrapped, { filename: file, cachedData });
}

/** Writes the compiled code of the bundle's files: all functions that were called, and the outline of all others. */
function record() {
  for (const name of fs.readdirSync(__dirname, { recursive: true })) {
    const file = __dirname + path.sep + name;
    if (path.extname(file) !== '.js' || file === __filename) continue;
    const data = (recorded.get(file) ?? compile(file)).createCachedData();
    // The program's two threads load some of the same files.
    if (data.length > (readIfThere(file + COMPILED)?.length ?? 0)) fs.writeFileSync(file + COMPILED, data);
  }
}

function readIfThere(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}
