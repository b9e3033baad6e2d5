import { join } from 'node:path';

const ENTRY = join(import.meta.dirname, 'src/main.tsx');

/** Every icon is imported through one module, but the first screen needs only some. */
const ICON = /\/lucide-react\/dist\/esm\/icons\//;

/** What is known of a module. */
interface Modules {
  getModuleInfo(id: string): { importedIds: readonly string[] } | null;
}

/**
 * Puts all that the first screen needs into one file, whatever else needs it too: it would otherwise be some twenty files,
 * one for each set of parts that share modules.
 */
export function atStart(id: string, modules: Modules): string | null {
  needed ??= reachableFrom(ENTRY, modules);
  return needed.has(id) ? 'start' : null;
}

let needed: Set<string> | undefined;

function reachableFrom(entry: string, modules: Modules): Set<string> {
  const found = new Set([entry]);
  for (const id of found) {
    const imported = modules.getModuleInfo(id)?.importedIds ?? [];
    for (const each of imported) if (!ICON.test(each)) found.add(each);
  }
  return found;
}
