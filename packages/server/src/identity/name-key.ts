import confusables from 'unicode-confusables';

/**
 * What names that look alike share: two names with one key can't be used at the same time. Compatibility forms and
 * case are folded, then each character is replaced by the one that it can be taken for (UTS 39's skeleton).
 */
export function nameKey(name: string): string {
  const skeleton = confusables.rectifyConfusion(name.normalize('NFKC'));
  // Capital i is taken for small L, so case can only be folded with those two as one.
  return confusables.rectifyConfusion(skeleton.toLowerCase()).replaceAll('i', 'l').replaceAll(' ', '');
}

const reserved = [
  'admin',
  'administrator',
  'moderator',
  'system',
  'madang',
  'root',
  '관리자',
  '운영자',
  '시스템',
  '마당',
];

const reservedKeys = new Set(reserved.map(nameKey));

/** Whether a name claims a role that its bearer doesn't have. */
export function isReservedName(name: string): boolean {
  return reservedKeys.has(nameKey(name));
}
