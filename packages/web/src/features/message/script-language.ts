/** A language that a text's letters tell. */
export type ScriptLanguage = 'ko' | 'ja' | 'zh-Hans' | 'zh-Hant';

const HANGUL = /\p{Script=Hangul}/u;
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/u;
const HAN = /\p{Script=Han}/u;

/** Common characters that only one of the two ways to write Chinese has, and Japanese writes otherwise or rarely. */
const SIMPLIFIED = /[们这个说时对进还样无从东车长门问间让认识谢话语请吗给过见头开关边谁没]/;
const TRADITIONAL = /[們這說對還樣從讓嗎關點邊沒國會學]/;
const ONLY_JAPANESE = /[々〆ー]/;

/** Words of Chinese origin in a Korean text are not longer than this. */
const MAX_HANJA = 4;

/** Japanese and Chinese with their own punctuation. */
const RUN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー][\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々〆、。，！？：；「」『』（）・〜…]*/gu;

/**
 * The language of a text by its letters, for fonts, line breaks, voices and translators; undefined, which means the page's
 * language, where they don't tell. Korean is broken between words, Japanese and Chinese anywhere, and each has its own forms
 * of many characters. Of a mixed text it is the Korean one; {@link foreignRuns} finds the rest.
 */
export function languageByScript(text: string): ScriptLanguage | undefined {
  if (HANGUL.test(text)) return 'ko';
  return ideographic(text);
}

/** A part of a text; without a language it is in that of the whole text. */
export interface Run {
  text: string;
  language?: ScriptLanguage;
}

/** Whether a text may have more than one of {@link foreignRuns}. */
export function isIdeographic(text: string): boolean {
  return HAN.test(text) || KANA.test(text);
}

/** The Japanese and Chinese parts of a Korean text, and what is between them, in order. Single words of hanja are Korean. */
export function foreignRuns(text: string): Run[] {
  const runs: Run[] = [];
  let end = 0;
  for (const { 0: run, index } of text.matchAll(RUN)) {
    if (!KANA.test(run) && run.length <= MAX_HANJA) continue;
    const language = ideographic(run);
    if (!language) continue;
    if (index > end) runs.push({ text: text.slice(end, index) });
    runs.push({ text: run, language });
    end = index + run.length;
  }
  if (end < text.length) runs.push({ text: text.slice(end) });
  return runs;
}

function ideographic(text: string): ScriptLanguage | undefined {
  if (KANA.test(text) || ONLY_JAPANESE.test(text)) return 'ja';
  if (!HAN.test(text)) return undefined;
  const isSimplified = SIMPLIFIED.test(text);
  const isTraditional = TRADITIONAL.test(text);
  if (isSimplified !== isTraditional) return isSimplified ? 'zh-Hans' : 'zh-Hant';
  // Characters that all share are the reader's own.
  const own = navigator.languages.find((each) => /^(ja|zh)\b/.test(each)) ?? 'zh-Hans';
  if (own.startsWith('ja')) return 'ja';
  return /hant|tw|hk|mo/i.test(own) ? 'zh-Hant' : 'zh-Hans';
}
