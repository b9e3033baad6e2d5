import { expect, test } from 'vitest';
import { startServer } from '../support/start-server.ts';
import { enter, messageOf, say } from '../support/visitor.ts';
import { useWeb } from '../support/web.ts';

const web = useWeb();
const theOwner = () => web.enterToStay('방장');
const theGuest = () => web.enterToStay('손님');

test('a public room is made, found by another, joined, and left', async () => {
  const owner = await theOwner();
  const guest = await theGuest();
  await owner.page.getByRole('button', { name: '새 방 만들기' }).click();
  await owner.page.getByLabel('방 이름').fill('독서 모임');
  await owner.page.getByLabel('주제').fill('한 달에 한 권');
  await owner.page.getByRole('button', { name: '만들기', exact: true }).click();
  await owner.page.getByRole('heading', { name: '독서 모임', exact: true }).waitFor();

  await guest.page.getByRole('button', { name: '방 둘러보기' }).click();
  await guest.page.getByRole('dialog').getByRole('searchbox').fill('독서');
  await guest.page.getByRole('button', { name: '들어가기: 독서 모임' }).click();
  await guest.page.getByRole('heading', { name: '독서 모임', exact: true }).waitFor();
  await owner.page.getByText('손님 님이 들어오셨습니다.').waitFor();

  await guest.page.getByRole('button', { name: '방 정보' }).click();
  expect(await guest.page.getByLabel('방 이름').count()).toBe(0);
  await guest.page.getByRole('button', { name: '방에서 나가기' }).click();
  await guest.page.getByRole('alertdialog').getByRole('button', { name: '나가기' }).click();
  await guest.page.getByRole('link', { name: /독서 모임/ }).waitFor({ state: 'detached' });
  await owner.page.getByText('손님 님이 나가셨습니다.').waitFor();
  expect([...owner.problems, ...guest.problems]).toEqual([]);
});

test('what lists rooms and people says why it is empty without a connection, and is filled after it', async () => {
  const { page } = await theOwner();
  const dialog = page.getByRole('dialog');
  const panel = page.getByRole('complementary', { name: '참여자' });
  const offline = async () => {
    await page.context().setOffline(true);
    await page.getByText('인터넷에 연결되어 있지 않습니다').waitFor();
  };
  // Their code is there.
  for (const opener of [
    page.getByRole('button', { name: '방 둘러보기' }),
    panel.getByRole('button', { name: '초대' }),
  ]) {
    await opener.click();
    await dialog.getByRole('searchbox').waitFor();
    await page.keyboard.press('Escape');
  }
  await offline();
  await page.getByRole('button', { name: '방 둘러보기' }).click();
  await dialog.getByRole('alert').getByText('서버가 응답하지 않습니다').waitFor();
  await page.context().setOffline(false);
  await dialog.getByRole('listitem').filter({ hasText: 'lobby' }).waitFor();
  await page.keyboard.press('Escape');

  await offline();
  await panel.getByRole('button', { name: '초대' }).click();
  await dialog.getByRole('alert').getByText('서버가 응답하지 않습니다').waitFor();
  expect(await dialog.getByText('초대할 수 있는 분이 없습니다').count()).toBe(0);
  await page.context().setOffline(false);
  await dialog.getByRole('listitem').filter({ hasText: '손님' }).waitFor();
  await dialog.getByRole('searchbox').fill('없는 사람');
  await dialog.getByText('찾는 사람이 없습니다').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');

  const guest = await theGuest();
  const id = await guest.page.evaluate(async () => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch('api/rooms', { method: 'POST', headers, body: JSON.stringify({ name: '새 소식' }) });
    return ((await answer.json()) as { room: { id: string } }).room.id;
  });
  await page.evaluate((room) => fetch(`api/rooms/${room}/join`, { method: 'POST' }), id);
  await page.locator(`a[data-room="${id}"]`).waitFor();
  await offline();
  await page.locator(`a[data-room="${id}"]`).click();
  await panel.getByText('연결되면 참여자를 불러옵니다').waitFor();
  await page.context().setOffline(false);
  await panel.getByText('손님').waitFor();
});

