import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const require = createRequire(import.meta.url);

/** Only emoji up to Unicode 15.1: newer ones are boxes on many systems, and Node 20 does not know them. */
const NEWEST_EMOJI = 15.1;

/** Emojibase's group of skin tones and hair: components, not emoji to pick. */
const COMPONENT_GROUP = 2;

interface SourceEmoji {
  emoji: string;
  label: string;
  group?: number;
  order?: number;
  version: number;
  tags?: string[];
}

interface SourceMessages {
  groups: { message: string; order: number }[];
}

/**
 * Serves and builds `emoji/ko.json` and `emoji/en.json`, the part of emojibase's data that the picker needs, so that no
 * CDN is used.
 */
export function emojiData(): Plugin {
  const languages = ['ko', 'en'];
  return {
    name: 'madang-emoji-data',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const language = languages.find((each) => request.url?.split('?')[0]?.endsWith(`/emoji/${each}.json`));
        if (!language) return next();
        response.setHeader('content-type', 'application/json');
        response.end(emojiJson(language));
      });
    },
    generateBundle() {
      for (const language of languages)
        this.emitFile({ type: 'asset', fileName: `emoji/${language}.json`, source: emojiJson(language) });
    },
  };
}

/** One language's emoji in the shape of frimousse's `EmojiData`. */
export function emojiJson(language: string): string {
  const source = readJson(`emojibase-data/${language}/data.json`) as SourceEmoji[];
  const messages = readJson(`emojibase-data/${language}/messages.json`) as SourceMessages;
  const emojis = source
    .filter((each) => each.group !== undefined && each.group !== COMPONENT_GROUP && each.version <= NEWEST_EMOJI)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map(({ emoji, group, label, version, tags }) => ({
      emoji: asRgi(emoji),
      category: group,
      label,
      version,
      tags: tags ?? [],
    }));
  const categories = messages.groups
    .filter((group) => group.order !== COMPONENT_GROUP)
    .map((group) => ({ index: group.order, label: group.message }));
  const skinTones = { light: '', 'medium-light': '', medium: '', 'medium-dark': '', dark: '' };
  return JSON.stringify({ locale: language, emojis, categories, skinTones });
}

const RGI_EMOJI = new RegExp('^\\p{RGI_Emoji}$', 'v');

/**
 * Emojibase adds a variation selector to emoji that need none. Unicode's list, which the protocol goes by, does not.
 */
function asRgi(emoji: string): string {
  return RGI_EMOJI.test(emoji) ? emoji : emoji.replaceAll('\uFE0F', '');
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(require.resolve(name), 'utf8'));
}
