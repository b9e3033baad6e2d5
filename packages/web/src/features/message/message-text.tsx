import { memo } from 'react';
import { classNames } from '../../ui/class-names.js';
import { Part } from '../../ui/part.js';
import { Foldable } from './foldable.js';
import styles from './message-text.module.css';
import { parseText } from './parse-text.js';
import { languageByScript } from './script-language.js';
import { IsKorean, TextBlocks } from './text-blocks.js';

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
  const language = languageByScript(text);
  return (
    <div className={classNames(styles.text, isEmojiOnly(text) && styles.emoji)} lang={language} data-testid="text">
      <IsKorean value={language === 'ko'}>
        <TextBlocks blocks={parseText(text)} />
      </IsKorean>
    </div>
  );
});

/** All emoji have one of these. */
const MARK_OF_EMOJI = /[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]/u;

/** Made once it is needed: a phone takes longer for it than for all the rest of a message. */
let emojiOnly: RegExp | undefined;

function isEmojiOnly(text: string): boolean {
  if (text.length >= 60 || !MARK_OF_EMOJI.test(text)) return false;
  emojiOnly ??= new RegExp('^(?:\\p{RGI_Emoji}\\s*){1,6}$', 'v');
  return emojiOnly.test(text.trim());
}
