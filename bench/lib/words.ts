import type { Measured } from './rounds.ts';
import { median } from './stats.ts';
import type { Row } from './result.ts';

/** A share of one as a percentage. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A count, or a rate, with thousands separated. */
export function count(value: number): string {
  return Number.isNaN(value) ? 'no figure' : Math.round(value).toLocaleString('en');
}

/** A time in ms. */
export function ms(value: number): string {
  return Number.isNaN(value) ? 'no figure' : `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

/** The median over a contender's rounds; NaN if no round gave a figure. */
export function medianOf<Figure>(measured: Measured<Figure> | undefined, pick: (figure: Figure) => number): number {
  return median(measured?.rounds.map(pick) ?? []);
}

/** A row that compares Madang with a peer of the same run. */
export function ratioRow<Figure>(row: {
  what: string;
  ours: Measured<Figure> | undefined;
  peer: Measured<Figure> | undefined;
  pick: (figure: Figure) => number;
  words: (value: number) => string;
  target: string;
  holds(ratio: number): boolean;
}): Row {
  const { ours, peer, pick, words } = row;
  const [mine, theirs] = [medianOf(ours, pick), medianOf(peer, pick)];
  const ratio = mine / theirs;
  const isMeasured = !Number.isNaN(ratio);
  const note = peer === undefined ? 'the peer is not there' : (ours?.failures[0] ?? peer.failures[0]);
  return {
    what: row.what,
    madang: Number.isNaN(mine) ? 'no figure' : words(mine),
    beside: Number.isNaN(theirs) ? (peer?.name ?? '') : `${peer?.name}: ${words(theirs)}`,
    target: row.target,
    ...(isMeasured && { ratio }),
    reached: isMeasured ? row.holds(ratio) : undefined,
    ...(!isMeasured && note !== undefined && { note }),
  };
}

/** A row that compares Madang with a limit. */
export function limitRow(row: {
  what: string;
  value: number;
  words(value: number): string;
  beside?: string;
  target: string;
  holds(value: number): boolean;
  note?: string | undefined;
}): Row {
  const isMeasured = !Number.isNaN(row.value);
  return {
    what: row.what,
    madang: isMeasured ? row.words(row.value) : 'no figure',
    beside: row.beside ?? '',
    target: row.target,
    reached: isMeasured ? row.holds(row.value) : undefined,
    ...(!isMeasured && row.note !== undefined && { note: row.note }),
  };
}
