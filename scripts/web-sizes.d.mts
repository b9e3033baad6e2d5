export interface Sized {
  /** Relative to `dist/`. */
  file: string;
  /** After gzip. */
  bytes: number;
  /** Whether the page itself names it. */
  isInitial: boolean;
}

export const MAX_INITIAL: number;
export function webAssets(): Sized[];
export function precachedBytes(): number;
export function sumOf(files: readonly Sized[]): number;
