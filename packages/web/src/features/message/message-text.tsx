import { memo } from 'react';
import { classNames } from '../../ui/class-names.js';
import { Part } from '../../ui/part.js';
import { Foldable } from './foldable.js';
import styles from './message-text.module.css';
import { parseText } from './parse-text.js';
import { TextBlocks } from './text-blocks.js';

/** A message's text with its marks; as plain text if that can't be rendered. A long one is folded. */
export function MessageText({ text }: { text: string }) {
  return (
    <Foldable key={text} text={text}>
      <Part renderFailure={() => <div className={classNames(styles.text, styles.plain)}>{text}</div>}>
        <Marked text={text} />
      </Part>
    </Foldable>
  );
}

/** A few emoji alone are shown large. */
const Marked = memo(function Marked({ text }: { text: string }) {
  return (
    <div
      className={classNames(styles.text, isEmojiOnly(text) && styles.emoji)}
      lang={languageByScript(text)}
      data-testid="text"
    >
      <TextBlocks blocks={parseText(text)} />
    </div>
  );
});

/**
 * The language that only one script is written in, for voices, fonts and translators; undefined, which means the page's
 * language, where the letters don't tell.
 */
function languageByScript(text: string): 'ko' | 'ja' | undefined {
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return 'ja';
  return /\p{Script=Hangul}/u.test(text) ? 'ko' : undefined;
}

const EMOJI_ONLY = new RegExp('^(?:\\p{RGI_Emoji}\\s*){1,6}$', 'v');

function isEmojiOnly(text: string): boolean {
  return text.length < 60 && EMOJI_ONLY.test(text.trim());
}
