import type { Plugin } from 'vite';

/**
 * Asks the browser to compile all of a file while it loads, in the background: nearly all of what the first screen needs
 * runs at once, and would otherwise be compiled function by function on the page's own thread. Others take it for a
 * comment. https://github.com/WICG/explicit-javascript-compile-hints-file-based
 */
const HINT = '//# allFunctionsCalledOnLoad\n';

/** Begins the files with these names with the hint. */
export function compileHints(names: readonly string[]): Plugin {
  return {
    name: 'madang-compile-hints',
    apply: 'build',
    enforce: 'post',
    // After Vite, which puts a line of its own first.
    generateBundle: {
      order: 'post',
      handler(_, files) {
        const chunks = Object.values(files).filter((each) => each.type === 'chunk');
        for (const name of names) {
          const chunk = chunks.find((each) => each.name === name);
          if (!chunk) throw new Error(`No file is named ${name}`);
          chunk.code = HINT + chunk.code;
        }
      },
    },
  };
}
