import type { BrowserContext, Page } from 'playwright-core';
import { messageOf } from '../support/visitor.ts';
import type { Scene } from './scene.ts';

/** What a picture is taken with: CSS pixels, device pixels for each of them, and whether it is touched. */
interface Screen {
  width: number;
  height: number;
  scale: number;
  isTouch?: boolean;
}

/** A picture of the gallery. */
export interface Shot {
  /** Its file's name. */
  name: string;
  title: string;
  /** What is to be seen, for those who can't see it. */
  alt: string;
  language: 'ko' | 'en';
  theme: 'light' | 'dark';
  screen: Screen;
  /** The reader of the language if absent. */
  visitor?: 'nobody';
  /** The part of the address after `#`; the room of the conversation if absent. */
  place?: (scene: Scene) => string;
  /** What the browser has stored, by key. */
  stored?: Record<string, string>;
  /** Windows' high contrast. */
  isForced?: boolean;
  /** What is done before the picture is taken. */
  show?: (page: Page, scene: Scene, context: BrowserContext) => Promise<unknown>;
}

const PHONE: Screen = { width: 390, height: 844, scale: 2, isTouch: true };
const TABLET: Screen = { width: 820, height: 1180, scale: 1, isTouch: true };
const DESKTOP: Screen = { width: 1280, height: 800, scale: 1 };
/** A desktop of 1280 by 1024 pixels at 400 %. */
const ZOOMED: Screen = { width: 320, height: 256, scale: 4 };

const isShown = (page: Page) => messageOf(page, '토요일에 봬요').waitFor();
const highContrast = { 'madang.theme': 'contrast' };

export const shots: readonly Shot[] = [
  {
    name: 'sign-in',
    title: 'Coming in, without an account',
    alt: 'The sign-in page on a desktop, in English: a nickname is all it asks for',
    language: 'en',
    theme: 'light',
    screen: DESKTOP,
    visitor: 'nobody',
    show: (page) => page.getByRole('textbox').first().waitFor(),
  },
  {
    name: 'desktop-en-light',
    title: 'A room on a desktop',
    alt: 'Rooms on the left, a conversation in Korean, English and Japanese with a code block, a list and reactions',
    language: 'en',
    theme: 'light',
    screen: DESKTOP,
    show: isShown,
  },
  {
    name: 'desktop-ko-dark-people',
    title: 'Who is here',
    alt: 'The same room in Korean and dark, with the panel of people open',
    language: 'ko',
    theme: 'dark',
    screen: DESKTOP,
    show: isShown,
  },
  {
    name: 'desktop-en-dark-palette',
    title: 'Every action by its name',
    alt: 'The command palette over a room, in English and dark, filtered by what was typed',
    language: 'en',
    theme: 'dark',
    screen: DESKTOP,
    show: async (page) => {
      await isShown(page);
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').last().fill('ro');
    },
  },
  {
    name: 'desktop-ko-light-settings',
    title: 'Settings in one place',
    alt: 'The settings in Korean, searched for a word',
    language: 'ko',
    theme: 'light',
    screen: DESKTOP,
    show: async (page) => {
      await isShown(page);
      await page.keyboard.press('Control+,');
      await page.getByRole('searchbox', { name: '설정 찾기' }).fill('ㅌㅁ');
    },
  },
  {
    name: 'desktop-en-light-shortcuts',
    title: 'The keyboard',
    alt: 'The sheet of keyboard shortcuts, in English',
    language: 'en',
    theme: 'light',
    screen: DESKTOP,
    show: async (page) => {
      await isShown(page);
      await page.getByRole('log').click({ position: { x: 5, y: 5 } });
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'desktop-en-light-offline',
    title: 'Without a network',
    alt: 'A message that waits in the outbox, and a bar that says the page is offline',
    language: 'en',
    theme: 'light',
    screen: DESKTOP,
    show: async (page, _scene, context) => {
      await isShown(page);
      await context.setOffline(true);
      await page.locator('#composer').fill('I will be there at two!');
      await page.locator('#composer').press('Enter');
      await messageOf(page, 'I will be there').waitFor();
      await page.getByText(/You are offline/).waitFor();
    },
  },
  {
    name: 'phone-ko-light-rooms',
    title: 'Rooms on a phone',
    alt: 'The list of rooms on a phone, in Korean, with unread messages counted',
    language: 'ko',
    theme: 'light',
    screen: PHONE,
    place: () => '/',
    show: (page) =>
      page
        .getByRole('link', { name: /토요일/ })
        .first()
        .waitFor(),
  },
  {
    name: 'phone-en-dark-room',
    title: 'A room on a phone',
    alt: 'The conversation on a phone, in English and dark',
    language: 'en',
    theme: 'dark',
    screen: PHONE,
    show: isShown,
  },
  {
    name: 'phone-ko-light-actions',
    title: 'What can be done with a message',
    alt: 'The sheet of a message’s actions on a phone, in Korean, after a long press',
    language: 'ko',
    theme: 'light',
    screen: PHONE,
    show: async (page, _scene, context) => {
      await isShown(page);
      const box = await messageOf(page, 'Morning!').boundingBox();
      if (!box) throw new Error('The message is not shown');
      const at = { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) };
      const devtools = await context.newCDPSession(page);
      await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at] });
      await page.waitForTimeout(900);
      await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
      await page.getByRole('dialog').or(page.getByRole('menu')).first().waitFor();
    },
  },
  {
    name: 'phone-en-light-empty',
    title: 'A new room',
    alt: 'A room in which nobody has written yet, on a phone, in English',
    language: 'en',
    theme: 'light',
    screen: PHONE,
    place: (scene) => `/r/${scene.room('Garden')}`,
    show: (page) => page.locator('#composer').waitFor(),
  },
  {
    name: 'tablet-ko-light',
    title: 'A tablet',
    alt: 'Rooms and a conversation beside each other on a tablet, in Korean',
    language: 'ko',
    theme: 'light',
    screen: TABLET,
    show: isShown,
  },
  {
    name: 'desktop-ko-contrast-light',
    title: 'High contrast',
    alt: 'High contrast in Korean, light: black on white, with a border around everything that can be pressed',
    language: 'ko',
    theme: 'light',
    screen: DESKTOP,
    stored: highContrast,
    show: isShown,
  },
  {
    name: 'phone-en-contrast-dark',
    title: 'High contrast on a phone',
    alt: 'High contrast in English on a phone, dark: white on black',
    language: 'en',
    theme: 'dark',
    screen: PHONE,
    stored: highContrast,
    show: isShown,
  },
  {
    name: 'desktop-en-forced',
    title: 'The system’s own colours',
    alt: 'Forced colours, as of a contrast theme of Windows, in English',
    language: 'en',
    theme: 'dark',
    screen: DESKTOP,
    isForced: true,
    show: isShown,
  },
  {
    name: 'zoom-ko-400',
    title: 'At 400 %',
    alt: 'The conversation and the composer on a desktop at 400 % zoom, in Korean',
    language: 'ko',
    theme: 'light',
    screen: ZOOMED,
    show: isShown,
  },
];
