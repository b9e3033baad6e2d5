import type { ViewMessage } from '@madang/client';
import type { Language } from '@madang/protocol';
import type { Translate } from '../../i18n/i18n.js';
import { formatDateTime } from '../../state/format-time.js';
import type { SelectedPart } from './selected-parts.js';

/** What the clipboard takes. */
interface Copied {
  text: string;
  html: string;
}

/** Selected messages as they are copied: each with its author and time before its text. Of one alone, just the text. */
export function copyOf(t: Translate, language: Language, parts: readonly SelectedPart[]): Copied {
  const isOne = parts.length === 1;
  const all = parts.map(({ message, part }) => {
    const text = part ?? textOf(t, message);
    if (isOne) return { text, html: elementOf('p', text) };
    const when = formatDateTime(language, message.at);
    const time = elementOf('time', when, { datetime: new Date(message.at).toISOString() });
    return {
      text: `${message.author.name} [${when}]\n${text}`,
      html: `<p>${elementOf('strong', message.author.name)} ${time}</p>${elementOf('p', text)}`,
    };
  });
  return { text: all.map(({ text }) => text).join('\n\n'), html: all.map(({ html }) => html).join('') };
}

function textOf(t: Translate, { text, deletedAt }: ViewMessage): string {
  return deletedAt === undefined ? text : t('message.deleted');
}

/** An element with a text, as HTML. */
function elementOf(name: string, text: string, attributes: Record<string, string> = {}): string {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(
    ...text.split('\n').flatMap((line, index) => (index > 0 ? [document.createElement('br'), line] : [line])),
  );
  return element.outerHTML;
}
