import type { ErrorObject, Language } from '@madang/protocol';

/** The transport's own words; all others come from the rows of the table. */
export const lineWords = {
  greeting: {
    en: (name: string, room: string) =>
      `Welcome to Madang! You came in as ${name} and are in [${room}]. Type to talk, /help for more.`,
    ko: (name: string, room: string) =>
      `마당에 오신 것을 환영합니다! ${name} 이름으로 [${room}]에 들어왔습니다. 글을 쓰면 전해집니다. 도움말은 /help`,
  },
  greetingNowhere: {
    en: (name: string) =>
      `Welcome to Madang! You came in as ${name}. /rooms lists the rooms, /join goes into one, /help tells more.`,
    ko: (name: string) =>
      `마당에 오신 것을 환영합니다! ${name} 이름으로 들어왔습니다. /rooms 로 방을 보고 /join 으로 들어갑니다. 도움말은 /help`,
  },
  nowhere: {
    en: () => '! You are not in any room. /rooms lists them, /join <room> enters one.',
    ko: () => '! 아직 들어간 방이 없습니다. /rooms 로 방을 보고 /join <방> 으로 들어가세요.',
  },
  closed: {
    en: (error: ErrorObject) => `Welcome to Madang. You can't enter: ${error.message}.`,
    ko: (error: ErrorObject) => `마당입니다. 여기로는 들어올 수 없습니다: ${error.message}.`,
  },
  unknown: {
    en: (verb: string) => `! There is no /${verb}; /help lists the commands.`,
    ko: (verb: string) => `! /${verb} 명령은 없습니다. /help 를 보세요.`,
  },
  usage: { en: (usage: string) => `! Usage: ${usage}`, ko: (usage: string) => `! 쓰는 법: ${usage}` },
  error: {
    en: (error: ErrorObject) => `! ${error.code}: ${error.message}`,
    ko: (error: ErrorObject) => `! ${error.code}: ${error.message}`,
  },
  binary: { en: () => '! Send text, not binary.', ko: () => '! 글자로 보내 주세요.' },
  guest: { en: 'guest', ko: '손님' },
} as const satisfies Record<string, Record<Language, unknown>>;
