import type { Inline } from '../src/features/message/parse-inline.js';
import type { Block } from '../src/features/message/parse-text.js';

/** Writes what is seen of a message in the notation of docs/writing.md. */
export function notate(blocks: readonly Block[]): string {
  return blocks.map(blockNotation).join('\n');
}

function blockNotation(block: Block): string {
  switch (block.kind) {
    case 'lines':
      return block.lines.map(inlineNotation).join('\n');
    case 'list':
      return block.items.map(({ marker, content }) => `<li>${marker}${inlineNotation(content)}</li>`).join('\n');
    case 'quote':
      return `<q>${notate(block.content)}</q>`;
    default:
      return `<pre>${block.language && `${block.language}\n`}${block.text}</pre>`;
  }
}

function inlineNotation(pieces: readonly Inline[]): string {
  return pieces.map(pieceNotation).join('');
}

function pieceNotation(piece: Inline): string {
  if (typeof piece === 'string') return piece;
  switch (piece.kind) {
    case 'strong':
      return `<b>${inlineNotation(piece.content)}</b>`;
    case 'emphasis':
      return `<i>${inlineNotation(piece.content)}</i>`;
    case 'strongEmphasis':
      return `<b><i>${inlineNotation(piece.content)}</i></b>`;
    case 'strike':
      return `<s>${inlineNotation(piece.content)}</s>`;
    case 'code':
      return `<code>${piece.text}</code>`;
    default:
      return `<a>${inlineNotation(piece.content)}</a>`;
  }
}
