// @ts-check

const en = {
  title: 'WebSocket and polling side by side',
  subtitle: 'The same messages, five ways, measured as they arrive.',
  start: 'Start',
  pause: 'Pause',
  startOver: 'Start over',
  rate: 'Messages',
  rateNow: (/** @type {string} */ n) => `${n} a second`,
  interval: 'Short polling',
  intervalNow: (/** @type {string} */ ms) => `every ${ms} ms`,
  lanes: 'The five transports, drawn as they work',
  legend: 'What the marks mean',
  legendRequest: 'request',
  legendEmpty: 'empty answer',
  legendMessage: 'message: from when it was made to when it arrived',
  legendOpen: 'connection open, the server may send',
  laneDrawing: (/** @type {string} */ name) =>
    `${name}: marks moving between browser and server. The table has the numbers.`,
  browser: 'browser',
  server: 'server',
  numbers: 'The same in numbers',
  transport: 'Transport',
  requests: 'Requests',
  messages: 'Messages',
  bytes: 'Bytes',
  latency: 'Latency (p95)',
  bytesUp: 'Bytes up',
  bytesDown: 'Bytes down',
  bytesEach: 'Bytes per message',
  median: 'Median latency',
  p95: '95th percentile',
  connecting: 'Connecting…',
  running: (/** @type {string} */ seconds) => `Running. The right edge is now, the left ${seconds} seconds ago.`,
  settling: 'Stopping; waiting for the last messages…',
  lost: 'The server is gone. Start it, then press Start.',
  same: (/** @type {string} */ last) => `Paused. Every lane got the same messages, 1 to ${last}, each once.`,
  notSame: (/** @type {string} */ names) => `Paused. These lanes lack messages: ${names}.`,
  verdict: (/** @type {string} */ count, /** @type {string} */ times, /** @type {string} */ requests) =>
    `For the same ${count} messages short polling has moved ${times} times the bytes of WebSocket, in ${requests} requests instead of 1.`,
  noVerdict: 'Waiting for the first messages…',
  counted: 'What is counted, and how',
  countedBytes:
    'Bytes: all that the server’s TCP connections read and wrote for this transport, from its first request on: HTTP headers, handshakes, frames, heartbeats. Not counted: TCP/IP headers and acknowledgements, and TLS, since this is plain HTTP. This page and its control connection are counted separately.',
  countedRequests: 'Requests: HTTP requests that reached the server, upgrades to WebSocket included.',
  countedLatency:
    'Latency: from the moment when the server made a message until the page’s code has it, over the newest 1000 messages of the lane. The server’s clock is compared with the browser’s when a run starts.',
  countedPicture:
    'The picture: places on the time axis are measured; a round trip is drawn at least 6 pixels wide, and a mark flies for a quarter of a second, so that the eye can follow.',
  countedFair:
    'Short polling’s latency is mostly its interval: ask more often and it falls, while requests and bytes rise. On one machine the network costs next to nothing; over a real one each round trip of a poll costs more.',
  names: {
    'short-polling': 'Short polling',
    'long-polling': 'Long polling',
    'server-sent-events': 'Server-sent events',
    websocket: 'WebSocket',
    'socket.io': 'Socket.IO',
  },
  notes: {
    'short-polling': 'Asks again and again: anything new?',
    'long-polling': 'Asks once; the answer waits for news.',
    'server-sent-events': 'One request, an answer without end.',
    websocket: 'One connection, and both sides may speak.',
    'socket.io': 'Begins with polling, then switches to WebSocket.',
  },
};

