import { formatLimits } from '@madang/protocol';

/** How many entries a page has. */
export function pageSize(limit: number | undefined): number {
  return limit ?? formatLimits.defaultPageEntries;
}
