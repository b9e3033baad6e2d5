import type { Activity } from '@madang/client';
import type { Translate } from '../../i18n/i18n.js';
import { featureSentences } from '../parts.js';

const NAMED = 3;

type Kind = 'joined' | 'left' | 'removed' | 'madeOwner';
type List = (names: readonly string[]) => string;

/** Users who did the same, one after the other. */
interface Run {
  kind: Kind;
  names: string[];
}

/** What happened, in sentences: users who did the same in a row share one. */
export function activitySentences(t: Translate, list: List, items: readonly Activity[]): string[] {
  const sentences: string[] = [];
  let run: Run | undefined;
  const flush = () => {
    if (run) sentences.push(together(t, list, run));
    run = undefined;
  };
  for (const item of items) {
    const kind = kindOf(item);
    if (kind && 'user' in item) {
      if (run?.kind !== kind) flush();
      run ??= { kind, names: [] };
      if (!run.names.includes(item.user.name)) run.names.push(item.user.name);
    } else {
      flush();
      // Somebody who pins three messages is said to pin, once.
      sentences.push(...ownSentences(t, item).filter((each) => each !== sentences.at(-1)));
    }
  }
  flush();
  return sentences;
}

function kindOf(item: Activity): Kind | undefined {
  if (item.type === 'member.joined') return 'joined';
  if (item.type === 'member.left') return item.reason === 'removed' ? 'removed' : 'left';
  if (item.type === 'member.updated' && item.previousName === undefined && item.role === 'owner') return 'madeOwner';
  return undefined;
}

function ownSentences(t: Translate, item: Activity): string[] {
  if (item.type === 'member.updated' && item.previousName !== undefined)
    return [t('member.renamed', { before: item.previousName, after: item.user.name })];
  if (item.type !== 'room.updated') return partSentences(t, item);
  const name = item.actor.name;
  return [
    ...(item.name === undefined ? [] : [t('activity.renamedRoom', { name, value: item.name })]),
    ...(item.topic === undefined ? [] : [topicSentence(t, name, item.topic)]),
  ];
}

function partSentences(t: Translate, item: Activity): string[] {
  const sentence = featureSentences[item.type] as ((t: Translate, item: Activity) => string) | undefined;
  return sentence ? [sentence(t, item)] : [];
}

function topicSentence(t: Translate, name: string, value: string): string {
  return value === '' ? t('activity.clearedTopic', { name }) : t('activity.changedTopic', { name, value });
}

function together(t: Translate, list: List, { kind, names }: Run): string {
  if (names.length <= NAMED) return t(`member.${kind}`, { names: list(names), count: names.length });
  return t(`member.${kind}Many`, { names: list(names.slice(0, NAMED - 1)), count: names.length - NAMED + 1 });
}
