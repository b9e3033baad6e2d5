import { FIRST, START } from './chunk-groups.js';
import type { Plugin } from 'vite';

/** Lets the browser load what the page's small first script starts together with that script. */
export function earlyStart(): Plugin {
  return {
    name: 'madang-early-start',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        if (!bundle) return [];
        const chunks = Object.values(bundle).filter((each) => each.type === 'chunk');
        const first = chunks.find(({ moduleIds }) => moduleIds.includes(FIRST));
        if (!first) throw new Error(`Nothing contains ${FIRST}`);
        const start = chunks.find(({ moduleIds }) => moduleIds.includes(START));
        if (!start) throw new Error(`Nothing contains ${START}`);
        const files = new Set([start.fileName]);
        for (const file of files) {
          const output = bundle[file];
          if (output?.type === 'chunk') for (const each of output.imports) files.add(each);
        }
        files.delete(first.fileName);
        return Array.from(files, (file) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', crossorigin: true, href: `./${file}` },
          injectTo: 'head' as const,
        }));
      },
    },
  };
}
