import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { groups } from './chunk-groups.js';
import { compileHints } from './compile-hints.js';
import { earlyStart } from './early-start.js';
import { emojiData } from './emoji-data.js';
import { serviceWorker } from './service-worker.js';
import { versionName } from './version-name.js';

// `base: './'`: the built page works under any path that a host app mounts it at.
// oxlint-disable-next-line import/no-default-export -- Vite reads the default export
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [
    react(),
    emojiData(),
    earlyStart(),
    compileHints(['start', 'conversation']),
    versionName(),
    serviceWorker(),
  ],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The polyfill is an inline script, which the server's content security policy refuses.
    modulePreload: { polyfill: false },
    // A `data:` font or image would need its own exception in that policy.
    assetsInlineLimit: 0,
    // One file, loaded at the start: if a lazy part's style failed to load, a retry would show the part without it.
    cssCodeSplit: false,
    rolldownOptions: { output: { codeSplitting: { groups } } },
  },
});
