import type { CommandOutput, Language } from '@madang/protocol';

type Trace = CommandOutput<'delivery.trace'>;
type Outcome = Trace['connections'][number];

/** A trace in words for people: the message, the user's membership, each connection, what was read. */
export function traceLines(trace: Trace, language: Language): string[] {
  const words = sentences[language];
  return [
    ...words.message(trace),
    words.member(trace),
    ...trace.connections.map(
      (outcome) => `  ${words.connection(outcome)}: ${words.outcome(outcome, trace.message.at)}`,
    ),
    ...(trace.reason && isOfDelivery(trace.reason) ? [words[trace.reason](trace)] : []),
    words.read(trace),
  ];
}

/** Whether the reason adds to what `member` says. */
function isOfDelivery(reason: NonNullable<Trace['reason']>): reason is 'offline' | 'not_here' | 'unknown' {
  return reason !== 'left' && reason !== 'not_a_member';
}

const sentences = {
  en: {
    message: ({ message }: Trace) => [
      `${message.id} by ${plain(message.author.name)}, ${time(message.at)}`,
      ...(message.deletedAt === undefined ? [] : [`  deleted ${time(message.deletedAt)}`]),
    ],
    member: ({ user, member: { joinedAt, leftAt }, reason }: Trace) => {
      const name = plain(user.name);
      if (reason === 'left') {
        const back = joinedAt === undefined ? '' : ` They came back ${time(joinedAt)}.`;
        return `${name} had left the room before, ${time(leftAt)}: it was not for them.${back}`;
      }
      if (reason === 'not_a_member') {
        return joinedAt === undefined
          ? `${name} was no member of the room: it was not for them.`
          : `${name} joined later, ${time(joinedAt)}, and finds it in the room's history.`;
      }
      return `${name}: a member since ${time(joinedAt)}${leftAt === undefined ? '' : `, who left ${time(leftAt)}`}`;
    },
    connection: ({ transport, since, until }: Outcome) =>
      `${transport} (from ${time(since)}${until === undefined ? '' : ` to ${time(until)}`})`,
    outcome: (outcome: Outcome, at: number) => {
      if (outcome.sentAt !== undefined) return `sent, ${outcome.sentAt - at} ms after`;
      if (outcome.skipped === 'other_room') return 'not sent: it asked for another room alone';
      const told =
        outcome.toldAt === undefined ? 'not caught up since' : `told to read the log ${time(outcome.toldAt)}`;
      return `not sent: it read too slowly; ${told}`;
    },
    offline: ({ lastSeen, backAt }: Trace) =>
      `  not sent: offline${lastSeen === undefined ? '' : `, last here ${time(lastSeen)}`}${
        backAt === undefined ? '; not back since' : `; back ${time(backAt)}`
      }`,
    not_here: ({ backAt }: Trace) =>
      `  no connection is known${backAt === undefined ? '' : ` until ${time(backAt)}`}, but not every server could be asked, or remembers`,
    unknown: () => '  not known any more: such records are kept for 15 minutes, and until a restart',
    read: ({ read, message }: Trace) => {
      if (!read) return 'read: nothing in this room';
      if (read.seq < message.seq) return `read: not yet; up to ${message.room}.${read.seq}, ${time(read.at)}`;
      return `read: ${time(read.at)}${read.seq > message.seq ? ` or before (up to ${message.room}.${read.seq} by then)` : ''}`;
    },
  },
  ko: {
    message: ({ message }: Trace) => [
      `${message.id}  보낸 사람 ${plain(message.author.name)}, ${time(message.at)}`,
      ...(message.deletedAt === undefined ? [] : [`  지워짐 ${time(message.deletedAt)}`]),
    ],
    member: ({ user, member: { joinedAt, leftAt }, reason }: Trace) => {
      const name = plain(user.name);
      if (reason === 'left') {
        const back = joinedAt === undefined ? '' : ` 다시 들어온 때: ${time(joinedAt)}.`;
        return `${name} 님은 그 전에(${time(leftAt)}) 방에서 나가서 받을 사람이 아니었습니다.${back}`;
      }
      if (reason === 'not_a_member') {
        return joinedAt === undefined
          ? `${name} 님은 방의 참여자가 아니어서 받을 사람이 아니었습니다.`
          : `${name} 님은 나중에(${time(joinedAt)}) 들어와서 방의 지난 대화에서 볼 수 있습니다.`;
      }
      return `${name}: ${time(joinedAt)}부터 참여자${leftAt === undefined ? '' : `, ${time(leftAt)}에 나감`}`;
    },
    connection: ({ transport, since, until }: Outcome) =>
      `${transport} (${time(since)} ~ ${until === undefined ? '' : time(until)})`,
    outcome: (outcome: Outcome, at: number) => {
      if (outcome.sentAt !== undefined) return `보냄, ${outcome.sentAt - at} ms 뒤`;
      if (outcome.skipped === 'other_room') return '보내지 않음: 다른 방만 듣는 연결';
      const told =
        outcome.toldAt === undefined ? '아직 따라잡지 못함' : `${time(outcome.toldAt)}에 기록을 읽으라고 알림`;
      return `보내지 않음: 너무 느리게 읽음. ${told}`;
    },
    offline: ({ lastSeen, backAt }: Trace) =>
      `  보내지 않음: 접속해 있지 않음${lastSeen === undefined ? '' : `, 마지막 접속 ${time(lastSeen)}`}${
        backAt === undefined ? ', 그 뒤로 오지 않음' : `, ${time(backAt)}에 돌아옴`
      }`,
    not_here: ({ backAt }: Trace) =>
      `  알려진 연결이 없음${backAt === undefined ? '' : ` (${time(backAt)}까지)`}. 다만 물어볼 수 없거나 기억하지 못하는 서버가 있음`,
    unknown: () => '  이제 알 수 없음: 보낸 기록은 15분 동안, 다시 시작할 때까지만 남습니다',
    read: ({ read, message }: Trace) => {
      if (!read) return '읽음: 이 방에서 아직 없음';
      if (read.seq < message.seq) return `읽음: 아직. ${message.room}.${read.seq}까지, ${time(read.at)}`;
      return `읽음: ${time(read.at)}${read.seq > message.seq ? ` 또는 그 전 (그때 ${message.room}.${read.seq}까지)` : ''}`;
    },
  },
} as const satisfies Record<Language, unknown>;

/** A moment in the terminal's time zone: 2026-01-31 09:05:07.250. */
function time(at: number | undefined): string {
  if (at === undefined) return '?';
  const date = new Date(at);
  const local = new Date(at - date.getTimezoneOffset() * 60_000);
  return local.toISOString().replace('T', ' ').slice(0, -1);
}

/** A name without anything that could steer a terminal; a host app's names are not checked like nicknames. */
function plain(name: string): string {
  return name.replaceAll(/\p{C}/gu, '');
}
