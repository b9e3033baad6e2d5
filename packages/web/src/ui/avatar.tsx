import { classNames } from './class-names.js';
import styles from './avatar.module.css';

export interface AvatarProps {
  /** Determines the colour, so that it stays when the name changes. */
  id: string;
  name: string;
  size?: 'large' | 'medium' | 'small';
  presence?: 'online' | 'away' | 'offline' | undefined;
}

/** A user's avatar: the first letter on a colour of their own. Only for the eye; the name stands beside it. */
export function Avatar({ id, name, size = 'medium', presence }: AvatarProps) {
  return (
    <span className={classNames(styles.avatar, styles[size])} data-hue={hueOf(id)} translate="no" aria-hidden>
      {firstLetter(name)}
      {presence && <span className={styles.presence} data-presence={presence} />}
    </span>
  );
}

const HUES = 8;

function hueOf(id: string): number {
  let hash = 7;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003;
  return hash % HUES;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function firstLetter(name: string): string {
  const [first] = segmenter.segment(name);
  return first?.segment.toUpperCase() ?? '?';
}
