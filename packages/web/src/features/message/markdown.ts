import DOMPurify from 'dompurify';
import { LINK, markdownToHtml } from './markdown-to-html.js';

/**
 * Turns message text into safe HTML. Two barriers, each sufficient: markdown-it makes no HTML from HTML and refuses
 * `javascript:` links; DOMPurify passes only the tags and attributes below.
 */

const ALLOWED_TAGS = ['p', 'br', 'strong', 'em', 's', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a'];

const purify = DOMPurify();

purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName !== 'A') return;
  node.setAttribute('target', '_blank');
  node.setAttribute('rel', 'noopener noreferrer nofollow');
});

const KEPT = 500;
const rendered = new Map<string, string>();

/** Safe HTML of a message's text. Caches the newest results, since rows come and go while scrolling. */
export function renderMarkdown(text: string): string {
  const known = rendered.get(text);
  if (known !== undefined) return known;
  const html = sanitize(markdownToHtml(text));
  if (rendered.size >= KEPT) rendered.delete(rendered.keys().next().value as string);
  rendered.set(text, html);
  return html;
}

function sanitize(html: string): string {
  return purify.sanitize(html, {
    ALLOWED_TAGS,
    ALLOWED_ATTR: ['href', 'start'],
    ALLOWED_URI_REGEXP: LINK,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
  });
}