/** @type {typeof en} */
const ko = {
  title: '웹소켓과 폴링, 나란히',
  subtitle: '같은 메시지를 다섯 가지 방식으로 보내며 그 자리에서 잽니다.',
  start: '시작',
  pause: '멈춤',
  startOver: '처음부터',
  rate: '메시지',
  rateNow: (n) => `1초에 ${n}개`,
  interval: '쇼트 폴링',
  intervalNow: (ms) => `${ms}ms마다`,
  lanes: '다섯 가지 전송 방식의 움직임',
  legend: '표시의 뜻',
  legendRequest: '요청',
  legendEmpty: '새 소식 없는 응답',
  legendMessage: '메시지: 만들어진 때부터 도착한 때까지',
  legendOpen: '연결이 열려 있어 서버가 말할 수 있음',
  laneDrawing: (name) => `${name}: 브라우저와 서버 사이를 오가는 표시. 숫자는 표에 있습니다.`,
  browser: '브라우저',
  server: '서버',
  numbers: '숫자로 보면',
  transport: '전송 방식',
  requests: '요청',
  messages: '메시지',
  bytes: '바이트',
  latency: '지연 (p95)',
  bytesUp: '올린 바이트',
  bytesDown: '내린 바이트',
  bytesEach: '메시지당 바이트',
  median: '지연 중앙값',
  p95: '95번째 백분위수',
  connecting: '연결하고 있습니다…',
  running: (seconds) => `재고 있습니다. 오른쪽 끝이 지금, 왼쪽 끝이 ${seconds}초 전입니다.`,
  settling: '멈추는 중입니다. 마지막 메시지를 기다립니다…',
  lost: '서버가 없습니다. 서버를 켠 다음 시작을 누르세요.',
  same: (last) => `멈췄습니다. 모든 방식이 같은 메시지 1~${last}번을 한 번씩 받았습니다.`,
  notSame: (names) => `멈췄습니다. 메시지가 모자란 방식: ${names}.`,
  verdict: (count, times, requests) =>
    `같은 메시지 ${count}개에 쇼트 폴링은 웹소켓의 ${times}배 바이트를 썼고, 요청은 1번이 아니라 ${requests}번 보냈습니다.`,
  noVerdict: '첫 메시지를 기다리고 있습니다…',
  counted: '무엇을 어떻게 재나요?',
  countedBytes:
    '바이트: 이 방식의 첫 요청부터 서버의 TCP 연결이 읽고 쓴 모든 것입니다. HTTP 헤더, 핸드셰이크, 프레임, 하트비트가 들어갑니다. TCP/IP 헤더와 확인 응답은 빠지며, 평범한 HTTP라서 TLS도 없습니다. 이 페이지와 제어 연결의 바이트는 따로 셉니다.',
  countedRequests: '요청: 서버에 도착한 HTTP 요청입니다. WebSocket으로 바꾸는 업그레이드 요청도 셉니다.',
  countedLatency:
    '지연: 서버가 메시지를 만든 때부터 페이지의 코드가 받은 때까지이며, 방식마다 최근 메시지 1000개로 계산합니다. 시작할 때 서버와 브라우저의 시계를 맞춰 봅니다.',
  countedPicture:
    '그림: 시간 축 위의 자리는 잰 그대로입니다. 다만 눈으로 볼 수 있도록 왕복은 적어도 6픽셀 너비로 그리고, 표시는 4분의 1초 동안 날아갑니다.',
  countedFair:
    '쇼트 폴링의 지연은 대부분 묻는 간격에서 옵니다. 더 자주 물으면 지연은 줄고 요청과 바이트는 늘어납니다. 한 컴퓨터 안에서는 네트워크 비용이 거의 없지만, 실제 네트워크에서는 폴링의 왕복마다 시간이 더 듭니다.',
  names: {
    'short-polling': '쇼트 폴링',
    'long-polling': '롱 폴링',
    'server-sent-events': '서버 전송 이벤트',
    websocket: '웹소켓',
    'socket.io': 'Socket.IO',
  },
  notes: {
    'short-polling': '자꾸 묻습니다. 새 소식 있나요?',
    'long-polling': '한 번 묻고, 소식이 생기면 답을 받습니다.',
    'server-sent-events': '요청 하나에 끝나지 않는 응답.',
    websocket: '연결 하나로 서로 말합니다.',
    'socket.io': '폴링으로 시작해 웹소켓으로 바꿉니다.',
  },
};

const languages = { en, ko };

/** The words of the page's language. Don't keep the result, since the language can change. */
export function words() {
  return languages[language()];
}

/** @returns {keyof typeof languages} */
export function language() {
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