test('a room that this device does not know says so without a connection, with a way back, and opens after it', async () => {
  const { page } = await theOwner();
  const guest = await theGuest();
  const id = await guest.page.evaluate(async () => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch('api/rooms', { method: 'POST', headers, body: JSON.stringify({ name: '모르는 방' }) });
    return ((await answer.json()) as { room: { id: string } }).room.id;
  });
  await page.context().setOffline(true);
  await page.getByText('인터넷에 연결되어 있지 않습니다').waitFor();
  await page.evaluate((room) => (location.hash = `#/r/${room}`), id);
  const notice = page.getByRole('heading', { name: '연결 없이는 이 방을 볼 수 없습니다' });
  await notice.waitFor();
  await page.getByRole('button', { name: '방 목록으로' }).click();
  await page.locator('#composer').waitFor();
  await page.goBack();
  await notice.waitFor();
  await page.context().setOffline(false);
  await page.getByRole('heading', { name: '아직 들어가지 않은 방입니다: 모르는 방' }).waitFor();
});

test('where there is no room, the page says so and helps to make the first one', async () => {
  await using empty = await startServer({ flags: ['--lobby', 'off'] });
  await using one = await enter(web.browser, empty.url, '첫 손님');
  const main = one.page.getByRole('main');
  await main.getByRole('heading', { name: '아직 들어간 방이 없습니다' }).waitFor();
  await main.getByRole('button', { name: '방 둘러보기' }).click();
  await one.page.getByRole('dialog').getByText('아직 공개 방이 없습니다').waitFor();
  await one.page.keyboard.press('Escape');
  await main.getByRole('button', { name: '새 방 만들기' }).click();
  await one.page.getByLabel('방 이름').fill('첫 방');
  await one.page.getByRole('button', { name: '만들기', exact: true }).click();
  await one.page.getByRole('heading', { name: '첫 방', exact: true }).waitFor();
  expect(one.problems).toEqual([]);
});

test('actions that are not allowed are not offered: creating rooms, writing to one person', async () => {
  await using strict = await startServer({ flags: ['--create-rooms', 'off', '--direct', 'off'] });
  await using one = await enter(web.browser, strict.url, '방문객');
  await using other = await enter(web.browser, strict.url, '이웃');
  const { page } = one;
  await page.getByRole('complementary', { name: '참여자' }).getByText('이웃').waitFor();
  const count = (name: string) => page.getByRole('button', { name }).count();
  expect(await count('이웃 님 메뉴')).toBe(0);
  expect(await page.getByRole('heading', { name: '1:1 대화' }).count()).toBe(0);
  expect(await count('새 방 만들기')).toBe(0);
  await page.getByRole('button', { name: '방 둘러보기' }).click();
  await page.getByRole('dialog').getByText('lobby', { exact: true }).waitFor();
  expect(await count('새 방 만들기')).toBe(0);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('이웃');
  await page.getByText('찾는 방이나 사람, 기능이 없습니다').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: '방 정보' }).click();
  await page.getByRole('button', { name: '방에서 나가기' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: '나가기' }).click();
  await page.getByText('초대받은 방은 바로 여기에 나타납니다').waitFor();
  expect(await count('새 방 만들기')).toBe(0);
  expect([...one.problems, ...other.problems]).toEqual([]);
});

test("an owner changes a room's topic and name, and everybody sees it", async () => {
  const owner = await theOwner();
  const guest = await theGuest();
  await owner.page.getByRole('button', { name: '새 방 만들기' }).click();
  await owner.page.getByLabel('방 이름').fill('가을 산책');
  await owner.page.getByRole('button', { name: '만들기', exact: true }).click();
  await owner.page.getByRole('heading', { name: '가을 산책', exact: true }).waitFor();
  await guest.page.goto(owner.page.url());
  await guest.page.getByRole('button', { name: '들어가기' }).click();
  await guest.page.getByRole('heading', { name: '가을 산책', exact: true }).waitFor();

  await owner.page.getByRole('button', { name: '방 정보' }).click();
  await owner.page.getByLabel('주제').fill('토요일마다');
  await owner.page.getByRole('button', { name: '저장' }).click();
  await owner.page.getByText('저장했습니다.').waitFor();
  await guest.page.getByText('방장 님이 주제를 바꾸셨습니다: 토요일마다').waitFor();
  await owner.page.getByLabel('방 이름').fill('겨울 산책');
  await owner.page.getByRole('button', { name: '저장' }).click();
  await owner.page.getByText('저장했습니다.').waitFor();
  await guest.page.getByRole('heading', { name: '겨울 산책', exact: true }).waitFor();
  await guest.page.getByRole('link', { name: '겨울 산책' }).waitFor();
  await owner.page.keyboard.press('Escape');
});

