// @ts-check

const en = {
  title: 'Socket.IO chat',
  stats: (/** @type {number} */ online, /** @type {number} */ messages) => `${online} here · ${messages} sent`,
  loginTitle: 'Log in',
  loginHint: 'Open this page in two or three windows and log in under a different name in each.',
  name: 'Name',
  id: 'ID',
  idHint: 'Letters, digits, dot, dash and underscore.',
  comeIn: 'Log in',
  talk: 'Conversation',
  to: 'Send to',
  everyone: 'Everyone',
  me: 'Only me',
  others: 'Everyone but me',
  client: 'One person',
  room: 'A room',
  everyoneMeaning: 'everyone connected, including you',
  meMeaning: 'comes back only to you',
  othersMeaning: 'everyone connected, except you',
  clientMeaning: 'the person you choose',
  roomMeaning: 'everyone in the room, including you',
  whichClient: 'Which person',
  whichRoom: 'Which room',
  nobody: 'Nobody else is here yet',
  noRoom: 'Join a room first',
  text: 'Message',
  send: 'Send',
  people: 'People',
  you: 'you',
  rooms: 'Rooms',
  roomsHint: 'Join a room to get what is sent to it.',
  tea: 'Tea',
  books: 'Books',
  games: 'Games',
  connection: 'Connection',
  forceDisconnect: 'Ask to be disconnected',
  connectAgain: 'Connect again',
  connected: (/** @type {string} */ way) => `Connected by ${way}.`,
  disconnected: 'Disconnected, as you asked.',
  lost: 'Connection lost. Trying again…',
  cameIn: (/** @type {string} */ name) => `${name} joined.`,
  left: (/** @type {string} */ name) => `${name} left.`,
  sentAway: 'Sent; it does not come back to you.',
  invalid_input: 'The server did not accept that. Is something empty or too long?',
  not_logged_in: 'Log in first.',
  already_logged_in: 'You are already logged in.',
  no_such_client: 'That person has left.',
  not_in_room: 'Join the room first.',
};

/** @type {typeof en} */
const ko = {
  title: 'Socket.IO 채팅',
  stats: (online, messages) => `${online}명 접속 · 메시지 ${messages}개`,
  loginTitle: '들어가기',
  loginHint: '이 페이지를 창 두세 개에 열고, 창마다 다른 이름으로 들어가 보세요.',
  name: '이름',
  id: '아이디',
  idHint: '글자, 숫자, 점, 붙임표, 밑줄을 쓸 수 있습니다.',
  comeIn: '들어가기',
  talk: '대화',
  to: '받는 사람',
  everyone: '모두',
  me: '나만',
  others: '나 빼고 모두',
  client: '한 사람',
  room: '방',
  everyoneMeaning: '나를 포함해 접속한 모두에게',
  meMeaning: '나에게만 돌아옵니다',
  othersMeaning: '나를 뺀 접속자 모두에게',
  clientMeaning: '고른 한 사람에게',
  roomMeaning: '나를 포함해 그 방에 들어간 모두에게',
  whichClient: '누구에게',
  whichRoom: '어느 방에',
  nobody: '아직 다른 사람이 없습니다',
  noRoom: '먼저 방에 들어가세요',
  text: '메시지',
  send: '보내기',
  people: '사람들',
  you: '나',
  rooms: '방',
  roomsHint: '방에 들어간 사람만 그 방에 보낸 메시지를 받습니다.',
  tea: '차',
  books: '책',
  games: '게임',
  connection: '연결',
  forceDisconnect: '연결 끊어 달라고 하기',
  connectAgain: '다시 연결',
  connected: (way) => `${way} 방식으로 연결되었습니다.`,
  disconnected: '요청대로 연결을 끊었습니다.',
  lost: '연결이 끊겼습니다. 다시 시도하고 있습니다…',
  cameIn: (name) => `${name} 님이 들어왔습니다.`,
  left: (name) => `${name} 님이 나갔습니다.`,
  sentAway: '보냈습니다. 나에게는 돌아오지 않습니다.',
  invalid_input: '서버가 받아들이지 않았습니다. 비었거나 너무 길지 않은가요?',
  not_logged_in: '먼저 들어오세요.',
  already_logged_in: '이미 들어와 있습니다.',
  no_such_client: '그 사람은 나갔습니다.',
  not_in_room: '먼저 그 방에 들어가세요.',
};

const languages = { en, ko };

/** @typedef {keyof typeof languages} Language */

/** The words of the page's language. Don't keep the result, since the language can change. */
export function words() {
  return languages[language()];
}

/** @returns {Language} */
function language() {
  return document.documentElement.lang === 'ko' ? 'ko' : 'en';
}

/**
 * Uses the language chosen last, or else the browser's, and lets the buttons change it.
 *
 * @param {() => void} onChange writes what the page's own `data-t` attributes don't cover
 */
export function startLanguage(onChange) {
  const buttons = [...document.querySelectorAll('button')].filter((button) => 'language' in button.dataset);
  for (const button of buttons) {
    button.addEventListener('click', () => {
      localStorage.setItem('language', button.dataset['language'] ?? 'en');
      use(button.dataset['language']);
    });
  }
  use(localStorage.getItem('language') ?? navigator.language.slice(0, 2));

  /** @param {string | undefined} chosen */
  function use(chosen) {
    document.documentElement.lang = chosen === 'ko' ? 'ko' : 'en';
    document.title = words().title;
    for (const button of buttons) button.ariaPressed = String(button.dataset['language'] === language());
    for (const element of document.querySelectorAll('[data-t]')) element.textContent = word(element, 'data-t');
    for (const element of document.querySelectorAll('[data-t-label]'))
      element.ariaLabel = word(element, 'data-t-label');
    for (const element of document.querySelectorAll('[data-t-placeholder]'))
      element.setAttribute('placeholder', word(element, 'data-t-placeholder'));
    onChange();
  }
}

/**
 * @param {Element} element
 * @param {string} attribute
 * @returns {string}
 */
function word(element, attribute) {
  return String(Object(words())[element.getAttribute(attribute) ?? ''] ?? '');
}
