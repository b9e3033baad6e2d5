import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TabMessage, Tabs } from '../src/state/tabs.js';
import { UnsentTexts } from '../src/state/unsent-texts.js';

/** Another user for each browser: what it stores is kept in memory, for all of them. */
let place = { user: 'u0', room: 'lobby' };
let browsers = 0;

/** The tabs of one browser without storage. What one tells waits for each of the others until it is delivered. */
function openBrowser(count: number) {
  place = { user: `u${++browsers}`, room: 'lobby' };
  const heard = Array.from({ length: count }, () => [] as ((message: TabMessage) => void)[]);
  const waiting = Array.from({ length: count }, () => [] as TabMessage[]);
  const tabs = Array.from({ length: count }, (_, own) => {
    const others = Array.from({ length: count }, (_each, index) => index).filter((index) => index !== own);
    const channel: Tabs = {
      tell: (message) => others.forEach((index) => waiting[index]!.push(structuredClone(message))),
      hear: (listener) => void heard[own]!.push(listener),
    };
    const texts = new UnsentTexts(channel);
    texts.begin(place.user);
    return texts;
  });
  const deliver = (tab: number): boolean => {
    const message = waiting[tab]!.shift();
    if (message) for (const listener of heard[tab]!) listener(message);
    return message !== undefined;
  };
  const settle = () => {
    while (tabs.some((_, index) => deliver(index)));
  };
  return { tabs, deliver, settle };
}

const write = (tab: UnsentTexts, text: string, isReplacing = false) =>
  tab.write(place, { text, roomTitle: 'lobby', isReplacing });
const writtenBy = (...tabs: number[]) => tabs.map((tab) => ({ tab }));
const shown = (tab: UnsentTexts) => tab.at(place)?.text ?? '';

describe('unsent text', () => {
  test('of somebody else is neither shown nor changed', () => {
    const [tab] = openBrowser(1).tabs as [UnsentTexts];
    write(tab, 'mine');
    tab.begin('another');
    expect(tab.all()).toEqual([]);
    expect(shown(tab)).toBe('');
    write(tab, 'still mine');
    expect(tab.all()).toEqual([]);
  });

  test('that is sent in one tab while another one adds to it stays in the other', () => {
    const { tabs, settle } = openBrowser(2);
    const [one, two] = tabs as [UnsentTexts, UnsentTexts];
    write(one, 'hello');
    settle();
    write(two, 'hello, world');
    one.remove(one.at(place)!);
    settle();
    expect(shown(two)).toBe('hello, world');
  });

  test('is held back during a composition, and taken afterwards if nothing was composed', () => {
    const { tabs, settle } = openBrowser(2);
    const [one, two] = tabs as [UnsentTexts, UnsentTexts];
    write(one, 'a');
    settle();
    two.hold(place);
    write(one, 'ab');
    settle();
    expect(shown(two)).toBe('a');
    two.release(place);
    expect(shown(two)).toBe('ab');
  });

  test('no letter disappears from the tab that wrote it, whatever others write at the same moment', () => {
    const step = fc.oneof(fc.record({ tab: fc.nat(2) }), fc.record({ tab: fc.nat(2), deliver: fc.constant(true) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { tabs, deliver, settle } = openBrowser(3);
        const lettersOf = tabs.map(() => 0);
        for (const each of steps) {
          const tab = tabs[each.tab]!;
          if ('deliver' in each) deliver(each.tab);
          else {
            write(tab, `${shown(tab)}${each.tab}`);
            lettersOf[each.tab] = (lettersOf[each.tab] ?? 0) + 1;
          }
        }
        settle();
        for (const [index, tab] of tabs.entries()) {
          const own = Array.from(shown(tab)).filter((each) => each === String(index)).length;
          expect(own).toBe(lettersOf[index]);
        }
        // They know the same texts in the end.
        const ids = tabs.map((tab) =>
          tab
            .all()
            .map(({ id, text }) => `${id} ${text}`)
            .sort(),
        );
        expect(ids[1]).toEqual(ids[0]);
        expect(ids[2]).toEqual(ids[0]);
      }),
      {
        examples: [
          // A text that somebody has left behind for one of their own is changed by two others.
          [
            [
              ...writtenBy(1),
              { tab: 0, deliver: true },
              ...writtenBy(0),
              { tab: 2, deliver: true },
              ...writtenBy(2, 0, 1),
            ],
          ],
          [[...writtenBy(0), { tab: 2, deliver: true }, { tab: 1, deliver: true }, ...writtenBy(1, 1, 0, 2)]],
        ],
      },
    );
  });
});
