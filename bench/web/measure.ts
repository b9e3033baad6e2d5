import type { Site } from './site.ts';

/** One number that was measured, and what it has to be. */
export interface Figure {
  what: string;
  value: number;
  unit: 'px' | 'ms' | 'KB' | 'MB' | 'nodes' | 'listeners';
  /** The largest value that is good enough. */
  bound: number;
}

/** Something measured in the web client. One file each, listed in `measures.ts`. */
export interface Measure {
  name: string;
  title: string;
  run: (site: Site) => Promise<Figure[]>;
}

/** Whether a figure is within its bound. */
export function isReached({ value, bound }: Figure): boolean {
  return value <= bound;
}

/** The figures as a Markdown table. */
export function figureTable(figures: readonly Figure[]): string {
  const lines = figures.map((figure) => {
    const { what, value, unit, bound } = figure;
    return `| ${what} | ${value} ${unit} | ${bound} ${unit} | ${isReached(figure) ? 'yes' : '**no**'} |`;
  });
  return ['| what | measured | at most | reached |', '| --- | --- | --- | --- |', ...lines].join('\n');
}
