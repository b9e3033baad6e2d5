import { addLaterTexts } from '../../i18n/later.js';
import type { Client, SessionAbilities } from '@madang/client';
import type { Room } from '@madang/protocol';
import {
  ArrowDown,
  ArrowDownToLine,
  Ban,
  BellOff,
  CheckCheck,
  Compass,
  CornerDownLeft,
  Ellipsis,
  FilePen,
  FolderInput,
  FolderPlus,
  Info,
  Keyboard,
  Languages,
  Link,
  List,
  LogOut,
  type LucideIcon,
  MessageCircle,
  MessagesSquare,
  MoveVertical,
  PencilLine,
  Pin,
  Plus,
  Search,
  SendHorizontal,
  Settings,
  Star,
  SunMoon,
  TextSelect,
  UserPlus,
  Users,
  WrapText,
  X,
} from 'lucide-react';
import type { ParseKeys } from 'i18next';
import { ownLanguages, setLanguage, type Translate } from '../../i18n/i18n.js';
import { goToRooms } from '../../state/history.js';
import { type Offer, offered } from '../../state/offers.js';
import { openDialog, openRoomDialog, type PageDialogName } from '../../state/page-dialog.js';
import { setTheme, type Theme, themes } from '../../state/theme.js';
import type { ShortcutName } from '../../ui/shortcuts.js';
import { isMuted } from '../room/order-rooms.js';
import { copyRoomLink, markRoomRead, toggleFavorite, toggleMuted } from './room-acts.js';
import { toComposer, toEditor, toMessages, toRooms } from './places.js';

addLaterTexts();

/** Where and how an action happens. */
export interface ActionContext {
  t: Translate;
  client: Client;
  can: SessionAbilities;
  /** The room that is open, or the one whose menu it is. */
  room: Room | undefined;
  go: (path: string) => void;
}

/** Where a shortcut works; the sheet of shortcuts has a part for each. */
export type KeyPlace = 'everywhere' | 'writing' | 'messages' | 'editing' | 'lists';

/** Keys that do the action: a shortcut by its name, or keys pressed together, by theirs. */
export type Keys = ShortcutName | readonly string[];

/** Something that a user can do. */
export interface Action {
  id: string;
  /** Its name; of something that is on or off in a room, what it does there. */
  label: (t: Translate, room?: Room) => string;
  /** Other words that it is found by. */
  words?: ParseKeys;
  icon: LucideIcon;
  keys?: { place: KeyPlace; choices: readonly Keys[] };
  /** The menu that has it, too. */
  menu?: 'user' | 'room';
  isDanger?: boolean;
  /** Whether it can be done now; always, if absent. */
  isOffered?: (context: ActionContext) => boolean;
  run: (context: ActionContext) => void;
}

type Text = (key: ParseKeys) => (t: Translate) => string;
const text: Text = (key) => (t) => t(key);

const dialog = (name: PageDialogName) => () => openDialog(name);

/** An action of a part of the page that is there now. */
const here = (name: Offer) => ({ isOffered: () => offered(name) !== undefined, run: () => offered(name)?.() });

const isIn = ({ room }: ActionContext) => room !== undefined;

const hasEditor = () => toEditor(false);

/**
 * Every action of the web client. The palette lists all of them, menus those with their name, and the sheet of shortcuts
 * those that have keys. For keys that belong to a place the palette leads to that place.
 */
