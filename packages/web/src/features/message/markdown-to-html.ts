import MarkdownIt from 'markdown-it';
import cjkFriendly from 'markdown-it-cjk-friendly';
import { trailingParticle } from './trim-link.js';

/** Allowed schemes of links. */
export const LINK = /^(?:https?:|mailto:)/i;

// Headings, tables, images and rules are for documents; in a conversation they shout, or load from elsewhere.
const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true, typographer: false })
  .use(cjkFriendly)
  .disable(['heading', 'lheading', 'table', 'image', 'hr', 'html_block', 'html_inline', 'reference', 'code']);

markdown.linkify.set({ fuzzyLink: true, fuzzyEmail: false, fuzzyIP: false });

markdown.validateLink = (url) => LINK.test(url.trim());

cutParticles(markdown);

/** A message's markdown as HTML, with any HTML in it as text. Not safe for the page yet: see `renderMarkdown`. */
export function markdownToHtml(text: string): string {
  return markdown.render(text);
}

/** Returns the particles after a linkified address to the text. */
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
