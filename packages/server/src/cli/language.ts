import type { Language } from '@madang/protocol';

/** The terminal's language by POSIX rules: the first of these variables that is set counts. */
export function languageOf(env: NodeJS.ProcessEnv): Language {
  return (env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '').startsWith('ko') ? 'ko' : 'en';
}
