import { memo } from 'react';
import { Part } from '../../ui/part.js';
import { classNames } from '../../ui/class-names.js';
import { renderMarkdown } from './markdown.js';
import styles from './message-text.module.css';

/** A message's text as markdown; as plain text if that can't be rendered. */
export function MessageText({ text }: { text: string }) {
  return (
    <Part key={text} renderFailure={() => <div className={classNames(styles.text, styles.plain)}>{text}</div>}>
      <Markdown text={text} />
    </Part>
  );
}

/** A few emoji alone are shown large. */
const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div
      className={classNames(styles.text, isEmojiOnly(text) && styles.emoji)}
      // The HTML comes from renderMarkdown alone, which lets nothing through but a list of harmless tags.
      // oxlint-disable-next-line react/no-danger
      dangerouslySetInnerHTML={{ __html: renderMarkdown(text) }}
    />
  );
});

const EMOJI_ONLY = new RegExp('^(?:\\p{RGI_Emoji}\\s*){1,6}$', 'v');

function isEmojiOnly(text: string): boolean {
  return text.length < 60 && EMOJI_ONLY.test(text.trim());
}
