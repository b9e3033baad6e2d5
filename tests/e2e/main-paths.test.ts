import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine, EnginePage } from '../support/engines/engine.ts';
import { ENGINES } from '../support/engines/engines.ts';
import { clickOn, count, say, see, seeNot, valueOf } from '../support/engines/person.ts';
import { kept, stored } from '../support/kept.ts';
import { type RestGuest, startRestGuest } from '../support/rest-guest.ts';
import { turnUntil, watchFrames, WHEEL_PX } from '../support/scrolling.ts';
import { startServer, type TestServer } from '../support/start-server.ts';

const MESSAGES = 500;

let server: TestServer;
let other: RestGuest;

beforeAll(async () => {
  server = await startServer({ flags: ['--limits', 'off'] });
  other = await startRestGuest(server.url, '이웃');
  await other.sayAll(
    Array.from({ length: MESSAGES }, (_, index) => {
      const more = index % 20 === 19 ? '\n둘째 줄\n셋째 줄' : index % 30 === 0 ? ' 긴 말'.repeat(60) : '';
      return `이야기 ${index + 1}.${more}`;
    }),
  );
}, 60_000);

afterAll(() => server?.[Symbol.asyncDispose]());

/** Each engine's tests share one browser and its page, and take place in the room of all. */
describe.each(ENGINES)('$name', { timeout: 90_000 }, (engine) => {
  if (!engine.isInstalled()) {
    test.skip(missing(engine));
    return;
  }
  let page: EnginePage;

  beforeAll(async () => {
    page = await engine.open();
  }, 90_000);

  afterAll(async () => {
    await page?.[Symbol.asyncDispose]();
  }, 30_000);

  /** Comes in as a guest, by the form, unless that is done. */
  const comeIn = async () => {
    if (await count(page, '#composer')) return;
    await page.goto(server.url);
    await see(page, 'main form input');
    if (await count(page, 'button[lang=ko]')) await clickOn(page, 'button[lang=ko]');
    await clickOn(page, 'main form input');
    await page.type(`손님 ${engine.name}`);
    await page.press('Enter');
    await see(page, '#composer');
    await see(page, 'article', `이야기 ${MESSAGES}.`);
  };

  test('a guest comes in, sends, and receives what somebody else sends', async () => {
    await comeIn();
    const text = `${engine.name}에서 안녕하세요`;
    await say(page, text);
    await see(page, 'article[data-delivery=sent]', text);
    expect(await valueOf(page, '#composer')).toBe('');
    expect(await sentTexts()).toContain(text);
    await other.say(`${engine.name} 손님, 어서 오세요`);
    await see(page, 'article', `${engine.name} 손님, 어서 오세요`);
    expect(await page.problems()).toEqual([]);
  });

  test(`the Enter that ends a Korean syllable does not send; the next one does (${engine.composesBy})`, async () => {
    await comeIn();
    await clickOn(page, '#composer');
    const text = `한글${engine.name}`;
    const before = await count(page, 'article');
    for (const syllable of ['ㅎ', '하', '한']) await page.input.compose(syllable);
    await page.input.commit();
    for (const syllable of ['ㄱ', '그', '글']) await page.input.compose(syllable);
    expect(await valueOf(page, '#composer')).toBe('한글');
    await page.input.commitWithEnter();
    expect(await valueOf(page, '#composer')).toBe('한글');
    expect(await count(page, 'article')).toBe(before);
    await page.type(engine.name);
    await page.press('Enter');
    await see(page, 'article[data-delivery=sent]', text);
    expect(await valueOf(page, '#composer')).toBe('');
    expect((await sentTexts()).filter((each) => each === text)).toHaveLength(1);
  });

  test('a message is edited by keyboard', async () => {
    await comeIn();
    const text = `${engine.name}에서 고칠 말`;
    await say(page, text);
    await see(page, 'article[data-delivery=sent]', text);
    await page.press('ArrowUp');
    await see(page, 'article textarea');
    expect(await valueOf(page, 'article textarea')).toBe(text);
    await page.type('입니다');
    await page.press('Enter');
    await seeNot(page, 'article textarea');
    await see(page, 'article', `${text}입니다`);
    await expect.poll(sentTexts).toContain(`${text}입니다`);
  });

  test(`nothing shifts while one scrolls up through ${MESSAGES} messages`, async () => {
    await comeIn();
    const { x, y } = await page.evaluate(() => {
      const box = document.querySelector('[role=log]')!.getBoundingClientRect();
      return { x: Math.round(box.left + box.width / 2), y: Math.round(box.top + box.height / 2) };
    }, undefined);
    const turn = () => page.wheel(x, y, -WHEEL_PX);
    await watchFrames(page, 'up');
    const seen = await turnUntil(page, turn, { text: /이야기 1\./, restMs: 50 });
    // Not how much of the wheel was lost: a busy Firefox loses the first turn after a load.
    expect(seen.jumps).toEqual([]);
    expect(seen.pages).toBeGreaterThanOrEqual(3);
    await say(page, `${engine.name}에서 끝으로`);
  });

  test('a draft is still there after a reload', async () => {
    await comeIn();
    await clickOn(page, '#composer');
    await page.type('쓰다 만 글');
    await page.reload();
    await see(page, '#composer');
    await expect.poll(() => valueOf(page, '#composer'), { timeout: 20_000 }).toBe('쓰다 만 글');
    await clickOn(page, '#composer');
    await page.press('Enter');
    await see(page, 'article[data-delivery=sent]', '쓰다 만 글');
  });

  test('what is written without a server waits, also over opening the page again, and arrives once', async () => {
    await comeIn();
    const before = `${engine.name}에서 끊기기 전`;
    const after = `${engine.name}에서 끊긴 뒤`;
    await say(page, before);
    await see(page, 'article[data-delivery=sent]', before);
    await kept(page);
    await stored(page, before);
    await server.kill();
    try {
      await see(page, '[role=status] button');
      await say(page, after);
      await see(page, 'article[data-delivery=pending]', after);
      await stored(page, after);
      await page.reload();
      await see(page, 'article', before);
      await see(page, 'article[data-delivery=pending]', after);
    } finally {
      await server.start();
    }
    await see(page, 'article[data-delivery=sent]', after);
    expect(await count(page, 'article', after)).toBe(1);
    expect((await sentTexts()).filter((text) => text === after)).toHaveLength(1);
  });
});

/** The newest texts in the room of all, as the server has them. */
async function sentTexts(): Promise<string[]> {
  const { messages } = await other.call<{ messages: { text: string }[] }>('GET', '/rooms/lobby/messages');
  return messages.map(({ text }) => text);
}

/** Says which engine is not tried, and what to install for it. */
function missing({ name, packages }: Engine): string {
  const words = `${name} is not installed, so nothing is tried in it: install ${packages.join(' ')}`;
  process.stderr.write(`\n${words}\n`);
  return words;
}
