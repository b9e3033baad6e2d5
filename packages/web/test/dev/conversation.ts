import type { MessageAbilities, ViewMessage } from '@madang/client';
import type { UserRef } from '@madang/protocol';

/** Invented people. */
export const people: UserRef[] = [
  '새벽별',
  '고구마',
  'tea_time',
  '느린우체통',
  'mossy',
  '달빛산책',
  '별사탕',
  'northwind',
].map((name, index) => ({ id: `u${index}`, name }));

/** What the user may do with their own messages. */
export const ownMessages: MessageAbilities = { edit: true, delete: true, react: true };

const LINES: [number, string][] = [
  [1, '안녕하세요, 오늘 처음 왔습니다! 잘 부탁드려요 🙇'],
  [2, 'Welcome! This is the lobby, feel free to ask anything.'],
  [0, '어서 오세요 😊 궁금한 건 편하게 물어보세요.'],
  [0, '방 목록 옆 나침반을 누르면 **공개 방**을 둘러볼 수 있어요.'],
  [1, '감사합니다! 텃밭 방에 먼저 들어가 봐야겠네요'],
  [
    3,
    '이번 주 토요일 모임 준비물 정리했습니다.\n\n- 장갑과 모종삽\n- 물 1리터\n- 점심은 **각자 도시락**(비 오면 취소)입니다\n\n자세한 내용은 https://madang.example/notice/saturday에서 확인해 주세요.',
  ],
  [2, 'I can bring extra gloves 🧤'],
  [5, '저는 30분쯤 늦을 것 같아요. 먼저 시작하세요!'],
  [0, '네, 천천히 오세요. 버스는 7~8시 사이에 자주 와요'],
  [4, 'Quick question about the bot: does anyone know why this returns `undefined`?'],
  [4, '```\nconst room = rooms.find((each) => each.id === "lobby");\nconsole.log(room?.topic);\n```'],
  [2, '> does anyone know why\n\nThe id is `lobby`, but the list is empty until you join. Call `room.join` first.'],
  [4, 'That was it, thank you!'],
  [3, '🎉🎉'],
  [1, '혹시 사진은 어디에 올리면 될까요?'],
  [0, '아직 파일은 못 올려요. 링크로 남겨 주시면 됩니다.'],
  [5, '내일 비 온다는데 괜찮을까요? ~~취소~~ 아니면 실내로 바꿀까요?'],
  [2, 'Forecast says it clears up by ten in the morning, so I would keep the plan and decide at nine.'],
];

const made = new Map<string, ViewMessage[]>();

/** 160 messages over a few days; none for `empty`. */
export function conversation(room: string): ViewMessage[] {
  let list = made.get(room);
  if (!list) {
    list = room === 'family' ? [] : make(room);
    made.set(room, list);
  }
  return list;
}

function make(room: string): ViewMessage[] {
  const count = room.startsWith('d') ? 12 : 160;
  const members = room.startsWith('d') ? [people[0], people[room === 'd2' ? 2 : 1]] : people;
  const now = Date.now();
  return Array.from({ length: count }, (_, index): ViewMessage => {
    const [who, text] = LINES[
      (index + LINES.length * 9 - count) % LINES.length < 0 ? 0 : (index + 2) % LINES.length
    ] as [number, string];
    const author = (members[who % members.length] ?? people[0]) as UserRef;
    const fromEnd = count - index;
    const message: ViewMessage = {
      id: `${room}.${index + 1}`,
      key: `${room}.${index + 1}`,
      room,
      seq: index + 1,
      author,
      text,
      at: now - fromEnd * 340_000 - Math.floor(fromEnd / 10) * 5_400_000,
      delivery: 'sent',
      can: author.id === people[0]?.id ? ownMessages : { react: true },
    };
    if (fromEnd === 5)
      message.reactions = [
        { emoji: '👍', count: 3, users: people.slice(1, 4), reacted: false },
        { emoji: '❤️', count: 1, users: [people[0] as UserRef], reacted: true },
      ];
    if (fromEnd === 8) message.editedAt = now - 1000;
    if (fromEnd === 3) Object.assign(message, { text: '', deletedAt: now - 1000, can: {} });
    return message;
  });
}
