import { type GuestWithCookie, startGuest } from '../support/guest.ts';
import { connectJsonRpc, type JsonRpcClient } from '../support/json-rpc-client.ts';
import { call } from '../support/transport-client.ts';

/** The workspace that the pictures show: people who talk, and a reader for each language. */
export interface Scene {
  /** The session cookie of a language's reader. */
  cookieOf(language: 'ko' | 'en'): { name: string; value: string };
  /** The id of the room of most pictures. */
  readonly main: string;
  /** A room's id by its name. */
  room(name: string): string;
  end(): Promise<void>;
}

/** Who talks. The first makes the rooms. */
const TALKERS = ['민들레', 'River', '참새', 'Pine', '달팽이', 'Harbour'] as const;

type Talker = (typeof TALKERS)[number];

/** The first is the one of most pictures. */
const ROOMS = ['토요일 Saturday', '산책', 'Release party', '책 읽는 저녁', 'Garden', '점심 뭐 먹지', 'Photos'];

const CONVERSATION: readonly (readonly [Talker, string])[] = [
  ['민들레', '안녕하세요! 이번 토요일 모임 장소를 정해 볼까요?'],
  ['River', 'Morning! The community hall is free from two to six.'],
  ['참새', '저는 두 시 좋아요. 지난번처럼 의자는 제가 챙겨 갈게요 🪑'],
  ['Pine', 'I can bring the projector. Does anybody have a long HDMI cable?'],
  ['달팽이', '케이블 있어요!\n- HDMI 5 m\n- 멀티탭 2개\n- 블루투스 스피커'],
  ['River', 'Great. The schedule so far:\n```\n14:00  doors open\n14:30  short talks\n16:00  함께 걷기 🌳\n```'],
  ['참새', '걷기 코스는 https://example.org/walk 에 올려 두었어요. 비가 오면 *실내*로 바꿉니다.'],
  ['Harbour', 'おはようございます。はじめまして、よろしくお願いします。'],
  ['민들레', '환영합니다! 처음 오시는 분들은 1:45까지 정문으로 와 주세요.'],
  ['Pine', '> 비가 오면 실내로\nSounds good. I will check the forecast on Friday evening and tell everybody here.'],
  ['달팽이', '네~ 그럼 토요일에 봬요 (^o^)/'],
];

/** Makes rooms, people and messages. They stay connected, so that they are seen as present. */
export async function fillWorkspace(url: string): Promise<Scene> {
  const clients = new Map<Talker, JsonRpcClient>();
  for (const name of TALKERS) clients.set(name, await connectJsonRpc(url, { name }));
  const of = (talker: Talker) => clients.get(talker) as JsonRpcClient;
  const readers: Record<'ko' | 'en', GuestWithCookie> = {
    ko: await startGuest(url, '나'),
    en: await startGuest(url, 'Me'),
  };
  const rooms = new Map<string, string>();
  for (const name of ROOMS) {
    const { room } = await call(of('민들레'), 'room.create', { name });
    rooms.set(name, room.id);
    for (const talker of TALKERS.slice(1)) await call(of(talker), 'room.join', { room: room.id });
    for (const { token } of Object.values(readers)) {
      await using reader = await connectJsonRpc(url, { token });
      await call(reader, 'room.join', { room: room.id });
    }
  }
  const main = rooms.get(ROOMS[0] as string) as string;
  const say = async (talker: Talker, text: string, room = main) =>
    (await call(of(talker), 'message.send', { room, text, clientId: crypto.randomUUID() })).message.id;
  const said: string[] = [];
  for (const [talker, text] of CONVERSATION) said.push(await say(talker, text));
  const react = (talker: Talker, index: number, emoji: string) =>
    call(of(talker), 'message.react', { message: said[index] as string, emoji });
  await react('River', 0, '👍');
  await react('참새', 0, '👍');
  await react('Pine', 2, '❤️');
  await react('민들레', 5, '🎉');
  await react('달팽이', 5, '🎉');
  await react('Harbour', 8, '🙏');
  await call(of('민들레'), 'message.pin', { message: said[5] as string });
  await say('참새', '오늘 저녁 한강 산책 어때요?', rooms.get('산책'));
  await say('달팽이', '좋아요, 일곱 시에 역 앞에서 만나요.', rooms.get('산책'));
  await say('Pine', 'The build is green. Cake at four!', rooms.get('Release party'));
  return {
    main,
    cookieOf: (language) => {
      const { cookie, cookieName } = readers[language];
      return { name: cookieName, value: cookie.slice(cookieName.length + 1) };
    },
    room: (name) => {
      const id = rooms.get(name);
      if (id === undefined) throw new Error(`There is no room ${name}`);
      return id;
    },
    end: async () => {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}
