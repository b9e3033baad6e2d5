import type { Language } from '@madang/protocol';
import type { ViolationKind } from './checks/facts.js';
import type { Figures, PromiseId } from './promises.js';

/** Words about a promise. */
interface PromiseWords {
  title: string;
  /** The evidence for it. */
  shown: (figures: Figures) => string;
  /** Why it can't be called kept, and what was seen nevertheless. */
  untested: (figures: Figures, target: 'own' | 'running') => string;
}

interface Words {
  intro: {
    own: (seconds: number, seed: number) => string[];
    copy: (name: string, seconds: number, seed: number) => string[];
    running: (name: string, seconds: number, visit: string, seed: number) => string[];
  };
  progress: {
    talking: (percent: number, acknowledged: number, kills: number, cuts: number) => string;
    settling: () => string;
    slow: () => string;
  };
  promises: Record<PromiseId, PromiseWords>;
  notTested: string;
  evidence: {
    broken: (times: number) => string;
    more: (left: number) => string;
    time: (seconds: number) => string;
    kinds: Record<ViolationKind | 'unfilled', string>;
  };
  done: (figures: Figures) => string;
  end: {
    failure: (reason: string) => string;
    left: (visit: string, byTokens: boolean) => string;
    kept: () => string;
    broken: () => string;
  };
}

