import DOMPurify from 'dompurify';
import MarkdownIt from 'markdown-it';
import cjkFriendly from 'markdown-it-cjk-friendly';
import { trailingParticle } from './trim-link.js';

/**
 * Message text to HTML. Two fences, each of which would do: markdown-it makes no HTML from HTML and refuses
 * `javascript:` links; DOMPurify lets only the tags and attributes below through.
 */

// Headings, tables, images and rules are for documents; in a conversation they shout, or load from elsewhere.
const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true, typographer: false })
  .use(cjkFriendly)
  .disable(['heading', 'lheading', 'table', 'image', 'hr', 'html_block', 'html_inline', 'reference', 'code']);

markdown.linkify.set({ fuzzyLink: true, fuzzyEmail: false, fuzzyIP: false });

const ALLOWED_TAGS = ['p', 'br', 'strong', 'em', 's', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a'];
const LINK = /^(?:https?:|mailto:)/i;

markdown.validateLink = (url) => LINK.test(url.trim());

cutParticles(markdown);

const purify = DOMPurify();

purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName !== 'A') return;
  node.setAttribute('target', '_blank');
  node.setAttribute('rel', 'noopener noreferrer nofollow');
});

const KEPT = 500;
const rendered = new Map<string, string>();

/** Safe HTML of a message's text. The newest results are kept, since rows come and go while scrolling. */
export function renderMarkdown(text: string): string {
  const known = rendered.get(text);
  if (known !== undefined) return known;
  const html = sanitize(markdown.render(text));
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

/** Gives the particles behind a linkified address back to the text. */
function cutParticles(md: typeof markdown): void {
  md.core.ruler.after('linkify', 'cut_particles', (state) => {
    for (const block of state.tokens) {
      const tokens = block.children;
      if (block.type !== 'inline' || !tokens) continue;
      for (let index = 0; index + 2 < tokens.length; index++) {
        const [open, text, close] = [tokens[index], tokens[index + 1], tokens[index + 2]];
        if (open?.type !== 'link_open' || open.markup !== 'linkify' || !text || close?.type !== 'link_close') continue;
        const length = trailingParticle(text.content);
        if (length === 0) continue;
        const tail = new state.Token('text', '', 0);
        tail.content = text.content.slice(-length);
        tail.level = close.level;
        text.content = text.content.slice(0, -length);
        const href = /^[a-z][\w+.-]*:/i.test(text.content) ? text.content : `http://${text.content}`;
        open.attrSet('href', md.normalizeLink(href));
        tokens.splice(index + 3, 0, tail);
      }
    }
  });
}
