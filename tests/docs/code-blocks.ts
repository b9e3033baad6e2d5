import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A fenced block of a page. */
export interface CodeBlock {
  page: string;
  line: number;
  language: string;
  code: string;
  /** Why it isn't run, from an HTML comment `not run: …` before it. */
  notRun: string | undefined;
}

/** The pages whose code is run. */
export function pages(): string[] {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return [
    'README.md',
    'README.ko.md',
    'CONTRIBUTING.md',
    'packages/client/README.md',
    ...docs.map((name) => `docs/${name}`),
  ];
}

/** The fenced blocks of a page. */
export function codeBlocks(page: string): CodeBlock[] {
  const text = readFileSync(join(root, page), 'utf8');
  const fences = text.matchAll(/(?:<!-- not run: (.*?) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...fences].map(([, notRun, language = '', code = ''], index) => ({
    page,
    line: index + 1,
    language,
    code,
    notRun,
  }));
}
