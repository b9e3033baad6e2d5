import { createContext, Fragment, type ReactNode, use } from 'react';
import type { Inline } from './parse-inline.js';
import type { Block } from './parse-text.js';
import { foreignRuns, isIdeographic } from './script-language.js';
import styles from './text-blocks.module.css';

/** Whether the text is Korean, so that what is Japanese or Chinese in it has to be told apart. */
export const IsKorean = createContext(false);

/**
 * The parts of a message as React elements. What somebody wrote reaches the page only as text and as `href`s that
 * `parseText` has checked.
 */
export function TextBlocks({ blocks }: { blocks: readonly Block[] }): ReactNode {
  // A text is parsed once, and its parts never change places.
  return blocks.map((block, index) => <TextBlock key={index} block={block} />);
}

function TextBlock({ block }: { block: Block }): ReactNode {
  switch (block.kind) {
    case 'lines':
      return (
        <p className={styles.lines}>
          {block.lines.map((line, index) => (
            <Fragment key={index}>
              {index > 0 && '\n'}
              {inlines(line)}
            </Fragment>
          ))}
          {block.lines.at(-1)?.length === 0 && <br />}
        </p>
      );
    case 'list':
      return (
        <ul className={styles.list}>
          {block.items.map(({ marker, content }, index) => (
            // Lines that wrap begin below the text.
            <li key={index} dir="auto" style={{ paddingInlineStart: `${marker.length}ch` }}>
              <span className={styles.marker} style={{ marginInlineStart: `-${marker.length}ch` }}>
                {marker}
              </span>
              {inlines(content)}
            </li>
          ))}
        </ul>
      );
    case 'quote':
      return (
        <blockquote className={styles.quote}>
          <TextBlocks blocks={block.content} />
        </blockquote>
      );
    default:
      return (
        <div className={styles.block}>
          {block.language && <div className={styles.language}>{block.language}</div>}
          <pre translate="no">
            <code>{block.text}</code>
          </pre>
        </div>
      );
  }
}

function inlines(pieces: readonly Inline[]): ReactNode {
  return pieces.map((piece, index) => <Fragment key={index}>{inline(piece)}</Fragment>);
}

function inline(piece: Inline): ReactNode {
  if (typeof piece === 'string') return isIdeographic(piece) ? <Ideographic text={piece} /> : piece;
  switch (piece.kind) {
    case 'strong':
      return <strong>{inlines(piece.content)}</strong>;
    case 'emphasis':
      return <em>{inlines(piece.content)}</em>;
    case 'strongEmphasis':
      return (
        <strong>
          <em>{inlines(piece.content)}</em>
        </strong>
      );
    case 'strike':
      return <s>{inlines(piece.content)}</s>;
    case 'code':
      return (
        <code className={styles.code} translate="no">
          {piece.text}
        </code>
      );
    default:
      return (
        <a href={piece.href} title={piece.href} target="_blank" rel="noopener noreferrer nofollow">
          {inlines(piece.content)}
        </a>
      );
  }
}

/** Text with Japanese or Chinese, which has its own forms of characters and its own line breaks. */
function Ideographic({ text }: { text: string }) {
  if (!use(IsKorean)) return text;
  return foreignRuns(text).map((run, index) => (
    <span key={index} lang={run.language}>
      {run.text}
    </span>
  ));
}
