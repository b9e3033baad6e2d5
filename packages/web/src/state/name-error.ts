import { formatLimits, nameProblem, normalizeName } from '@madang/protocol';
import type { Translate } from '../i18n/i18n.js';
import { errorCode, errorText } from './error-text.js';

/** What is wrong with a nickname or a room's name before it is sent; undefined if nothing is. */
export function nameError(t: Translate, name: string, maxChars: number): string | undefined {
  const normalized = normalizeName(name);
  if (normalized === '') return t('error.nameEmpty');
  if (Array.from(normalized).length > maxChars) return t('error.nameTooLong', { count: maxChars });
  return nameProblem(normalized) === undefined ? undefined : t('error.nameInvalid');
}

/** What is wrong with a nickname before it is sent; undefined if nothing is. */
export function nicknameError(t: Translate, name: string): string | undefined {
  return nameError(t, name, formatLimits.nicknameChars);
}

/** Why the server refused a nickname. */
export function nicknameRefusal(t: Translate, error: unknown): string {
  switch (errorCode(error)) {
    case 'conflict':
      return t('error.nicknameConflict');
    case 'invalid_input':
      return t('error.nameInvalid');
    default:
      return errorText(t, error);
  }
}

/** Why the server refused a room's name or topic. */
export function roomRefusal(t: Translate, error: unknown): string {
  switch (errorCode(error)) {
    case 'conflict':
      return t('error.roomConflict');
    case 'invalid_input':
      return t('error.nameInvalid');
    default:
      return errorText(t, error);
  }
}
