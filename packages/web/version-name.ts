import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';

/**
 * Writes the build's name into the page, made from the page and the names of its files, which contain hashes of their
 * contents.
 */
export function versionName(): Plugin {
  return {
    name: 'madang-version-name',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        if (!bundle) return [];
        const files = Object.keys(bundle).sort().join('\n');
        const content = createHash('sha256').update(files).update(html).digest('base64url').slice(0, 12);
        return [{ tag: 'meta', attrs: { name: 'madang-version', content }, injectTo: 'head' }];
      },
    },
  };
}

/** The build's name in a built page. */
export function versionOf(html: string): string {
  const [, version] = /name="madang-version" content="([^"]+)"/.exec(html) ?? [];
  if (version === undefined) throw new Error('The page has no version');
  return version;
}
