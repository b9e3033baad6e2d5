import { addLaterTexts } from '../../i18n/later.js';
import type { SessionAbilities } from '@madang/client';
import type { ParseKeys } from 'i18next';
import {
  Ban,
  FilePen,
  HardDrive,
  Info,
  Keyboard,
  Languages,
  LogOut,
  type LucideIcon,
  PencilLine,
  SunMoon,
} from 'lucide-react';

addLaterTexts();

/** A setting's name in its address, `#/settings/theme`. */
export type SettingId =
  | 'nickname'
  | 'unsent'
  | 'blocked'
  | 'language'
  | 'theme'
  | 'offline'
  | 'shortcuts'
  | 'session'
  | 'version';

/** Something on the page of settings. */
export interface Setting {
  id: SettingId;
  section: ParseKeys;
  title: ParseKeys;
  /** Other words that it is found by. */
  words: ParseKeys;
  icon: LucideIcon;
  /** Whether there is something to set; always, if absent. */
  isOffered?: (can: SessionAbilities) => boolean;
}

/** All settings, in their order. The page shows them, and the palette leads to each. */
export const settings: readonly Setting[] = [
  {
    id: 'nickname',
    section: 'settings.you',
    title: 'settings.nickname',
    words: 'settings.nicknameWords',
    icon: PencilLine,
    isOffered: ({ rename }) => rename,
  },
  { id: 'unsent', section: 'settings.you', title: 'settings.unsent', words: 'settings.unsentWords', icon: FilePen },
  { id: 'blocked', section: 'settings.you', title: 'settings.blocked', words: 'settings.blockedWords', icon: Ban },
  {
    id: 'language',
    section: 'settings.look',
    title: 'settings.language',
    words: 'settings.languageWords',
    icon: Languages,
  },
  { id: 'theme', section: 'settings.look', title: 'settings.theme', words: 'settings.themeWords', icon: SunMoon },
  {
    id: 'offline',
    section: 'settings.device',
    title: 'settings.offline',
    words: 'settings.offlineWords',
    icon: HardDrive,
  },
  {
    id: 'shortcuts',
    section: 'settings.help',
    title: 'settings.shortcuts',
    words: 'settings.shortcutsWords',
    icon: Keyboard,
  },
  { id: 'version', section: 'settings.help', title: 'settings.version', words: 'settings.versionWords', icon: Info },
  {
    id: 'session',
    section: 'settings.session',
    title: 'settings.signOut',
    words: 'settings.signOutWords',
    icon: LogOut,
    isOffered: ({ signOut }) => signOut,
  },
];
