import { join } from 'node:path';

/** What the page runs first. */
export const FIRST = join(import.meta.dirname, 'src/main.ts');
/** What that imports, as soon as it is loaded. */
export const START = join(import.meta.dirname, 'src/start.tsx');

const CONVERSATION = join(import.meta.dirname, 'src/features/message/conversation.tsx');

/** Vite's own, which loads the parts. */
const PRELOAD = /vite\/preload-helper/;

/** Every icon is imported through one module, but the first screen needs only some. */
const ICON = /\/lucide-react\/dist\/esm\/icons\//;

/** What is known of a module. */
interface Modules {
  getModuleInfo(id: string): { importedIds: readonly string[]; importers: readonly string[] } | null;
}

/**
 * The files that the page's code is put into; without these groups there would be some twenty more, one for each set of parts
 * that share modules:
 * - `first` opens the connection, and is so small that it runs long before the others are there;
 * - `start` is all that the first screen needs;
 * - `conversation` is what a conversation needs besides;
 * - `shared` is what other parts need of that, and their icons, so that they don't fail with the conversation.
 */
export const groups = [
  groupOf('first', FIRST, (id, found) => found.has(id) || PRELOAD.test(id)),
  groupOf('start', START),
  groupOf(
    'shared',
    CONVERSATION,
    (id, found, importers) => ICON.test(id) || (found.has(id) && importers.some((each) => !found.has(each))),
  ),
  groupOf('conversation', CONVERSATION),
].map((group, index, all) => ({ ...group, priority: all.length - index }));

type Picks = (id: string, found: ReadonlySet<string>, importers: readonly string[]) => boolean;

/** A file with the modules that `entry` imports, directly or not; `picks` may choose others, given those. */
function groupOf(name: string, entry: string, picks: Picks = (id, found) => found.has(id)) {
  let found: Set<string> | undefined;
  return {
    debugName: name,
    name: (id: string, modules: Modules) => {
      found ??= reachableFrom(entry, modules);
      return picks(id, found, modules.getModuleInfo(id)?.importers ?? []) ? name : null;
    },
  };
}

function reachableFrom(entry: string, modules: Modules): Set<string> {
  const found = new Set([entry]);
  for (const id of found) {
    const imported = modules.getModuleInfo(id)?.importedIds ?? [];
    for (const each of imported) if (!ICON.test(each)) found.add(each);
  }
  return found;
}
