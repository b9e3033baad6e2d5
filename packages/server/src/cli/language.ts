import type { Language } from '@madang/protocol';

/** The language of the terminal, as POSIX has it: the first of these that is set counts. */
export function languageOf(env: NodeJS.ProcessEnv): Language {
  return (env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '').startsWith('ko') ? 'ko' : 'en';
}
