import { expect, test } from 'vitest';
import { insertedFrames, textFrames } from '../dist/transports/text-frames.js';

// Around the lengths at which a frame's header grows (RFC 6455, section 5.2), before and after the insertion.
const lengths = [3, 100, 122, 123, 125, 126, 200, 65_500, 65_532, 65_535, 65_536, 70_000];

test('frames with inserted texts are those of the whole texts, whichever of them change, and however much their headers grow', () => {
  const texts = lengths.map((length, index) => `${'é한x'.charAt(index % 3).padEnd(length - 3, '.')}}}]`);
  const frames = textFrames(texts);
  const before = Buffer.from(frames);
  for (const text of ['', ',', `,"clientId":"${'c'.repeat(40)}"`, '한'.repeat(30), 'x'.repeat(70_000)]) {
    for (const [every, from] of [
      [1, 0],
      [2, 0],
      [2, 1],
      [5, 3],
      [12, 11],
      [13, 12],
    ] as const) {
      const places = texts.flatMap((_text, place) => (place % every === from ? [place] : []));
      const inserted = insertedFrames(
        frames,
        places.map((place) => ({ place, text })),
        3,
      );
      const whole = texts.map((each, place) => (places.includes(place) ? `${each.slice(0, -3)}${text}}}]` : each));
      expect(inserted.equals(textFrames(whole))).toBe(true);
    }
  }
  // Everybody else receives them as they were.
  expect(frames.equals(before)).toBe(true);
});
