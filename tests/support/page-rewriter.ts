import type { Page } from 'playwright-core';

/** What surrounds each rewritten text, so that a test sees that it was. */
const MARKS = ['‹', '›'] as const;

/**
 * Rewrites all texts of a page from its start on, those that appear or change later included, as translators do, and tools
 * that read aloud or mark words: each text is replaced by an element, put into one, removed after one was inserted, or split
 * into words, by turns.
 */
export function rewritePage(page: Page): Promise<unknown> {
  return page.addInitScript(rewrite, MARKS);
}

/** The text of the page's conversation, panels and dialogs, without the marks and spaces. */
export function textOfPage(page: Page): Promise<string> {
  return page.evaluate(() => {
    const shown = document.querySelector('#root')!.cloneNode(true) as Element;
    // What passes, and what depends on where the user has looked.
    const own = '[role="status"], [role="alert"], [role="toolbar"], [data-testid="unread"]';
    for (const each of shown.querySelectorAll(own)) each.remove();
    return (shown.textContent ?? '').replaceAll(/[\s‹›]/g, '');
  });
}

function rewrite([open, close]: readonly [string, string]): void {
  let turn = 0;
  const done = new WeakMap<Node, string | null>();
  const textsIn = (root: Node): Text[] => {
    const texts: Text[] = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node: Node | null = root.nodeType === 3 ? root : walker.nextNode(); node; node = walker.nextNode())
      texts.push(node as Text);
    return texts;
  };
  const element = (text = '') => {
    const font = document.createElement('font');
    font.append(text);
    for (const each of [font, font.firstChild]) if (each) done.set(each, each.nodeValue);
    return font;
  };
  const rewriteText = (text: Text) => {
    const parent = text.parentElement;
    if (!parent || done.get(text) === text.data || !/\p{L}/u.test(text.data)) return;
    if (parent.closest('script, style, textarea, input, font, [translate="no"]')) return;
    done.set(text, text.data);
    turn = (turn + 1) % 4;
    const font = element(turn === 1 ? '' : `${open}${text.data}${close}`);
    if (turn === 0) {
      text.replaceWith(font);
    } else if (turn === 2) {
      parent.insertBefore(font, text);
      parent.removeChild(text);
    } else if (turn === 1) {
      text.replaceWith(font);
      font.append(text);
    } else {
      for (let rest: Text = text; rest.data.length > 0;) {
        const end = rest.data.search(/(?<=\S)\s/) + 1 || rest.data.length;
        const next = rest.splitText(end);
        const word = element();
        rest.replaceWith(word);
        word.append(rest);
        done.set(rest, rest.data);
        rest = next;
      }
    }
  };
  const start = () => {
    for (const text of textsIn(document.body)) rewriteText(text);
    const watch = { childList: true, characterData: true, subtree: true };
    new MutationObserver((records) => {
      for (const { type, target, addedNodes } of records)
        for (const node of type === 'characterData' ? [target] : addedNodes)
          if (node.isConnected) for (const text of textsIn(node)) rewriteText(text);
    }).observe(document.body, watch);
  };
  if (document.body) start();
  else document.addEventListener('DOMContentLoaded', start);
}