export const actions: readonly Action[] = [
  {
    id: 'direct',
    label: text('act.direct'),
    words: 'act.directWords',
    icon: MessageCircle,
    isOffered: ({ can }) => can.openDirects,
    run: dialog('direct'),
  },
  { id: 'browse', label: text('act.browse'), words: 'act.browseWords', icon: Compass, run: dialog('browse') },
  {
    id: 'create',
    label: text('act.create'),
    words: 'act.createWords',
    icon: Plus,
    isOffered: ({ can }) => can.createRooms,
    run: dialog('create'),
  },
  { id: 'rooms', label: text('act.rooms'), icon: List, run: () => toRooms() || goToRooms() },
  { id: 'newest', label: text('act.newest'), words: 'act.newestWords', icon: ArrowDownToLine, ...here('newest') },
  {
    id: 'firstUnread',
    label: text('act.firstUnread'),
    words: 'act.firstUnreadWords',
    icon: ArrowDown,
    ...here('firstUnread'),
    isOffered: ({ room }) => (room?.unread ?? 0) > 0,
  },
  { id: 'people', label: text('act.people'), words: 'act.peopleWords', icon: Users, ...here('people') },
  {
    id: 'searchPeople',
    label: text('act.searchPeople'),
    words: 'act.searchPeopleWords',
    icon: Users,
    ...here('searchPeople'),
  },
  { id: 'pins', label: text('act.pins'), words: 'act.pinsWords', icon: Pin, ...here('pins') },
  {
    id: 'favorite',
    label: (t, room) => t(room?.favorite ? 'act.unfavorite' : 'act.favorite'),
    words: 'act.favoriteWords',
    icon: Star,
    menu: 'room',
    isOffered: isIn,
    run: (context) => void toggleFavorite(context),
  },
  {
    id: 'mute',
    label: (t, room) => t(room && isMuted(room) ? 'act.unmute' : 'act.mute'),
    words: 'act.muteWords',
    icon: BellOff,
    menu: 'room',
    isOffered: isIn,
    run: (context) => void toggleMuted(context),
  },
  {
    id: 'move',
    label: text('act.moveToSection'),
    words: 'act.moveToSectionWords',
    icon: FolderInput,
    menu: 'room',
    isOffered: isIn,
    run: ({ room }) => room && openRoomDialog('move', room.id),
  },
  {
    id: 'sections',
    label: text('act.sections'),
    words: 'act.sectionsWords',
    icon: FolderPlus,
    run: dialog('sections'),
  },
  {
    id: 'markRead',
    label: text('act.markRead'),
    words: 'act.markReadWords',
    icon: CheckCheck,
    menu: 'room',
    isOffered: ({ room }) => (room?.unread ?? 0) > 0,
    run: (context) => void markRoomRead(context),
  },
  {
    id: 'details',
    label: text('act.details'),
    words: 'act.detailsWords',
    icon: Info,
    menu: 'room',
    isOffered: isIn,
    run: ({ room }) => room && openRoomDialog('details', room.id),
  },
  {
    id: 'invite',
    label: text('act.invite'),
    words: 'act.inviteWords',
    icon: UserPlus,
    isOffered: ({ room }) => room?.can.invite === true,
    run: ({ room }) => room && openRoomDialog('invite', room.id),
  },
  {
    id: 'copyLink',
    label: text('act.copyLink'),
    words: 'act.copyLinkWords',
    icon: Link,
    menu: 'room',
    isOffered: isIn,
    run: (context) => void copyRoomLink(context),
  },
  {
    id: 'leave',
    label: text('act.leave'),
    words: 'act.leaveWords',
    icon: LogOut,
    menu: 'room',
    isDanger: true,
    isOffered: ({ room }) => room?.can.leave === true,
    run: ({ room }) => room && openRoomDialog('leave', room.id),
  },
  {
    id: 'settings',
    label: text('act.settings'),
    words: 'act.settingsWords',
    icon: Settings,
    keys: { place: 'everywhere', choices: ['settings'] },
    menu: 'user',
    run: ({ go }) => go('/settings'),
  },
  {
    id: 'nickname',
    label: text('session.changeNickname'),
    words: 'settings.nicknameWords',
    icon: PencilLine,
    menu: 'user',
    isOffered: ({ can }) => can.rename,
    run: dialog('nickname'),
  },
  {
    id: 'unsent',
    label: text('unsent.title'),
    words: 'settings.unsentWords',
    icon: FilePen,
    menu: 'user',
    run: dialog('unsent'),
  },
  {
    id: 'blocked',
    label: text('block.list'),
    words: 'settings.blockedWords',
    icon: Ban,
    menu: 'user',
    run: dialog('blocked'),
  },
  ...ownLanguages.map(({ value, label }): Action => ({
    id: `language-${value}`,
    label: (t) => t('act.language', { value: label }),
    words: value === 'ko' ? 'act.koreanWords' : 'act.englishWords',
    icon: Languages,
    run: () => void setLanguage(value),
  })),
  ...themes.map((theme): Action => ({
    id: `theme-${theme}`,
    label: (t) => t('act.theme', { value: t(themeText[theme]) }),
    words: 'settings.themeWords',
    icon: SunMoon,
    run: () => setTheme(theme),
  })),
  {
    id: 'help',
    label: text('act.help'),
    words: 'act.helpWords',
    icon: Keyboard,
    keys: { place: 'everywhere', choices: [['?'], 'help'] },
    menu: 'user',
    run: dialog('shortcuts'),
  },
  {
    id: 'signOut',
    label: text('session.signOut'),
    words: 'settings.signOutWords',
    icon: LogOut,
    menu: 'user',
    isDanger: true,
    isOffered: ({ can }) => can.signOut,
    run: dialog('sign-out'),
  },
  {
    id: 'palette',
    label: text('act.palette'),
    words: 'act.paletteWords',
    icon: Search,
    keys: { place: 'everywhere', choices: ['palette'] },
    run: dialog('palette'),
  },
  {
    id: 'close',
    label: text('act.close'),
    icon: X,
    keys: { place: 'everywhere', choices: [['Esc']] },
    // The palette itself was open.
    run: () => {},
  },
  {
    id: 'send',
    label: text('act.send'),
    icon: SendHorizontal,
    keys: { place: 'writing', choices: [['Enter']] },
    isOffered: isIn,
    run: toComposer,
  },
  {
    id: 'newLine',
    label: text('act.newLine'),
    icon: WrapText,
    keys: { place: 'writing', choices: [['Shift', 'Enter']] },
    isOffered: isIn,
    run: toComposer,
  },
  {
    id: 'editLast',
    label: text('act.editLast'),
    icon: PencilLine,
    keys: { place: 'writing', choices: [['↑']] },
    ...here('editLast'),
  },
  {
    id: 'toMessages',
    label: text('act.toMessages'),
    icon: MessagesSquare,
    keys: { place: 'writing', choices: [['Shift', 'Tab']] },
    isOffered: isIn,
    run: toMessages,
  },
  {
    id: 'above',
    label: text('act.move'),
    icon: MoveVertical,
    keys: { place: 'messages', choices: [['↑'], ['↓']] },
    isOffered: isIn,
    run: toMessages,
  },
  {
    id: 'ends',
    label: text('act.ends'),
    icon: MoveVertical,
    keys: { place: 'messages', choices: [['Home'], ['End']] },
    isOffered: isIn,
    run: toMessages,
  },
  {
    id: 'select',
    label: text('act.select'),
    icon: TextSelect,
    keys: {
      place: 'messages',
      choices: [
        ['Shift', '↑'],
        ['Shift', 'Page Up'],
      ],
    },
    isOffered: isIn,
    run: toMessages,
  },
  {
    id: 'selectAll',
    label: text('act.selectAll'),
    icon: TextSelect,
    keys: { place: 'messages', choices: ['selectAll'] },
    isOffered: isIn,
    run: toMessages,
  },
  {
    id: 'edit',
    label: text('act.edit'),
    icon: PencilLine,
    keys: { place: 'messages', choices: ['edit'] },
    isOffered: isIn,
    run: toMessages,
  },
  {
    id: 'actions',
    label: text('act.actions'),
    icon: MessagesSquare,
    keys: { place: 'messages', choices: [['Tab']] },
    isOffered: isIn,
    run: toMessages,
  },
  {
    id: 'menu',
    label: text('act.menu'),
    icon: Ellipsis,
    keys: { place: 'messages', choices: [['Menu'], ['Shift', 'F10']] },
    isOffered: isIn,
    run: toMessages,
  },
  {
    id: 'toComposer',
    label: text('act.toComposer'),
    icon: PencilLine,
    keys: { place: 'messages', choices: [['Esc']] },
    isOffered: isIn,
    run: toComposer,
  },
  {
    id: 'save',
    label: text('act.save'),
    icon: CheckCheck,
    keys: { place: 'editing', choices: [['Enter']] },
    isOffered: hasEditor,
    run: () => toEditor(),
  },
  {
    id: 'cancel',
    label: text('act.cancel'),
    icon: X,
    keys: { place: 'editing', choices: [['Esc']] },
    isOffered: hasEditor,
    run: () => toEditor(),
  },
  {
    id: 'choose',
    label: text('act.choose'),
    icon: MoveVertical,
    keys: { place: 'lists', choices: [['↑'], ['↓']] },
    run: () => toRooms() || goToRooms(),
  },
  {
    id: 'open',
    label: text('act.open'),
    icon: CornerDownLeft,
    keys: { place: 'lists', choices: [['Enter']] },
    run: () => toRooms() || goToRooms(),
  },
];

/** What the themes are called. */
export const themeText: Record<Theme, ParseKeys> = {
  system: 'session.themeSystem',
  light: 'session.themeLight',
  dark: 'session.themeDark',
  contrast: 'session.themeContrast',
};
