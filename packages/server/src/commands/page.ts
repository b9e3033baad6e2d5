import { formatLimits } from '@madang/protocol';

/** The number of entries in a page. */
export function pageSize(limit: number | undefined): number {
  return limit ?? formatLimits.defaultPageEntries;
}
