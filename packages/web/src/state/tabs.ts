import type { UserRef } from '@madang/protocol';
import type { UnsentText } from './unsent-text.js';

/** What the tabs of one browser that show this web client tell each other. */
export type TabMessage =
  /** Unsent text was written, perhaps in place of another one, all of which was selected. */
  | { type: 'text.written'; text: UnsentText; replaced?: string }
  /** It was sent, saved or discarded. */
  | { type: 'text.removed'; text: UnsentText }
  /** Whose session the browser has now; null after signing out. */
  | { type: 'session'; user: UserRef | null };

/** The other tabs. They miss messages while they are frozen. */
export interface Tabs {
  tell(message: TabMessage): void;
  hear(listener: (message: TabMessage) => void): void;
}

/** Opens the channel of this page's path: at another one there may be another Madang, with sessions of its own. */
export function openTabs(): Tabs {
  const listeners: ((message: TabMessage) => void)[] = [];
  let channel: BroadcastChannel | undefined;
  try {
    channel = new BroadcastChannel(`madang ${new URL('.', location.href).pathname}`);
    channel.addEventListener('message', ({ data }: MessageEvent<TabMessage>) => {
      for (const listener of listeners) listener(data);
    });
  } catch {
    // Denied, as storage may be: then each tab is on its own.
  }
  return {
    tell: (message) => channel?.postMessage(message),
    hear: (listener) => void listeners.push(listener),
  };
}
