import { type ErrorCode, errorTable, type ErrorObject } from '@madang/protocol';
import type { Translate } from '../i18n/i18n.js';

/** The meaning of a refusal in the user's language. Not the server's words, which are for programmers. */
export function errorText(t: Translate, error: unknown): string {
  const { code, retryAfter, details } = asRefusal(error);
  if (code === 'rate_limited' && retryAfter) return t('error.rate_limited_wait', { count: Math.ceil(retryAfter) });
  if (details?.['cookie'] === 'replaced') return t('error.cookieReplaced');
  if (details?.['cookie'] !== undefined || details?.['ignored'] !== undefined) return t('error.cookieRefused');
  return t(`error.${code}`);
}

/** The code of a refusal; `internal` for any other error. */
export function errorCode(error: unknown): ErrorCode {
  return asRefusal(error).code;
}

function asRefusal(error: unknown): Pick<ErrorObject, 'code' | 'retryAfter' | 'details'> {
  if (typeof error === 'object' && error !== null && 'code' in error) {
    const refusal = error as ErrorObject;
    if (Object.hasOwn(errorTable, refusal.code)) return refusal;
  }
  return { code: 'internal' };
}