test('a name that is taken, empty or invisible is reported at the field', async () => {
  const { page } = await theOwner();
  await page.getByRole('button', { name: '새 방 만들기' }).click();
  await page.getByRole('button', { name: '만들기', exact: true }).click();
  await page.getByText('이름을 입력해 주세요.').waitFor();
  await page.getByLabel('방 이름').fill('독서 모임');
  await page.getByRole('button', { name: '만들기', exact: true }).click();
  await page.getByText('같거나 비슷한 이름의 공개 방이 이미 있습니다.').waitFor();
  await page.getByLabel('방 이름').fill('...');
  await page.getByRole('button', { name: '만들기', exact: true }).click();
  await page.getByText('글자나 숫자, 이모지가 있는 이름을 써 주세요').waitFor();
  await page.keyboard.press('Escape');
});

test('a private room is only for invited users, and a removed user sees nothing more', async () => {
  const owner = await theOwner();
  const guest = await theGuest();
  await owner.page.getByRole('button', { name: '새 방 만들기' }).click();
  await owner.page.getByLabel('방 이름').fill('비밀 계획');
  await owner.page.getByRole('radio', { name: /비공개/ }).check();
  await owner.page.getByRole('button', { name: '만들기', exact: true }).click();
  await owner.page.getByRole('heading', { name: '비밀 계획', exact: true }).waitFor();
  await say(owner.page, '우리끼리만');
  const address = owner.page.url();

  await guest.page.goto(address);
  await guest.page.getByText('방을 찾을 수 없습니다').waitFor();
  expect(await guest.page.getByText('비밀 계획').count()).toBe(0);

  await owner.page.getByRole('button', { name: '초대', exact: true }).click();
  await owner.page.getByRole('dialog').getByRole('searchbox').fill('손님');
  await owner.page.getByRole('button', { name: '초대: 손님' }).click();
  await owner.page.getByRole('button', { name: '초대했습니다: 손님' }).waitFor();
  await owner.page.keyboard.press('Escape');
  await guest.page.getByRole('link', { name: /비밀 계획/ }).click();
  await messageOf(guest.page, '우리끼리만').waitFor();

  await owner.page.getByRole('button', { name: '손님 님 메뉴' }).click();
  await owner.page.getByRole('menuitem', { name: '방에서 내보내기' }).click();
  await owner.page.getByRole('alertdialog').getByRole('button', { name: '내보내기' }).click();
  await guest.page.getByText('방을 찾을 수 없습니다').waitFor();
  await guest.page.getByRole('link', { name: /비밀 계획/ }).waitFor({ state: 'detached' });
  expect([...owner.problems, ...guest.problems]).toEqual([]);
});

test('two people talk in private', async () => {
  const one = await theOwner();
  const two = await theGuest();
  await one.page.getByRole('link', { name: /lobby/ }).click();
  await one.page.getByRole('button', { name: '손님 님 메뉴' }).click();
  await one.page.getByRole('menuitem', { name: '1:1 대화하기' }).click();
  await one.page.getByRole('heading', { name: '손님', exact: true }).waitFor();
  await say(one.page, '둘이서만 이야기해요');
  await two.page.getByRole('link', { name: /방장.*안 읽은 메시지 1개/ }).click();
  await messageOf(two.page, '둘이서만 이야기해요').waitFor();
  await say(two.page, '네, 좋아요');
  await messageOf(one.page, '네, 좋아요').waitFor();
  await one.page.getByRole('banner').or(one.page.locator('header')).getByText('접속 중').first().waitFor();
});

test('the people panel shows who is online and who has left', async () => {
  const one = await theOwner();
  await one.page.getByRole('link', { name: /lobby/ }).click();
  const two = await web.enter('떠난이');
  const panel = one.page.getByRole('complementary', { name: '참여자' });
  await panel.getByRole('button', { name: '떠난이 님 메뉴' }).waitFor();
  await two[Symbol.asyncDispose]();
  await panel.getByRole('button', { name: '떠난이 님 메뉴' }).getByText(/접속$/).waitFor({ timeout: 20_000 });
});
