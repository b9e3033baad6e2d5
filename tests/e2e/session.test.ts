import { expect, test } from 'vitest';
import { messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();

test('a nickname that somebody present has, or one that looks like it, is refused at the field', async () => {
  await using one = await web.enter('paypal');
  await using two = await web.visit();
  const name = two.page.getByLabel('닉네임');
  const enterButton = two.page.getByRole('button', { name: '들어가기' });
  await enterButton.click();
  await two.page.getByText('이름을 입력해 주세요.').waitFor();
  for (const taken of ['paypal', 'PayPal', 'раураl']) {
    await name.fill(taken);
    await enterButton.click();
    await two.page.getByText('다른 이름을 써 주세요.').waitFor();
    expect(await name.getAttribute('aria-invalid')).toBe('true');
  }
  await name.fill('다른 이름');
  await enterButton.click();
  await two.page.locator('#composer').waitFor();
  expect(one.problems).toEqual([]);
});

test('the session is kept over a reload, in a cookie that the page cannot read', async () => {
  await using one = await web.enter('다시온이');
  await say(one.page, '자리 맡기');
  await messageOf(one.page, '자리 맡기').waitFor();
  await one.page.reload();
  await one.page.getByRole('button', { name: '내 메뉴: 다시온이' }).waitFor();
  expect(await one.page.evaluate(() => document.cookie)).toBe('');
  const [cookie] = await one.page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: expect.stringMatching(/Lax|Strict/) as unknown });
});

test('the nickname can be changed, and everybody sees it', async () => {
  await using one = await web.enter('옛이름');
  await using two = await web.enter('구경꾼');
  await one.page.getByRole('button', { name: '내 메뉴: 옛이름' }).click();
  await one.page.getByRole('menuitem', { name: '닉네임 바꾸기' }).click();
  await one.page.getByRole('textbox', { name: '닉네임' }).fill('새이름');
  await one.page.keyboard.press('Enter');
  await one.page.getByRole('button', { name: '내 메뉴: 새이름' }).waitFor();
  await two.page.getByText('옛이름 님이 이름을 바꾸셨습니다: 새이름').waitFor();
});

test('the language follows the browser, can be changed, and is kept', async () => {
  await using one = await web.enter('traveller', { language: 'en' });
  const { page } = one;
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  await page.getByRole('button', { name: 'Your menu: traveller' }).click();
  await page.getByRole('menuitem', { name: 'Open settings' }).click();
  await page.getByRole('radio', { name: '한국어' }).click();
  await page.getByRole('heading', { name: '설정', exact: true }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('ko');
  await page.reload();
  await page.getByRole('heading', { name: '설정', exact: true }).waitFor();
});

test('a language and a theme chosen in one tab are those of the others at once', async () => {
  const { page } = await web.enterToStay('두 탭');
  const other = await page.context().newPage();
  await other.goto(web.url);
  await other.locator('#composer').waitFor();
  const html = other.locator('html');
  await page.evaluate(() => (location.hash = '#/settings/language'));
  await page.getByRole('radio', { name: 'English' }).click();
  await other.getByRole('textbox', { name: 'Message lobby' }).waitFor();
  expect(await html.getAttribute('lang')).toBe('en');
  await page.evaluate(() => (location.hash = '#/settings/theme'));
  await page.getByRole('radio', { name: 'Dark' }).click();
  await expect.poll(() => html.getAttribute('data-theme')).toBe('dark');
  await other.close();
});

test('light and dark follow the device, can be chosen, and are kept', async () => {
  await using one = await web.enter('밤사람', { theme: 'light' });
  const { page } = one;
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.evaluate(() => (location.hash = '#/settings/theme'));
  await page.getByRole('radio', { name: '어둡게' }).click();
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  await page.getByRole('heading', { name: '설정', exact: true }).waitFor();
  expect(await background()).toBe(dark);
});

test('after signing out the sign-in page is shown again, and the name is free', async () => {
  await using one = await web.enter('나간이');
  const { page } = one;
  await page.locator('#composer').fill('보내지 않은 글');
  await page.getByRole('button', { name: /내 메뉴/ }).click();
  await page.getByRole('menuitem', { name: '나가기' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: '나가기' }).click();
  await page.getByLabel('닉네임').fill('나간이');
  await page.getByRole('button', { name: '들어가기' }).click();
  await page.locator('#composer').waitFor();
  expect(await page.locator('#composer').inputValue()).toBe('');
  expect(one.problems).toEqual([]);
});