/** The texts of `madang verify`. */
export const words: Record<Language, Words> = {
  en: {
    intro: {
      own: (seconds, seed) => [
        `Starting a new workspace on this machine, in a temporary folder. For ${seconds} s people talk at every transport, while the`,
        `server is killed, stopped and started again, its database held, and connections are broken. Seed ${seed}.`,
      ],
      copy: (name, seconds, seed) => [
        `Copying the database of ${name} into a temporary folder; the original is only read. On the copy a server is`,
        `started. For ${seconds} s guests talk in rooms of their own, while the server is killed, stopped and started again,`,
        `its database held, and connections are broken. What people wrote there is not read. Seed ${seed}.`,
      ],
      running: (name, seconds, visit, seed) => [
        `Going to ${name}. For ${seconds} s guests called "${visit} …" talk in private rooms of that name, and break their`,
        `own connections. The server is not killed. A new guest is put into the lobby, and leaves it at once: people there`,
        `see that they came and went. No other room is joined, talked in or read. Seed ${seed}.`,
      ],
    },
    progress: {
      talking: (percent, acknowledged, kills, cuts) =>
        `${percent} %: ${count(acknowledged, 'message')} acknowledged, ${count(kills, 'kill')}, ${count(cuts, 'cut')}`,
      settling: () => '100 %: all clients catch up, then the history is checked',
      slow: () => '100 %: a client stops reading while 25 MB are sent past it',
    },
    promises: {
      D1: {
        title: 'Acknowledged means durable',
        shown: ({ messages, kills, stops }) =>
          `${count(messages, 'acknowledged message')}, all in the log, after ${count(kills, 'kill')} and ${count(stops, 'orderly stop')}`,
        untested: ({ messages }, target) =>
          `${count(messages, 'acknowledged message')}, all in the log; but ${
            target === 'running' ? 'the server was not killed, because it is not ours' : 'there was no time for a kill'
          }`,
      },
      D2: {
        title: 'One order',
        shown: ({ seen, people }) =>
          `${count(seen, 'event')} reached ${people} users in the order of the log, none left out`,
        untested: () => 'no client saw an event',
      },
      D3: {
        title: 'Once',
        shown: ({ repeats, duplicates }) =>
          `${count(repeats, 'repeated send')} and ${count(duplicates, 'request')} repeated in transit created no message twice`,
        untested: () => 'no send was repeated',
      },
      D4: {
        title: 'Resume',
        shown: ({ reconnections }) =>
          `after ${count(reconnections, 'reconnection')} every client received everything it had missed`,
        untested: () => 'no connection was lost',
      },
      D5: {
        title: 'Bounded',
        shown: ({ slow }) =>
          `${megabytes(slow?.sentBytes)} were sent past a client that did not read; ${
            slow?.serverBytes === undefined ? '' : `${megabytes(slow.serverBytes)} waited for it in the server, `
          }it was told, and caught up; of the others' sends 99 % took less than ${Math.ceil(slow?.sendP99Ms ?? 0)} ms`,
        untested: (_figures, target) =>
          target === 'running'
            ? 'it takes a client that stops reading while 25 MB are sent past it, which is too much for a server that is not ours'
            : 'the run did not get that far',
      },
      D6: {
        title: 'Failing closed',
        shown: ({ storeFailures, unavailable }) =>
          `the database was held ${count(storeFailures, 'time')}; ${count(unavailable, 'call')} refused as unavailable, none of them carried out`,
        untested: (_figures, target) =>
          target === 'running' ? 'the database of a running server is left alone' : 'no call met a held database',
      },
      D7: {
        title: 'Across nodes',
        shown: () => '',
        untested: (_figures, target) =>
          target === 'running' ? 'the number of nodes is not visible from outside' : 'there was only one node',
      },
      D8: {
        title: 'No one receives what they may not see',
        shown: ({ people, moves }) =>
          `${people} users joined or left ${count(moves, 'time')}; nobody received what was not for them`,
        untested: () => 'nobody joined or left',
      },
    },
    notTested: 'not shown',
    evidence: {
      broken: (times) => `broken ${count(times, 'time')}`,
      more: (left) => `… and ${left} more`,
      time: (seconds) => `at ${seconds.toFixed(1)} s`,
      kinds: {
        lost: 'acknowledged, but not in the log',
        phantom: 'shown, but not in the log',
        refused: 'refused, but carried out',
        cloned: 'one send made two messages',
        twice: 'shown twice',
        disorder: 'out of order',
        gap: 'an event was left out',
        leaked: 'seen by somebody who was not a member',
        log: 'the log itself has a hole',
        epoch: 'the history changed',
        unbounded: 'a slow client was not limited',
        unfilled: 'never arrived, though there was time',
      },
    },
    done: (f) =>
      [
        `${count(f.messages, 'message')} acknowledged, ${count(f.seen, 'event')} seen; ${count(f.kills, 'kill')},`,
        `${count(f.stops, 'stop')}, ${count(f.cuts, 'cut')}, ${count(f.halfOpens, 'half-open connection')},`,
        `${count(f.duplicates, 'duplicated request')}, ${count(f.unanswered, 'call')} without an answer.`,
      ].join(' '),
    end: {
      failure: (reason) => `The run was aborted: ${reason}`,
      left: (visit, byTokens) =>
        byTokens
          ? `Left behind: the private rooms "${visit} …", which nobody is in any more; no command removes a room.`
          : `Left behind: the private rooms "${visit} …", which nobody is in any more, and guests who have left; no command removes these.`,
      kept: () => 'Nothing speaks against any promise.',
      broken: () =>
        'A promise is broken. --keep <file> keeps the history for a report; it contains only the texts of this test.',
    },
  },
  ko: {
    intro: {
      own: (seconds, seed) => [
        `이 컴퓨터의 임시 폴더에 새 마당을 엽니다. ${seconds}초 동안 모든 전송 방식으로 대화하면서 서버를 죽이고, 멈추고,`,
        `다시 시작하고, 데이터베이스를 붙잡고, 연결을 끊습니다. 시드 ${seed}.`,
      ],
      copy: (name, seconds, seed) => [
        `${name}의 데이터베이스를 임시 폴더에 복사합니다. 원본은 읽기만 합니다. 서버는 복사본으로 시작합니다.`,
        `${seconds}초 동안 손님들이 자기들만의 방에서 대화하면서 서버를 죽이고, 멈추고, 다시 시작하고, 데이터베이스를`,
        `붙잡고, 연결을 끊습니다. 사람들이 쓴 글은 읽지 않습니다. 시드 ${seed}.`,
      ],
      running: (name, seconds, visit, seed) => [
        `${name} 에 갑니다. ${seconds}초 동안 "${visit} …" 손님들이 같은 이름의 비공개 방에서 대화하면서 자기 연결을`,
        `끊습니다. 서버는 죽이지 않습니다. 새 손님은 로비에 들어가게 되므로 곧바로 나옵니다. 로비의 사람들에게는`,
        `들어오고 나간 것이 보입니다. 다른 방에는 들어가지도, 쓰지도, 읽지도 않습니다. 시드 ${seed}.`,
      ],
    },
    progress: {
      talking: (percent, acknowledged, kills, cuts) =>
        `${percent} %: 확인된 메시지 ${acknowledged}, 강제 종료 ${kills}, 끊은 연결 ${cuts}`,
      settling: () => '100 %: 모두가 따라잡기를 기다린 뒤 기록을 판정합니다',
      slow: () => '100 %: 25 MB가 지나가는 동안 한 클라이언트가 읽지 않습니다',
    },
    promises: {
      D1: {
        title: '확인했으면 저장된 것이다',
        shown: ({ messages, kills, stops }) =>
          `강제 종료 ${kills}번, 정상 종료 ${stops}번 뒤에도 확인된 메시지 ${messages}개가 모두 기록에 있습니다`,
        untested: ({ messages }, target) =>
          `확인된 메시지 ${messages}개는 기록에 있지만, ${
            target === 'running' ? '우리가 시작한 서버가 아니어서 죽이지 않았습니다' : '서버를 죽일 시간이 없었습니다'
          }`,
      },
      D2: {
        title: '순서는 하나다',
        shown: ({ seen, people }) => `이벤트 ${seen}개가 ${people}명에게 기록의 순서대로 빠짐없이 왔습니다`,
        untested: () => '이벤트를 본 사람이 없습니다',
      },
      D3: {
        title: '한 번만',
        shown: ({ repeats, duplicates }) =>
          `다시 보낸 것 ${repeats}번, 도중에 겹친 요청 ${duplicates}번. 모두 메시지 하나씩만 되었습니다`,
        untested: () => '다시 보낸 것이 없습니다',
      },
      D4: {
        title: '이어받기',
        shown: ({ reconnections }) => `${reconnections}번 다시 연결한 뒤 모두가 놓친 것을 다 받았습니다`,
        untested: () => '끊긴 연결이 없습니다',
      },
      D5: {
        title: '한도가 있다',
        shown: ({ slow }) =>
          `읽지 않는 클라이언트 곁으로 ${megabytes(slow?.sentBytes)}가 지나갔고, ${
            slow?.serverBytes === undefined ? '' : `서버에서 ${megabytes(slow.serverBytes)}가 기다렸으며, `
          }뒤처졌다는 알림을 받고 따라잡았습니다. 다른 사람이 보낸 것의 99 %는 ${Math.ceil(slow?.sendP99Ms ?? 0)} ms 안에 끝났습니다`,
        untested: (_figures, target) =>
          target === 'running'
            ? '25 MB가 지나가는 동안 읽지 않는 클라이언트가 필요한데, 남의 서버에 보내기에는 너무 많습니다'
            : '거기까지 가지 못했습니다',
      },
      D6: {
        title: '저장하지 못하면 거절한다',
        shown: ({ storeFailures, unavailable }) =>
          `데이터베이스를 붙잡은 동안(${storeFailures}번) 요청 ${unavailable}개가 unavailable로 거절되었고, 실제로 된 것은 없습니다`,
        untested: (_figures, target) =>
          target === 'running'
            ? '운영 중인 서버의 데이터베이스는 건드리지 않습니다'
            : '데이터베이스를 붙잡은 동안 온 요청이 없습니다',
      },
      D7: {
        title: '여러 노드에서도',
        shown: () => '',
        untested: (_figures, target) =>
          target === 'running' ? '노드가 몇인지 밖에서는 알 수 없습니다' : '노드가 하나였습니다',
      },
      D8: {
        title: '볼 수 없는 것은 받지 않는다',
        shown: ({ people, moves }) =>
          `${people}명이 ${moves}번 드나드는 동안, 참여자가 아닐 때의 일을 받은 사람은 없습니다`,
        untested: () => '드나든 사람이 없습니다',
      },
    },
    notTested: '확인하지 못함',
    evidence: {
      broken: (times) => `${times}번 깨졌습니다`,
      more: (left) => `… 그 밖에 ${left}건`,
      time: (seconds) => `${seconds.toFixed(1)}초`,
      kinds: {
        lost: '확인되었지만 기록에 없습니다',
        phantom: '보였지만 기록에 없습니다',
        refused: '거절되었는데 이루어졌습니다',
        cloned: '한 번 보낸 것이 메시지 둘이 되었습니다',
        twice: '두 번 보였습니다',
        disorder: '순서가 어긋났습니다',
        gap: '이벤트가 빠졌습니다',
        leaked: '참여자가 아닌 사람이 보았습니다',
        log: '기록 자체에 구멍이 있습니다',
        epoch: '역사가 바뀌었습니다',
        unbounded: '느린 클라이언트를 제대로 다루지 못했습니다',
        unfilled: '시간이 있었는데도 끝내 오지 않았습니다',
      },
    },
    done: (f) =>
      `확인된 메시지 ${f.messages}, 본 이벤트 ${f.seen}; 강제 종료 ${f.kills}, 정상 종료 ${f.stops}, 끊은 연결 ${f.cuts}, 반쯤 끊은 연결 ${f.halfOpens}, 겹친 요청 ${f.duplicates}, 응답 없는 요청 ${f.unanswered}.`,
    end: {
      failure: (reason) => `도중에 멈췄습니다: ${reason}`,
      left: (visit, byTokens) =>
        byTokens
          ? `남은 것: 이제 아무도 없는 비공개 방 "${visit} …". 방을 없애는 명령은 없습니다.`
          : `남은 것: 이제 아무도 없는 비공개 방 "${visit} …"과 떠난 손님들. 이들을 없애는 명령은 없습니다.`,
      kept: () => '어떤 약속에도 어긋나는 것이 없습니다.',
      broken: () => '깨진 약속이 있습니다. --keep <파일>은 신고할 때 쓸 기록을 남깁니다. 시험이 쓴 글만 들어 있습니다.',
    },
  },
};

function megabytes(bytes = 0): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
