import { describe, expect, test } from 'vitest';
import { markdownToHtml } from '../src/features/message/markdown-to-html.js';

/** Texts that try to be more than text. The browser test sends the same through a real page. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg/onload=alert(1)>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<a href="javascript:alert(1)">x</a>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](\u0001javascript:alert(1))',
  '[x](java\tscript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:msgbox(1))',
  '[x](file:///etc/passwd)',
  '![x](https://evil.example/track.png)',
  '![x](data:image/svg+xml,<svg onload=alert(1)>)',
  '<javascript:alert(1)>',
  '[x](https://a.example "onmouseover=alert(1)")',
  '[x](https://a.example/" onmouseover="alert(1))',
  '`<script>alert(1)</script>`',
  '```html\n<script>alert(1)</script>\n```',
  '```"><script>alert(1)</script>\nx\n```',
  '<style>*{display:none}</style>',
  '<div style="position:fixed;inset:0">x</div>',
  '<form action=https://evil.example><input name=p></form>',
  '[ref]\n\n[ref]: javascript:alert(1)',
  '<!-- --><script>alert(1)</script>',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  'https://a.example/<script>alert(1)</script>',
  'https://a.example/"onclick="alert(1)',
];

const TAGS = new Set(['p', 'br', 'strong', 'em', 's', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a']);

describe('hostile text stays text', () => {
  test.each(HOSTILE)('%s', (text) => {
    const html = markdownToHtml(text);
    for (const [, name, attributes = ''] of html.matchAll(/<\/?([a-z][\w-]*)([^>]*)>/gi)) {
      expect(TAGS).toContain(name);
      for (const [, attribute, value] of attributes.matchAll(/([\w-]+)="([^"]*)"/g)) {
        // A code block's language would become a class, a link's title a title; DOMPurify removes both.
        expect(['href', 'start', 'class', 'title']).toContain(attribute);
        if (attribute === 'href') expect(value).toMatch(/^(https?:\/\/|mailto:)/);
      }
    }
  });
});

describe('what a message may contain', () => {
  test.each([
    ['**굵게**', '<strong>굵게</strong>'],
    ['*기울임*', '<em>기울임</em>'],
    ['~~취소~~', '<s>취소</s>'],
    ['`코드`', '<code>코드</code>'],
    ['**강조(설명)**는 이렇게', '<strong>강조(설명)</strong>는 이렇게'],
    ['**"인용"**이라고', '<strong>&quot;인용&quot;</strong>이라고'],
    ['7~8시, 3~5시', '7~8시, 3~5시'],
    ['첫 줄\n둘째 줄', '첫 줄<br>\n둘째 줄'],
    ['# 제목이 아님', '# 제목이 아님'],
    ['snake_case_name', 'snake_case_name'],
    ['1 < 2 & 3 > 2', '1 &lt; 2 &amp; 3 &gt; 2'],
  ])('%s', (text, html) => {
    expect(inline(text)).toBe(html);
  });

  test('quotes, lists and code blocks', () => {
    expect(markdownToHtml('> 인용')).toContain('<blockquote>');
    expect(markdownToHtml('- 하나\n- 둘')).toMatch(/<ul>[^]*<li>하나<\/li>/);
    expect(markdownToHtml('3. 셋')).toContain('<ol start="3">');
    expect(markdownToHtml('```\na <b>\n```')).toBe('<pre><code>a &lt;b&gt;\n</code></pre>\n');
  });

  test('an indented line is not code', () => {
    expect(markdownToHtml('    네 칸')).not.toContain('<code>');
  });
});

describe('links', () => {
  test('an address in the text is a link, without the particle after it', () => {
    expect(hrefs('https://a.kr/b에서 봐요')).toEqual(['https://a.kr/b']);
    expect(markdownToHtml('https://a.kr/b에서 봐요')).toContain('</a>에서 봐요');
  });

  test('an address without a scheme becomes http', () => {
    expect(hrefs('example.com 참고')).toEqual(['http://example.com']);
  });

  test('two addresses in one line', () => {
    expect(hrefs('https://a.kr/x와 https://b.kr/y를')).toEqual(['https://a.kr/x', 'https://b.kr/y']);
  });

  test('a link that the author wrote in full is left as it is', () => {
    expect(hrefs('[회의록](https://a.kr/회의에서)')).toEqual(['https://a.kr/%ED%9A%8C%EC%9D%98%EC%97%90%EC%84%9C']);
  });
});

function inline(text: string): string {
  return markdownToHtml(text)
    .trim()
    .replace(/^<p>|<\/p>$/g, '');
}

function hrefs(text: string): (string | undefined)[] {
  return [...markdownToHtml(text).matchAll(/href="([^"]*)"/g)].map((each) => each[1]);
}
